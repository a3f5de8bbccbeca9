use serde_json::json;

use super::*;
use crate::facts::fake::FakeHost;
use crate::settings::Settings;

fn filled(host: &FakeHost, template: &str) -> Option<String> {
    let template = Template::compile(template).unwrap();
    host.ask(&Settings::default(), |head, cx| {
        let scope = Scope::new(head, cx);
        template.fill(|source| scope.value(source)).ok().map(|bytes| bytes.escape_ascii().to_string())
    })
}

fn host() -> FakeHost {
    let fields: &[(&str, &[u8])] = &[
        (":authority", b"api.example.com"),
        (":path", b"/users//a%20b/..%2fc?q=1+2&q=3&empty=&caf%C3%A9=%ff"),
        ("x-tenant", b"acme"),
        ("x-tenant", b"evil"),
        ("x-template", b"${header.authorization}"),
        ("x-bytes", b"\xff\r\n"),
        ("authorization", b"secret"),
        ("cookie", b"a=1; sid=\"s p\""),
        ("cookie", b"b=2"),
    ];
    FakeHost::new(fields)
        .property("sluicegate.consumer", Ok("1\nada\np1\ngold\n0"))
        .property("sluicegate.claims", Ok(r#"{"id":7,"name":"Zoë","roles":["a","b"],"gone":null,"on":true,"big":9007199254740993,"half":1.5,"huge":36893488147419103232,"a/b":"x"}"#))
        .property("source.address", Ok("127.0.0.1:99"))
        .property("request", Err(crate::proxy::Status::SerializationFailure))
}

#[test]
fn values() {
    let cases = [
        ("plain", Some("plain")),
        ("", Some("")),
        ("<${header.x-tenant}>", Some("<acme>")),
        ("${header.X-Tenant}-${header.x-tenant}", Some("acme-acme")),
        ("${header.host}", Some("api.example.com")),
        ("${header.x-template}", Some("${header.authorization}")),
        ("${header.x-bytes}", Some(r"\xff\r\n")),
        ("${header.x-absent}", None),
        ("${query.q}", Some("1 2")),
        ("${query.empty}", Some("")),
        ("${query.café}", Some(r"\xff")),
        ("${query.absent}", None),
        ("${cookie.sid}${cookie.b}", Some("s p2")),
        ("${cookie.absent}", None),
        ("${path.segment.1}", Some("users")),
        ("${claim./id} ${claim./name} ${claim./on} ${claim./a~1b}", Some(r"7 Zo\xc3\xab true x")),
        ("${claim./roles}", Some(r#"[\"a\",\"b\"]"#)),
        ("${claim./gone}", None),
        ("${claim./absent}", None),
        ("${claim./big}${claim./huge}", None),
        ("${claim./big} ${claim./half}", Some("9007199254740993 1.5")),
        ("${consumer.id}", Some("ada")),
        ("${request_id}", None),
        ("${uuid}", Some("01020304-0506-4708-890a-0b0c0d0e0f10")),
        ("${now}", Some("1970-01-01T00:00:00.000Z")),
        ("${property.source.address}", Some("127.0.0.1:99")),
        ("${property.absent}", None),
        ("${property.request}", None),
        ("$${header.x-tenant}", Some("${header.x-tenant}")),
        ("$${${header.x-tenant}}", Some("${acme}")),
        ("$$${header.x-tenant}", Some("$${header.x-tenant}")),
        ("$ $$ $1 ${now}", Some("$ $$ $1 1970-01-01T00:00:00.000Z")),
    ];
    for (template, want) in cases {
        assert_eq!(filled(&host(), template).as_deref(), want, "{template}");
    }
}

#[test]
fn segments_of_the_path() {
    let cases = [
        ("/a/b%20c/", [Some("a"), Some("b c"), None]),
        ("/", [None, None, None]),
        ("//a//b", [Some("a"), Some("b"), None]),
        ("*", [None, None, None]),
        ("/a;x/b", [Some("a;x"), Some("b"), None]), // Ambiguous, and not refused: as it was sent.
    ];
    for (path, want) in cases {
        let host = FakeHost::new(&[(":path", path)]);
        let found = [1, 2, 3].map(|number| filled(&host, &format!("${{path.segment.{number}}}")));
        assert_eq!(found, want.map(|segment| segment.map(str::to_owned)), "{path}");
    }
}

#[test]
fn templates_that_are_refused() {
    let cases = [
        ("${header.x", r#""${" without a "}" ("$${" is a literal one)"#),
        ("${headr.x}", r#"unknown source "headr.x", did you mean "header.<name>"?"#),
        ("${}", r#"unknown source "", there are header.<name>"#),
        ("${header.a b}", r#"expected a header name, found "a b""#),
        ("${header.:path}", r#"expected a header name, found ":path""#),
        ("${${header.x}}", "a template does not stand inside another"),
        ("${query.${header.x}}", "a template does not stand inside another"),
        ("${query.}", r#"unknown source "query.""#),
        ("${path.segment.0}", "expected \"path.segment.1\""),
        ("${path.segment.+1}", "expected \"path.segment.1\""),
        ("${path.segment.01}", "expected \"path.segment.1\""),
        ("${now.}", "unknown source \"now.\""),
        ("${path}", "expected \"path.segment.1\""),
        ("${claim.id}", "expected a JSON Pointer"),
        ("${consumer.name}", "unknown source \"consumer.name\", did you mean \"consumer.id\"?"),
        ("${now}x${now.y}", "unknown source \"now.y\""),
        ("${property.a..b}", "unknown source \"property.a..b\""),
        ("${UUID}", "unknown source \"UUID\""),
    ];
    for (template, want) in cases {
        let error = Template::compile(template).unwrap_err();
        assert!(error.starts_with(want), "{template}: {error}");
    }
}

#[test]
fn json_is_filled_in_its_strings() {
    let json: Json = deserr::deserialize::<_, _, crate::config::ConfigErrors>(
        json!({"${now}": ["${header.x-template}", 1, null, {"deep": "${header.absent}|${query.q}"}]}),
    )
    .unwrap();
    let value = host().ask(&Settings::default(), |head, cx| {
        let scope = Scope::new(head, cx);
        json.fill(&|template| template.to_text(&scope))
    });
    assert_eq!(value, json!({"${now}": ["${header.authorization}", 1, null, {"deep": "|1 2"}]}));
    let errors = deserr::deserialize::<Json, _, crate::config::ConfigErrors>(json!([{"a": "${x}"}, "${"])).unwrap_err();
    let paths: Vec<&str> = errors.iter().map(|error| error.path()).collect();
    assert_eq!(paths, ["[0].a", "[1]"]);
}
