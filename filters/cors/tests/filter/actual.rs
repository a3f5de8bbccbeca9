//! Actual requests and what their answers say.

use serde_json::{Value, json};
use sluicegate_common::filter::Filter;

use crate::cases::Lines;
use crate::exchange::{cors, decorate, exchange, lines};

const APP: &str = "https://app.example";
const EVIL: &str = "https://evil.example";

fn get(origin: &str) -> Lines {
    lines(&[(":method", "GET"), ("origin", origin)])
}

fn app(more: Value) -> Value {
    let mut config = json!({"allow_origins": [APP]});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    config
}

#[test]
fn an_answer_says_who_may_read_it() {
    let acao = "access-control-allow-origin: https://app.example";
    let acac = "access-control-allow-credentials: true";
    let vary = "vary: Origin";
    let star = "access-control-allow-origin: *";
    let all = || json!({"allow_origins": ["*"]});
    let cases: [(&str, Value, Lines, &[&str]); 12] = [
        ("allowed", app(json!({})), get(APP), &[acao, vary]),
        ("another origin", app(json!({})), get(EVIL), &[vary]),
        ("no origin", app(json!({})), lines(&[(":method", "GET")]), &[vary]),
        ("an origin joined by the host", app(json!({})), get("https://app.example,https://app.example"), &[vary]),
        ("credentials", app(json!({"allow_credentials": true})), get(APP), &[acac, acao, vary]),
        ("credentials of another origin", app(json!({"allow_credentials": true})), get(EVIL), &[vary]),
        ("null", app(json!({"allow_null_origin": true})), get("null"), &["access-control-allow-origin: null", vary]),
        ("everyone", all(), get(EVIL), &[star]),
        ("everyone, and nobody asked", all(), lines(&[(":method", "GET")]), &[star]),
        (
            "exposed",
            app(json!({"expose_headers": ["X-B", "x-a"]})),
            get(APP),
            &[acao, "access-control-expose-headers: x-a, x-b", vary],
        ),
        ("exposed to nobody", app(json!({"expose_headers": ["x-a"]})), get(EVIL), &[vary]),
        (
            "timing",
            app(json!({"timing_allow_origins": [APP, EVIL]})),
            get("https://other.example"),
            &["timing-allow-origin: https://app.example, https://evil.example", vary],
        ),
    ];
    for (name, config, request, want) in cases {
        let answer = exchange(&cors(&config), request, vec![]);
        assert_eq!(
            (answer.code, answer.said()),
            (None, want.iter().map(|line| (*line).to_owned()).collect()),
            "{name}"
        );
    }
}

#[test]
fn what_the_upstream_says_about_cors_is_replaced() {
    let upstream = || {
        lines(&[
            ("Access-Control-Allow-Origin", "*"),
            ("access-control-allow-origin", "https://evil.example"),
            ("access-control-allow-credentials", "true"),
            ("ACCESS-CONTROL-EXPOSE-HEADERS", "*"),
            ("access-control-max-age", "9"),
            ("access-control-allow-something-new", "yes"),
            ("timing-allow-origin", "*"),
            ("x-other", "1"),
        ])
    };
    let answer = exchange(&cors(&app(json!({}))), get(EVIL), upstream());
    assert_eq!(answer.said(), ["timing-allow-origin: *", "vary: Origin"]);
    assert_eq!(answer.get("x-other").unwrap(), "1");
    let answer = exchange(&cors(&app(json!({}))), get(APP), upstream());
    assert_eq!(answer.values("access-control-allow-origin"), [APP]);
    assert_eq!(answer.get("access-control-expose-headers"), None);
    let answer = exchange(&cors(&app(json!({}))), lines(&[(":method", "GET")]), upstream());
    assert_eq!(answer.said(), ["timing-allow-origin: *", "vary: Origin"], "also without an Origin");
}

#[test]
fn a_name_that_cannot_be_removed_keeps_nothing_else_in_place() {
    let upstream = lines(&[("access-control-\u{e9}", "x"), ("access-control-allow-origin", "*"), ("vary", "accept")]);
    for (origin, want) in [(EVIL, None), (APP, Some(APP))] {
        let answer = exchange(&cors(&app(json!({}))), get(origin), upstream.clone());
        assert_eq!(answer.values("access-control-allow-origin"), want.into_iter().collect::<Vec<_>>(), "{origin}");
        assert_eq!(answer.values("vary"), ["accept, Origin"], "{origin}");
    }
}

