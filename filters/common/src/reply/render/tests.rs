use std::time::Duration;

use super::{Rendered, ReplyContext, render};
use crate::config::ConfigErrors;
use crate::reply::{ErrorFormat, ErrorOverride, Grpc, LocalReply, OverrideBody, ReplyPolicy, is_field_value, may_set};
use crate::template::{Json, Template};
use proptest::prelude::*;
use serde_json::{Value, json};

fn template(words: &str) -> Template {
    Template::compile(words).unwrap()
}

fn json_template(value: Value) -> Json {
    deserr::deserialize::<Json, _, ConfigErrors>(value).unwrap()
}

fn limited() -> LocalReply {
    LocalReply::new(429, "rate_limited", "100 % used.")
        .header("ratelimit", "\"a\";r=0")
        .retry_after(Duration::from_secs(7))
}

fn plain(reply: &LocalReply) -> Rendered {
    render(reply.clone(), &ReplyPolicy::default(), &ReplyContext::default())
}

fn overriding(code: &str, entry: ErrorOverride) -> ReplyPolicy {
    ReplyPolicy { overrides: [(code.to_owned(), entry)].into(), ..ReplyPolicy::default() }
}

/// Name and value of every header, as text, in order.
fn headers(reply: &Rendered) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    reply.headers.iter().map(|(name, value)| format!("{}: {}", text(name), text(value))).collect()
}

#[test]
fn a_refusal() {
    let reply = plain(&limited());
    assert_eq!((reply.status, reply.grpc_status, reply.details), (429, None, "rate_limited"));
    assert_eq!(
        headers(&reply),
        ["ratelimit: \"a\";r=0", "retry-after: 7", "content-type: application/problem+json", "cache-control: no-store"]
    );
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(body["code"], "rate_limited");
}

#[test]
fn no_store_on_four_statuses() {
    for status in 200..600 {
        let reply = plain(&LocalReply::new(status, "c", ""));
        let found = headers(&reply).contains(&"cache-control: no-store".to_owned());
        assert_eq!(found, [401, 403, 429, 503].contains(&status), "{status}");
    }
    let own = LocalReply::new(403, "c", "").header("cache-control", "max-age=1");
    assert_eq!(headers(&plain(&own)).iter().filter(|line| line.starts_with("cache-control")).count(), 1);
}

#[test]
fn bodies_are_left_out_where_they_may_not_be() {
    for status in [204, 205, 304] {
        let reply = plain(&LocalReply::new(status, "c", "words").body("text/html", "<p>"));
        assert_eq!((reply.body.len(), headers(&reply)), (0, vec![]), "{status}");
    }
    let preflight = LocalReply::new(200, "preflight", "").header("vary", "Origin").no_body();
    let reply = plain(&preflight);
    assert_eq!((reply.body.len(), headers(&reply)), (0, vec!["vary: Origin".to_owned()]));
}

