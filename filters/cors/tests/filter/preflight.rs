//! Preflights, answered here or upstream.

use serde_json::{Value, json};

use crate::cases::Lines;
use crate::exchange::{cors, exchange, lines};

const VARY: &str = "vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
const VARY_NETWORK: &str = "vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers, \
                            Access-Control-Request-Private-Network";

fn preflight(origin: &str, method: &str, more: &[(&str, &str)]) -> Lines {
    let asked = [(":method", "OPTIONS"), ("origin", origin), ("access-control-request-method", method)];
    lines(&[&asked, more].concat())
}

fn app(more: Value) -> Value {
    let mut config = json!({"allow_origins": ["https://app.example"], "max_age": "off"});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    config
}

struct Case {
    name: &'static str,
    config: Value,
    origin: &'static str,
    method: &'static str,
    more: &'static [(&'static str, &'static str)],
    /// Without Vary; nothing = refused.
    want: &'static [&'static str],
}

const ACAO: &str = "access-control-allow-origin: https://app.example";

#[test]
fn what_was_asked_for_is_allowed_or_nothing_is_said() {
    const ACRH: &str = "access-control-request-headers";
    let case =
        |name, config, method, more, want| Case { name, config, origin: "https://app.example", method, more, want };
    let headers = || app(json!({"allow_headers": ["X-B", "x-a", "content-type"]}));
    let any = || app(json!({"allow_headers": ["*"], "allow_methods": ["*"]}));
    let cases = [
        case("a method of the defaults", app(json!({})), "POST", &[], &["access-control-allow-methods: POST", ACAO]),
        case(
            "max age",
            app(json!({"max_age": "2h"})),
            "GET",
            &[],
            &["access-control-allow-methods: GET", ACAO, "access-control-max-age: 7200"],
        ),
        case("a method that is not listed", app(json!({})), "PUT", &[], &[]),
        case("methods are case-sensitive", app(json!({"allow_methods": ["PATCH"]})), "patch", &[], &[]),
        case("any method", any(), "PURGE", &[], &["access-control-allow-methods: PURGE", ACAO]),
        case("but none of the forbidden", any(), "Trace", &[], &[]),
        case("nor one that is none", any(), "GET,PUT", &[], &[]),
        case("nor an empty one", any(), "", &[], &[]),
        case("two lines of methods", any(), "GET", &[("access-control-request-method", "PUT")], &[]),
        case(
            "names are lower-cased, sorted, told once",
            headers(),
            "GET",
            &[(ACRH, "X-b,, x-a ,\tX-B")],
            &["access-control-allow-headers: x-a,x-b", "access-control-allow-methods: GET", ACAO],
        ),
        case(
            "over several lines",
            headers(),
            "GET",
            &[(ACRH, "x-a"), (ACRH, " "), (ACRH, "x-b")],
            &["access-control-allow-headers: x-a,x-b", "access-control-allow-methods: GET", ACAO],
        ),
        case("one header that is not listed", headers(), "GET", &[(ACRH, "x-a,x-c")], &[]),
        case("no header is listed", app(json!({})), "GET", &[(ACRH, "x-a")], &[]),
        case(
            "any header is told by name",
            any(),
            "GET",
            &[(ACRH, "authorization,x-any")],
            &["access-control-allow-headers: authorization,x-any", "access-control-allow-methods: GET", ACAO],
        ),
        case("but no name that is none", any(), "GET", &[(ACRH, "x-a,x b")], &[]),
        case("no name with a byte that is not ASCII", any(), "GET", &[(ACRH, "x-\u{fc}")], &[]),
        case(
            "credentials",
            app(json!({"allow_credentials": true})),
            "GET",
            &[],
            &["access-control-allow-credentials: true", "access-control-allow-methods: GET", ACAO],
        ),
        case(
            "nothing is exposed here",
            app(json!({"expose_headers": ["x-a"]})),
            "GET",
            &[],
            &["access-control-allow-methods: GET", ACAO],
        ),
        case(
            "private network, not allowed",
            app(json!({})),
            "GET",
            &[("access-control-request-private-network", "true")],
            &["access-control-allow-methods: GET", ACAO],
        ),
    ];
    for Case { name, config, origin, method, more, want } in cases {
        let answer = exchange(&cors(&config), preflight(origin, method, more), vec![]);
        let code = if want.is_empty() { "preflight_refused" } else { "preflight_allowed" };
        assert_eq!((answer.code, answer.status), (Some(code), 204), "{name}");
        assert_eq!(answer.said(), [want, &[VARY]].concat(), "{name}");
    }
}

