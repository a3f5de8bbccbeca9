//! What each part reads.

use super::*;

/// The property as auth sets it: consumer, credential, groups, anonymous.
fn identity(id: &str, credential: &str, groups: &str, anonymous: u8) -> String {
    format!("1\n{id}\n{credential}\n{groups}\n{anonymous}")
}

fn envoy(identity: String) -> FakeHost {
    FakeHost::default().property("sluicegate.consumer", identity)
}

fn claims(json: &str) -> FakeHost {
    FakeHost::default().property("sluicegate.claims", json)
}

fn target(path: &str) -> FakeHost {
    FakeHost::default().field(":path", path)
}

fn field(name: &str, value: &str) -> FakeHost {
    FakeHost::default().field(name, value)
}

/// The bytes of the only part.
fn value(part: &str, host: &FakeHost) -> Option<(u8, Vec<u8>)> {
    match extract(&key(json!([part]), OnMissingKey::Skip), host) {
        Extracted::Key(bytes) => {
            let (length, value) = bytes[1..].split_first_chunk::<2>().unwrap();
            assert_eq!(usize::from(u16::from_be_bytes(*length)), value.len(), "{part}");
            Some((bytes[0], value.to_vec()))
        }
        Extracted::Skip => None,
        Extracted::Deny => panic!("{part}"),
    }
}