#[test]
fn an_explicit_body_is_sent_in_any_format() {
    for format in [ErrorFormat::ProblemJson, ErrorFormat::Json, ErrorFormat::Text] {
        let policy = ReplyPolicy { format, ..ReplyPolicy::default() };
        let reply = LocalReply::new(200, "health", "").body("application/json", r#"{"status":"healthy"}"#);
        let reply = render(reply, &policy, &ReplyContext::default());
        assert_eq!(headers(&reply), ["content-type: application/json"]);
        assert_eq!(reply.body, br#"{"status":"healthy"}"#);
    }
}

#[test]
fn only_a_valid_id_is_written_into_a_body() {
    let cases: [(&[u8], Option<&str>); 5] = [
        (b"919108f7-52d1-4320", Some("919108f7-52d1-4320")),
        (b"short", None),
        (b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8", None),
        (b"quote\"},{\"quote", None),
        (b"line\r\nline", None),
    ];
    for (id, want) in cases {
        let context = ReplyContext { correlation_id: Some(id), ..ReplyContext::default() };
        let reply = render(limited(), &ReplyPolicy::default(), &context);
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(body.get("correlation_id"), want.map(|id| json!(id)).as_ref(), "{}", id.escape_ascii());
    }
}

#[test]
fn the_id_is_asked_for_where_a_body_shows_it() {
    let with = |body: Option<OverrideBody>| {
        overriding("rate_limited", ErrorOverride { status: Some(400), body, ..ErrorOverride::default() })
    };
    let text = ReplyPolicy { format: ErrorFormat::Text, ..ReplyPolicy::default() };
    let cases = [
        (limited(), ReplyPolicy::default(), true),
        (limited(), ReplyPolicy { format: ErrorFormat::Json, ..ReplyPolicy::default() }, true),
        (limited(), text, false),
        (limited(), with(None), true),
        (limited(), with(Some(OverrideBody::Text(template("Enough.")))), false),
        (limited().no_body(), ReplyPolicy::default(), false),
        (limited().body("text/html", "<p>"), ReplyPolicy::default(), false),
    ];
    for (reply, policy, want) in cases {
        assert_eq!(policy.shows_id(&reply), want, "{reply:?} {policy:?}");
        let context = ReplyContext { correlation_id: Some(b"919108f7-52d1-4320"), ..ReplyContext::default() };
        let found = render(reply, &policy, &context);
        assert_eq!(found.body.windows(8).any(|part| part == b"919108f7"), want, "{policy:?}");
    }
}

#[test]
fn native_grpc_gets_the_message_and_a_status() {
    let context = ReplyContext { grpc: Grpc::Native, ..ReplyContext::default() };
    let cases = [
        (limited(), ReplyPolicy::default(), 8, "100 % used."),
        (limited().grpc(14), ReplyPolicy::default(), 14, "100 % used."),
        (limited().body("text/html", "<p>"), ReplyPolicy::default(), 8, "100 % used."),
        (
            limited().grpc(14),
            overriding("rate_limited", ErrorOverride { status: Some(404), ..ErrorOverride::default() }),
            5,
            "100 % used.",
        ),
        (
            limited(),
            overriding(
                "rate_limited",
                ErrorOverride { body: Some(OverrideBody::Text(template("Enough."))), ..ErrorOverride::default() },
            ),
            8,
            "Enough.",
        ),
        (
            limited(),
            overriding(
                "rate_limited",
                ErrorOverride {
                    body: Some(OverrideBody::Json(json_template(json!({"a": 1})))),
                    ..ErrorOverride::default()
                },
            ),
            8,
            "100 % used.",
        ),
    ];
    for (reply, policy, status, message) in cases {
        let found = render(reply.clone(), &policy, &context);
        assert_eq!(found.grpc_status, Some(status), "{reply:?}");
        assert_eq!(found.body, message.as_bytes(), "{reply:?}");
        assert!(!headers(&found).iter().any(|line| line.starts_with("grpc-")), "{reply:?}");
    }
}

#[test]
fn grpc_web_gets_http_and_headers() {
    let context = ReplyContext { grpc: Grpc::Web, ..ReplyContext::default() };
    let reply = render(limited(), &ReplyPolicy::default(), &context);
    assert_eq!((reply.status, reply.grpc_status), (429, None));
    let lines = headers(&reply);
    assert!(lines.contains(&"grpc-status: 8".to_owned()), "{lines:?}");
    assert!(lines.contains(&"grpc-message: 100 %25 used.".to_owned()), "{lines:?}");
    assert_eq!(serde_json::from_slice::<Value>(&reply.body).unwrap()["status"], 429);
}

#[test]
fn an_override_replaces_status_headers_and_body() {
    let entry = ErrorOverride {
        status: Some(503),
        headers: vec![
            ("Retry-After".to_owned(), "60".to_owned()),
            ("x-why".to_owned(), "one".to_owned()),
            ("x-why".to_owned(), "two".to_owned()),
            ("x-evil".to_owned(), "a\r\nb: c".to_owned()),
            ("content-length".to_owned(), "3".to_owned()),
            (":status".to_owned(), "200".to_owned()),
        ],
        body: Some(OverrideBody::Json(json_template(json!({"error": "busy \"now\"", "id": "${request_id}"})))),
    };
    let reply = render(limited(), &overriding("rate_limited", entry.clone()), &ReplyContext::default());
    assert_eq!((reply.status, reply.details), (503, "rate_limited"));
    assert_eq!(
        headers(&reply),
        [
            "ratelimit: \"a\";r=0",
            "retry-after: 60",
            "x-why: one",
            "x-why: two",
            "content-type: application/json",
            "cache-control: no-store",
        ]
    );
    // Nothing fills templates here.
    assert_eq!(reply.body, br#"{"error":"busy \"now\"","id":"${request_id}"}"#);

    let other = render(limited(), &overriding("other_code", entry), &ReplyContext::default());
    assert_eq!(other, plain(&limited()));
}

#[test]
fn an_override_is_rendered_by_the_same_rules() {
    struct Case {
        name: &'static str,
        entry: ErrorOverride,
        status: u16,
        body: &'static str,
        content_type: Option<&'static str>,
    }
    let text = |words: &str| Some(OverrideBody::Text(template(words)));
    let cases = [
        Case {
            name: "a status without a body",
            entry: ErrorOverride { status: Some(204), body: text("words"), ..ErrorOverride::default() },
            status: 204,
            body: "",
            content_type: None,
        },
        Case {
            name: "a status that is none",
            entry: ErrorOverride { status: Some(99), body: text("words"), ..ErrorOverride::default() },
            status: 500,
            body: "words",
            content_type: Some("content-type: text/plain; charset=utf-8"),
        },
        Case {
            name: "its own content type",
            entry: ErrorOverride {
                headers: vec![("content-type".to_owned(), "text/html".to_owned())],
                body: text("<p>"),
                ..ErrorOverride::default()
            },
            status: 429,
            body: "<p>",
            content_type: Some("content-type: text/html"),
        },
        Case {
            name: "a content type without a body",
            entry: ErrorOverride {
                status: Some(304),
                headers: vec![("content-type".to_owned(), "text/html".to_owned())],
                body: None,
            },
            status: 304,
            body: "",
            content_type: None,
        },
    ];
    for Case { name, entry, status, body, content_type } in cases {
        let reply = render(limited(), &overriding("rate_limited", entry), &ReplyContext::default());
        assert_eq!((reply.status, reply.body.as_slice()), (status, body.as_bytes()), "{name}");
        let lines = headers(&reply);
        let found: Vec<&str> =
            lines.iter().map(String::as_str).filter(|line| line.starts_with("content-type")).collect();
        assert_eq!(found, Vec::from_iter(content_type), "{name}");
    }
}

#[test]
fn templates_are_filled_when_somebody_fills_them() {
    let entry =
        ErrorOverride { body: Some(OverrideBody::Text(template("id ${request_id}"))), ..ErrorOverride::default() };
    let policy = overriding("rate_limited", entry);
    let expand = |words: &Template| words.as_written().replace("${request_id}", "r%1");
    for (grpc, want) in [(Grpc::No, "id r%1"), (Grpc::Native, "id r%1"), (Grpc::Web, "id r%1")] {
        let context = ReplyContext { grpc, expand: &expand, ..ReplyContext::default() };
        let reply = render(limited(), &policy, &context);
        assert_eq!(reply.body, want.as_bytes(), "{grpc:?}");
        let encoded = headers(&reply).contains(&"grpc-message: id r%251".to_owned());
        assert_eq!(encoded, grpc == Grpc::Web, "{grpc:?}");
    }
}

proptest! {
    /// Whatever configuration and request bring, the host is given a reply it can send.
    #[test]
    fn a_rendered_reply_can_be_sent(
        status: u16,
        message: String,
        value: Vec<u8>,
        new_status: Option<u16>,
        overrides in proptest::collection::vec(any::<(String, String)>(), 0..4),
        words in proptest::option::of("[^$]*"),
        id: Option<Vec<u8>>,
        grpc in prop_oneof![Just(Grpc::No), Just(Grpc::Native), Just(Grpc::Web)],
    ) {
        let entry = ErrorOverride { status: new_status, headers: overrides, body: words.map(|words| OverrideBody::Text(template(&words))) };
        let context = ReplyContext { grpc, correlation_id: id.as_deref(), ..ReplyContext::default() };
        let reply = LocalReply::new(status, "code", message).header("x-value", value);
        let reply = render(reply, &overriding("code", entry), &context);
        prop_assert!((200..=599).contains(&reply.status));
        for (name, value) in &reply.headers {
            prop_assert!(may_set(name), "{}", name.escape_ascii());
            prop_assert!(is_field_value(value), "{}", value.escape_ascii());
        }
        prop_assert_eq!(reply.grpc_status.is_some(), grpc == Grpc::Native);
    }
}