#[test]
fn everything_is_exposed_by_a_star_or_by_its_names() {
    let upstream = || lines(&[("X-B", "1"), ("x-a", "2"), ("x-a", "3"), ("access-control-max-age", "1")]);
    let answer = exchange(&cors(&app(json!({"expose_headers": ["*"]}))), get(APP), upstream());
    assert_eq!(answer.get("access-control-expose-headers").unwrap(), "*");
    let config = app(json!({"expose_headers": ["*"], "allow_credentials": true}));
    let answer = exchange(&cors(&config), get(APP), upstream());
    assert_eq!(answer.get("access-control-expose-headers").unwrap(), "x-a, x-b");
}

#[test]
fn a_foreign_origin_is_rejected_and_the_own_one_never() {
    let config = app(json!({"on_disallowed_origin": "reject"}));
    let at = |fields: &[(&str, &str)]| {
        let own = [(":method", "POST"), (":scheme", "http"), (":authority", "api.example")];
        lines(&[&own, fields].concat())
    };
    let cases = [
        ("allowed", at(&[("origin", APP)]), false),
        ("no origin", at(&[]), false),
        ("foreign", at(&[("origin", EVIL)]), true),
        ("null", at(&[("origin", "null")]), true),
        ("two origins, joined by the host", at(&[("origin", "http://api.example,http://api.example")]), true),
        ("not UTF-8", [at(&[]), vec![("origin".into(), b"\xff".to_vec())]].concat(), true),
        ("the site itself", at(&[("origin", "http://api.example")]), false),
        ("the site by another scheme", at(&[("origin", "https://api.example")]), true),
        ("behind TLS", at(&[("origin", "https://api.example"), ("x-forwarded-proto", "https")]), false),
        ("behind two proxies", at(&[("origin", "https://api.example"), ("x-forwarded-proto", "HTTPS, http")]), false),
        ("another port", at(&[("origin", "http://api.example:81")]), true),
        ("host with its default port", at(&[("origin", "http://api.example"), ("host", "API.example:80")]), false),
        ("host with a dot at its end", at(&[("origin", "http://api.example."), ("host", "api.example.")]), false),
        ("a host that is none", at(&[("origin", "http://api.example"), ("host", "api.example/")]), true),
        ("as the browser says", at(&[("origin", "https://api.example"), ("sec-fetch-site", "same-origin")]), false),
        ("a page that hides its origin", at(&[("origin", "null"), ("sec-fetch-site", "same-origin")]), false),
        (
            "same site is not same origin",
            at(&[("origin", "https://x.api.example"), ("sec-fetch-site", "same-site")]),
            true,
        ),
        ("OPTIONS", lines(&[(":method", "OPTIONS"), ("origin", EVIL)]), true),
    ];
    for (name, request, rejected) in cases {
        let answer = exchange(&cors(&config), request.clone(), vec![]);
        assert_eq!(answer.status, if rejected { 403 } else { 200 }, "{name}");
        assert_eq!(answer.code, rejected.then_some("origin_not_allowed"), "{name}");
        assert_eq!(answer.values("vary"), ["Origin"], "{name}");
        assert_eq!(exchange(&cors(&app(json!({}))), request, vec![]).code, None, "{name}, forwarded");
    }
}

#[test]
fn an_answer_given_before_the_request_got_here_is_decorated_as_far_as_the_host_tells() {
    let cors = cors(&app(json!({})));
    assert!(cors.needs().decorate, "or no host would call it");
    let said = |origin: Option<&[u8]>| decorate(&cors, origin, vec![]).said();
    assert_eq!(said(Some(APP.as_bytes())), ["access-control-allow-origin: https://app.example", "vary: Origin"]);
    assert_eq!(said(Some(b"https://app.example,https://app.example")), ["vary: Origin"]);
    assert_eq!(said(None), ["vary: Origin"]);
}