#[test]
fn each_part_has_its_value() {
    use Kind::*;
    struct Case {
        part: &'static str,
        given: FakeHost,
        want: Option<(Kind, &'static [u8])>,
    }
    let case = |part, given, want| Case { part, given, want };
    let some = |kind, value: &'static str| Some((kind, value.as_bytes()));
    let prefix = Some((Address, &[0x20, 1, 0xd, 0xb8, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0][..]));
    let address = || FakeHost::default().property("source.address", "192.0.2.1");
    let member = || envoy(identity("partner", "p1", "gold,beta,gold", 0));
    let in_kong = FakeHost::default().property("wasmx.sluicegate_consumer", identity("partner", "p1", "", 0));
    let cases = [
        case("ip", FakeHost::default().from("192.0.2.1"), Some((Address, &[192, 0, 2, 1]))),
        case("ip", address(), Some((Address, &[192, 0, 2, 1]))),
        case("ip", address().field("x-forwarded-for", "6.6.6.6"), Some((Address, &[192, 0, 2, 1]))),
        case("ip", FakeHost::default().from("2001:db8:1:2:3:4:5:6"), prefix),
        case("ip", FakeHost::default().from("2001:db8:1:2::7"), prefix),
        case("ip", FakeHost::default().from("::ffff:192.0.2.1"), Some((Address, &[192, 0, 2, 1]))),
        case("ip", FakeHost::default().property("source.address", "/run/envoy.sock"), None),
        case("ip", FakeHost::default(), None),
        case("consumer", member(), some(Consumer, "partner")),
        case("consumer", in_kong.clone(), some(Consumer, "partner")),
        case("consumer", field("x-consumer-id", "partner"), None),
        case("consumer", envoy(identity("guest", "", "", 1)), None),
        case("consumer", envoy("partner".to_owned()), None),
        case("credential", member(), some(Credential, "p1")),
        case("credential", in_kong.clone(), some(Credential, "p1")),
        case("credential", field("x-credential-id", "p1"), None),
        case("credential", envoy(identity("partner", "", "", 0)), None),
        case("credential", envoy(identity("guest", "p1", "", 1)), None),
        case("group", member(), some(Groups, "beta,gold")),
        case("group", envoy(identity("partner", "", "beta,gold", 0)), some(Groups, "beta,gold")),
        case("group", envoy(identity("partner", "", "gold", 0)), some(Groups, "gold")),
        case("group", in_kong, None),
        case("group", envoy(identity("guest", "", "gold", 1)), None),
        case("group", field("x-consumer-groups", "gold"), None),
        case("claim:/sub", claims(r#"{"sub": "alice"}"#), some(ClaimString, "alice")),
        case("claim:/n", claims(r#"{"n": 42}"#), some(ClaimNumber, "42")),
        case("claim:/n", claims(r#"{"n": "42"}"#), some(ClaimString, "42")),
        case("claim:/n", claims(r#"{"n": -1.5}"#), some(ClaimNumber, "-1.5")),
        case("claim:/b", claims(r#"{"b": true}"#), Some((ClaimBool, &[1]))),
        case("claim:/b", claims(r#"{"b": false}"#), Some((ClaimBool, &[0]))),
        case("claim:/b", claims(r#"{"b": "true"}"#), some(ClaimString, "true")),
        case("claim:/a/0/x", claims(r#"{"a": [{"x": "y"}]}"#), some(ClaimString, "y")),
        case("claim:/a", claims(r#"{"a": ["y"]}"#), None),
        case("claim:/a", claims(r#"{"a": {}}"#), None),
        case("claim:/a", claims(r#"{"a": null}"#), None),
        case("claim:/a", claims(r#"{"a": ""}"#), None),
        case("claim:/a", claims("{}"), None),
        case("claim:/a", claims("[]"), None),
        case("claim:/a", claims(r#"{"a":"#), None),
        case("claim:/a", FakeHost::default(), None),
        case(
            "claim:/a",
            FakeHost::default().property("wasmx.sluicegate_claims", r#"{"a":"b"}"#),
            some(ClaimString, "b"),
        ),
        case("header:X-Plan", field("x-plan", "Gold"), some(Header, "Gold")),
        case("header:x-plan", field("X-Plan", "Gold"), some(Header, "Gold")),
        case("header:x-plan", field("x-plan", "a, b"), some(Header, "a, b")),
        case("header:x-plan", FakeHost::default().field("x-plan", [0xff, 0]), Some((Header, &[0xff, 0]))),
        case("header:x-plan", field("x-plan", "a").field("x-plan", "a"), None),
        case("header:x-plan", field("x-plan", "a").field("x-plan", ""), None),
        case("header:x-plan", field("x-plan", ""), None),
        case("header:x-plan", field("x-planet", "a"), None),
        case("query:q", target("/?q=%41+b&r=c"), some(Parameter, "A b")),
        case("query:a b", target("/?a+b=c"), some(Parameter, "c")),
        case("query:q", target("/?q=a&q=a"), None),
        case("query:q", target("/?q=a&%71=b"), None),
        case("query:q", target("/?q="), None),
        case("query:q", target("/?Q=a"), None),
        case("query:q", target("/q=a"), None),
        case("cookie:sid", field("cookie", "a=b; sid=\"x y\""), some(Cookie, "x y")),
        case("cookie:sid", field("cookie", "sid=1").field("cookie", "sid=2"), None),
        case("cookie:sid", field("cookie", "sid="), None),
        case("cookie:sid", field("cookie", "SID=1"), None),
        case("path", target("/A//./%42?x=1"), some(Path, "/a/b")),
        case("path", target("/"), some(Path, "/")),
        case("path", target(""), some(Path, "/")),
        case("path", target("*"), some(Path, "*")),
        case("path", target("/a;x"), None),
        case("path", target("/a/../b"), None),
        case("path", target("/a%2fb"), None),
        case("path_template", target("/users/1"), None),
        case("method", field(":method", "POST"), some(Method, "POST")),
        case("method", field(":method", "post"), some(Method, "post")),
        case("method", FakeHost::default(), None),
        case("host", field(":authority", "API.Example.com:8080"), some(Host, "api.example.com")),
        case("host", field("host", "a.example."), some(Host, "a.example")),
        case("host", field(":authority", "kong").field("host", "a.example"), some(Host, "a.example")),
        case("host", field(":authority", "[2001:DB8::1]:80"), some(Host, "[2001:db8::1]")),
        case("host", field(":authority", ":80"), None),
        case("host", FakeHost::default(), None),
        case("route", FakeHost::default().property("xds.route_name", "Users"), some(Route, "Users")),
        case("route", FakeHost::default().property("xds.route_name", ""), None),
        case("route", FakeHost::default(), None),
        case("const:all", FakeHost::default(), some(Const, "all")),
    ];
    for Case { part, given, want } in cases {
        let want = want.map(|(kind, value)| (kind as u8, value.to_vec()));
        assert_eq!(value(part, &given), want, "{part} of {given:?}");
    }
}

#[test]
fn a_value_counts_by_its_beginning() {
    let long = |length: usize, end: &str| field("a", &("x".repeat(length) + end));
    let header = |host: &FakeHost| value("header:a", host).unwrap().1;
    assert_eq!(header(&long(MAX_VALUE, "")).len(), MAX_VALUE);
    assert_eq!(header(&long(MAX_VALUE, "")), header(&long(MAX_VALUE, "y")));
    assert_ne!(header(&long(MAX_VALUE - 1, "")), header(&long(MAX_VALUE - 1, "y")));

    let many: Vec<String> = (100..400).rev().map(|group| format!("g{group}")).collect();
    let (_, groups) = value("group", &envoy(identity("c", "", &many.join(","), 0))).unwrap();
    assert_eq!(groups.len(), MAX_VALUE);
    assert!(groups.starts_with(b"g100,g101,g102,"), "{}", groups.escape_ascii());
}

#[test]
fn how_paths_are_read_is_the_filters_choice() {
    use sluicegate_common::path::OnAmbiguousPath::{MatchRaw, Reject};
    let cases = [
        (false, Reject, "/A;b", None),
        (false, MatchRaw, "/A;b?c", Some("/a;b")),
        (true, MatchRaw, "/A;b?c", Some("/A;b")),
        (true, Reject, "/A//b?c", Some("/A/b")),
        (true, MatchRaw, "/A//b?c", Some("/A/b")),
    ];
    for (case_sensitive, on_ambiguous_path, path, want) in cases {
        let options = MatchOptions { case_sensitive, on_ambiguous_path, ..MatchOptions::default() };
        let key = key(json!(["path"]), OnMissingKey::Skip);
        let found = target(path).ask(&Settings::default(), |head, cx| key.extract(head, cx, options, None, Vec::new()));
        let want =
            want.map(|path| [&[Kind::Path as u8, 0, u8::try_from(path.len()).unwrap()], path.as_bytes()].concat());
        assert_eq!(found, want.map_or(Extracted::Skip, Extracted::Key), "{path}");
    }
}

#[test]
fn a_template_is_the_limits_own_or_the_rules() {
    use sluicegate_common::rules::Rules;
    let options = MatchOptions::default();
    let rules = json!({"rules": [
        {"name": "u", "match": {"paths": [{"exact": "/users/me"}, {"template": "/Users/{id}"}]}, "config": {}},
        {"name": "p", "match": {"paths": [{"prefix": "/"}]}, "config": {}}]});
    let rules =
        Rules::configure(rules, &[], false, |_, _, _: Option<sluicegate_common::config::Top<'_, ()>>| Ok(())).unwrap();
    let own = |template: &str| Match::parse(json!({"paths": [{"template": template}]}), options).unwrap();
    // (path, the limit's own template, found)
    let cases = [
        ("/users/1", None, Some("/Users/{id}")),
        ("/USERS//2/?a", None, Some("/Users/{id}")),
        ("/users/me", None, Some("/Users/{id}")),
        ("/users/1/posts", None, None),
        ("/other", None, None),
        ("/users/1", Some("/{kind}/{id}"), Some("/{kind}/{id}")),
        ("/users/1", Some("/{kind}"), Some("/Users/{id}")),
        ("/other", Some("/{kind}"), Some("/{kind}")),
    ];
    for (path, template, want) in cases {
        let (key, own) = (key(json!(["path_template"]), OnMissingKey::Skip), template.map(own));
        let found = target(path).ask(&Settings::default(), |head, cx| {
            rules.choose(head, cx).unwrap();
            key.extract(head, cx, options, own.as_ref(), Vec::new())
        });
        let want = want
            .map(|text| [&[Kind::PathTemplate as u8, 0, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat());
        assert_eq!(found, want.map_or(Extracted::Skip, Extracted::Key), "{path} {template:?}");
    }
}