#[test]
fn only_allowed_origins_hear_of_the_policy() {
    let config = app(json!({"allow_origin_patterns": ["https://*.app.example"]}));
    for (origin, want) in [
        ("https://app.example", true),
        ("https://x.app.example", true),
        ("https://evil.example", false),
        ("https://app.example, https://x.app.example", false),
        ("null", false),
        ("", false),
    ] {
        let answer = exchange(&cors(&config), preflight(origin, "GET", &[]), vec![]);
        assert_eq!(answer.get("access-control-allow-origin").as_deref(), want.then_some(origin), "{origin}");
        assert_eq!(answer.get("access-control-allow-methods").is_some(), want, "{origin}");
    }
    let twice = preflight("https://app.example", "GET", &[("origin", "https://app.example")]);
    assert_eq!(exchange(&cors(&config), twice, vec![]).said(), [VARY], "two Origin lines are none");
}

#[test]
fn a_wildcard_allows_every_origin() {
    let answer =
        exchange(&cors(&json!({"allow_origins": ["*"]})), preflight("https://any.example", "GET", &[]), vec![]);
    assert_eq!(answer.get("access-control-allow-origin").unwrap(), "*");
}

#[test]
fn private_networks_are_opened_when_asked() {
    let cors = cors(&app(json!({"allow_private_network": true})));
    let asked = [("access-control-request-private-network", "true")];
    let answer = exchange(&cors, preflight("https://app.example", "GET", &asked), vec![]);
    let want = ["access-control-allow-methods: GET", ACAO, "access-control-allow-private-network: true", VARY_NETWORK];
    assert_eq!(answer.said(), want);
    let answer = exchange(&cors, preflight("https://app.example", "GET", &[]), vec![]);
    assert_eq!(answer.said(), ["access-control-allow-methods: GET", ACAO, VARY_NETWORK], "not asked");
    let answer = exchange(&cors, preflight("https://evil.example", "GET", &asked), vec![]);
    assert_eq!(answer.said(), [VARY_NETWORK], "not allowed");
}

#[test]
fn a_preflight_asks_for_a_hundred_headers_at_most() {
    let cors = cors(&app(json!({"allow_headers": ["*"]})));
    let names = |count: usize| (0..count).map(|i| format!("x{i}")).collect::<Vec<_>>().join(",");
    for (count, want) in [(100, true), (101, false), (2000, false)] {
        let names = names(count);
        let asked = [("access-control-request-headers", names.as_str())];
        let answer = exchange(&cors, preflight("https://app.example", "GET", &asked), vec![]);
        assert_eq!(answer.get("access-control-allow-headers").is_some(), want, "{count}");
    }
}

#[test]
fn only_options_with_origin_and_method_is_a_preflight() {
    let cors = cors(&app(json!({})));
    let cases = [
        ("no method asked for", lines(&[(":method", "OPTIONS"), ("origin", "https://app.example")])),
        ("no origin", lines(&[(":method", "OPTIONS"), ("access-control-request-method", "GET")])),
        (
            "another method",
            lines(&[(":method", "GET"), ("origin", "https://app.example"), ("access-control-request-method", "GET")]),
        ),
        (
            "in lower case",
            lines(&[
                (":method", "options"),
                ("origin", "https://app.example"),
                ("access-control-request-method", "GET"),
            ]),
        ),
    ];
    for (name, request) in cases {
        assert_eq!(exchange(&cors, request, vec![]).code, None, "{name}");
    }
}

#[test]
fn the_status_is_the_one_of_the_config() {
    let cors = cors(&app(json!({"preflight_status": 200})));
    assert_eq!(exchange(&cors, preflight("https://app.example", "GET", &[]), vec![]).status, 200);
    assert_eq!(exchange(&cors, preflight("https://evil.example", "GET", &[]), vec![]).status, 200);
}

#[test]
fn a_continued_preflight_gets_the_policys_headers_for_the_upstreams() {
    let config = app(json!({"preflight_continue": true}));
    let upstream =
        || lines(&[("access-control-allow-origin", "*"), ("Access-Control-Allow-Methods", "DELETE"), ("vary", "x")]);
    let answer = exchange(&cors(&config), preflight("https://app.example", "GET", &[]), upstream());
    let vary = "vary: x, Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
    assert_eq!(
        (answer.code, answer.said()),
        (None, vec!["access-control-allow-methods: GET".into(), ACAO.into(), vary.into()])
    );
    let answer = exchange(&cors(&config), preflight("https://evil.example", "GET", &[]), upstream());
    assert_eq!((answer.code, answer.said()), (None, vec![vary.into()]));

    let config = app(json!({"preflight_continue": true, "on_disallowed_origin": "reject"}));
    let answer = exchange(&cors(&config), preflight("https://evil.example", "GET", &[]), upstream());
    assert_eq!(
        (answer.code, answer.status),
        (Some("origin_not_allowed"), 403),
        "nothing of theirs reaches the upstream"
    );
}
