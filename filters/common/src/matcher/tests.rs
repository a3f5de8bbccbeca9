use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::facts::fake::FakeHost;
use crate::settings::Settings;

mod config;

const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, on_ambiguous_path: OnAmbiguousPath::Reject, unreadable: Unreadable::NoMatch };

fn matches(given: &Value, options: MatchOptions, host: &FakeHost) -> bool {
    let compiled = Match::parse(given.clone(), options).unwrap_or_else(|errors| panic!("{given}: {errors}"));
    host.ask(&Settings::default(), |head, cx| compiled.matches(head, cx))
}

fn get(target: &str) -> FakeHost {
    FakeHost::new(&[(":method", "GET"), (":path", target), ("host", "api.example.com")])
}

#[test]
fn hosts() {
    let cases = [
        ("api.example.com", "api.example.com", true),
        ("API.example.COM", "api.EXAMPLE.com:8080", true),
        ("api.example.com", "api.example.com.", true),
        ("api.example.com", "api.example.com.:443", true),
        ("api.example.com", "api.example.com:", true),
        ("api.example.com", "api.example.com..", false),
        ("api.example.com", "xapi.example.com", false),
        ("api.example.com", "api.example.com:80:80", false),
        ("api.example.com", "api.example.com:x", false),
        ("api.example.com", "", false),
        ("*.example.com", "a.example.com", true),
        ("*.example.com", "a.B.example.com:1", true),
        ("*.example.com", "example.com", false),
        ("*.example.com", ".example.com", false),
        ("*.example.com", "xexample.com", false),
        ("*.example.com", "a.example.com.evil", false),
        ("[::1]", "[::1]", true),
        ("[::1]", "[::1]:8080", true),
        ("[::1]", "::1", false),
    ];
    for (pattern, host, want) in cases {
        let host_field = FakeHost::new(&[("host", host)]);
        assert_eq!(matches(&json!({"hosts": [pattern]}), OPTIONS, &host_field), want, "{pattern} {host}");
    }
    let kong = FakeHost::new(&[(":authority", "server"), ("host", "api.example.com")]);
    assert!(matches(&json!({"hosts": ["x", "api.example.com"]}), OPTIONS, &kong), "host, not :authority");
}

#[test]
fn paths() {
    let cases = [
        ("exact", "/a/b", "/a/b?x", true),
        ("exact", "/a/b/", "//a/./b/", true),
        ("exact", "/%61", "/a", true),
        ("exact", "/a%20b", "/a%20b", true),
        ("exact", "/a", "/a/b", false),
        ("exact", "/a", "/A", false),
        ("exact", "/", "*", false),
        ("prefix", "/a", "/a", true),
        ("prefix", "/a/", "/a/b/c", true),
        ("prefix", "/a", "/ab", false),
        ("prefix", "/a/b", "/a", false),
        ("prefix", "/", "/x", true),
        ("prefix", "/", "*", true),
        ("template", "/users/{id}", "/users/42", true),
        ("template", "/users/{id}", "/users/", false),
        ("template", "/users/{id}", "/users/42/orders", false),
        ("template", "/users/{id}/orders", "/users/42/orders", true),
        ("template", "/{a}/{b}", "/x/y", true),
        ("template", "/", "/", true),
        ("template", "/", "*", false),
        ("regex", "/v[0-9]+/.*", "/v1/a", true),
        ("regex", "/v[0-9]", "/v1/a", false),
        ("regex", "/a|/b", "/bc", false),
        ("regex", "/a|/b", "/ab", false),
        ("regex", "/a|/b", "/c/b", false),
        ("regex", "/a|/b", "/b", true),
        ("regex", "/A", "/a", false),
    ];
    for (kind, pattern, target, want) in cases {
        let given = json!({"paths": [{kind: pattern}]});
        assert_eq!(matches(&given, OPTIONS, &get(target)), want, "{kind} {pattern} {target}");
        let insensitive = MatchOptions { case_sensitive: false, ..OPTIONS };
        if want {
            assert!(matches(&given, insensitive, &get(&target.to_ascii_uppercase())), "{kind} {pattern} {target}");
        }
    }
}

#[test]
fn an_ambiguous_path_matches_as_it_was_sent_if_at_all() {
    let raw = MatchOptions { on_ambiguous_path: OnAmbiguousPath::MatchRaw, ..OPTIONS };
    let cases = [
        ("exact", "/a;v=1", "/a;v=1?x", true),
        ("exact", "/a%2Fb", "/a%2Fb", true),
        ("exact", "/a%2Fb", "/a%2fb", false),
        ("prefix", "/a", "/a/b;c", true),
        ("prefix", "/a", "/b/../a", false),
        ("prefix", "/a", "/a/../b", true),
        ("prefix", "/a", "//a;", false),
        ("template", "/a/{id}", "/a/;", true),
        ("template", "/a/{id}/b", "/a//b;", false),
        ("prefix", "/", "http://h/a", true),
        ("prefix", "/a", "http://h/a", false),
        ("regex", ".*;.*", "/a/;", true),
    ];
    for (kind, pattern, target, want) in cases {
        let given = json!({"paths": [{kind: pattern}]});
        assert_eq!(matches(&given, raw, &get(target)), want, "{kind} {pattern} {target}");
    }
    let given = json!({"paths": [{"prefix": "/"}]});
    assert!(!matches(&given, OPTIONS, &get("/a;b")));
    assert!(matches(&given, MatchOptions { unreadable: Unreadable::Match, ..OPTIONS }, &get("/a;b")));
}

#[test]
fn values_of_headers() {
    let host = FakeHost::new(&[("x-a", &b"one"[..]), ("x-a", b"two"), ("x-empty", b""), ("x-bytes", b"a\xffb")]);
    let cases = [
        (json!({"name": "X-A", "exact": "one"}), true),
        (json!({"name": "x-a", "exact": "two"}), true),
        (json!({"name": "x-a", "exact": "One"}), false),
        (json!({"name": "x-a", "exact": "tw"}), false),
        (json!({"name": "x-a", "exact": "two", "invert": true}), false),
        (json!({"name": "x-a", "exact": "three", "invert": true}), true),
        (json!({"name": "x-a", "prefix": "tw"}), true),
        (json!({"name": "x-a", "suffix": "wo"}), true),
        (json!({"name": "x-a", "suffix": "onetwo"}), false),
        (json!({"name": "x-a", "contains": "w"}), true),
        (json!({"name": "x-a", "regex": "t.o"}), true),
        (json!({"name": "x-a", "regex": "t"}), false),
        (json!({"name": "x-a", "present": true}), true),
        (json!({"name": "x-a", "absent": true}), false),
        (json!({"name": "x-b", "absent": true}), true),
        (json!({"name": "x-b", "absent": true, "invert": true}), false),
        (json!({"name": "x-b", "exact": "", "invert": true}), true),
        (json!({"name": "x-b", "exact": ""}), false),
        (json!({"name": "x-empty", "exact": ""}), true),
        (json!({"name": "x-empty", "present": true}), true),
        (json!({"name": "x-bytes", "prefix": "a"}), true),
        (json!({"name": "x-bytes", "present": true}), true),
    ];
    for (given, want) in cases {
        assert_eq!(matches(&json!({"headers": [given]}), OPTIONS, &host), want, "{given}");
    }
}

#[test]
fn what_cannot_be_read_settles_as_told() {
    let host = FakeHost::new(&[(":path", &b"/a%ff?q=%ff"[..]), ("x-a", b"\xff"), ("x-b", b"\xff"), ("x-b", b"b")]);
    let unreadable = [
        json!({"headers": [{"name": "x-a", "regex": ".*"}]}),
        json!({"headers": [{"name": "x-a", "regex": "b", "invert": true}]}),
        json!({"query": [{"name": "q", "regex": "b"}]}),
        json!({"paths": [{"regex": "/a.*"}]}),
        json!({"source_ips": ["0.0.0.0/0"]}),
    ];
    let denies = MatchOptions { unreadable: Unreadable::Match, ..OPTIONS };
    for given in unreadable {
        assert!(!matches(&given, OPTIONS, &host), "{given}");
        assert!(matches(&given, denies, &host), "{given}");
    }
    let readable = [
        (json!({"headers": [{"name": "x-b", "regex": "b"}]}), true),
        (json!({"headers": [{"name": "x-b", "regex": "b", "invert": true}]}), false),
        (json!({"headers": [{"name": "x-none", "regex": "b"}]}), false),
        (json!({"headers": [{"name": "x-a", "exact": "b"}]}), false),
        (json!({"paths": [{"prefix": "/b"}]}), false),
    ];
    for (given, want) in readable {
        assert_eq!([OPTIONS, denies].map(|options| matches(&given, options, &host)), [want, want], "{given}");
    }
}

#[test]
fn queries_are_compared_decoded() {
    let host = get("/a?a=1&a=%32&b+c=d%2Be+f&flag&e=");
    let cases = [
        (json!({"name": "a", "exact": "1"}), true),
        (json!({"name": "a", "exact": "2"}), true),
        (json!({"name": "A", "exact": "1"}), false),
        (json!({"name": "b c", "exact": "d+e f"}), true),
        (json!({"name": "flag", "exact": ""}), true),
        (json!({"name": "flag", "present": true}), true),
        (json!({"name": "e", "present": true}), true),
        (json!({"name": "x", "absent": true}), true),
    ];
    for (given, want) in cases {
        assert_eq!(matches(&json!({"query": [given]}), OPTIONS, &host), want, "{given}");
    }
    assert!(matches(&json!({"query": [{"name": "a", "absent": true}]}), OPTIONS, &get("/a")));
}

#[test]
fn cookies_of_all_lines_are_one_list() {
    let host = FakeHost::new(&[("cookie", &b"a=1; b=\"2\";c = 3 ;d;=e;a=\xff"[..]), ("cookie", b"f=x=y; g=\"")]);
    let found: Vec<(Vec<u8>, Vec<u8>)> = host.ask(&Settings::default(), |head, _| {
        cookies(head).map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
    });
    let want: [(&[u8], &[u8]); 7] =
        [(b"a", b"1"), (b"b", b"2"), (b"c", b"3"), (b"", b"e"), (b"a", b"\xff"), (b"f", b"x=y"), (b"g", b"\"")];
    assert_eq!(found, want.map(|(name, value)| (name.to_vec(), value.to_vec())));
    assert!(matches(&json!({"cookies": [{"name": "f", "prefix": "x"}]}), OPTIONS, &host));
    assert!(matches(&json!({"cookies": [{"name": "A", "absent": true}]}), OPTIONS, &host));
}

#[test]
fn the_rest() {
    let host = get("/a")
        .property("source.address", Ok("10.1.2.3:5000"))
        .property("xds.route_name", Ok("r1"))
        .property("xds.route_metadata.filter_metadata.sluicegate.plan", Ok("gold"));
    let metadata = |exact: &str| json!({"namespace": "sluicegate", "key": "plan", "exact": exact});
    let cases = [
        (json!({"methods": ["POST", "GET"]}), true),
        (json!({"methods": ["POST"]}), false),
        (json!({"source_ips": ["192.0.2.0/24", "10.0.0.0/8"]}), true),
        (json!({"source_ips": ["192.0.2.0/24"]}), false),
        (json!({"route_names": ["r0", "r1"]}), true),
        (json!({"route_names": ["r"]}), false),
        (json!({"route_metadata": [metadata("gold")]}), true),
        (json!({"route_metadata": [metadata("Gold")]}), false),
        (json!({"methods": ["GET"], "paths": [{"exact": "/a"}], "route_names": ["r1"]}), true),
        (json!({"methods": ["GET"], "paths": [{"exact": "/b"}], "route_names": ["r1"]}), false),
        (json!({"methods": ["GET"], "paths": [{"exact": "/a"}], "route_names": ["r2"]}), false),
    ];
    for (given, want) in cases {
        assert_eq!(matches(&given, OPTIONS, &host), want, "{given}");
    }
}

#[test]
fn nothing_is_asked_of_the_host_that_cannot_change_the_answer() {
    let host = get("/a");
    let given = json!({"methods": ["POST"], "paths": [{"exact": "/a"}], "route_names": ["r1"], "source_ips": ["::1"]});
    assert!(!matches(&given, OPTIONS, &host));
    assert_eq!(*host.asked.borrow(), [":method"]);
}

/// Some values of a header, and a text they may be like.
fn values_and_text() -> impl Strategy<Value = (Vec<Vec<u8>>, String)> {
    let value = prop_oneof!["[ab.]{0,4}".prop_map(String::into_bytes), proptest::collection::vec(any::<u8>(), 0..3)];
    (proptest::collection::vec(value, 0..4), "[ab.]{1,3}")
}

proptest! {
    #[test]
    fn tests_of_values_hang_together((values, text) in values_and_text()) {
        let fields: Vec<(&str, &[u8])> = values.iter().map(|value| ("x-a", value.as_slice())).collect();
        let host = FakeHost::new(&fields);
        let test = |key: &str, wanted: Value, invert: bool| {
            let given = json!({"headers": [{"name": "x-a", key: wanted, "invert": invert}]});
            matches(&given, OPTIONS, &host)
        };
        let is = |key: &str| test(key, json!(text), false);
        prop_assert_eq!(is("exact"), values.iter().any(|value| value == text.as_bytes()));
        prop_assert!(!is("exact") || (is("prefix") && is("suffix")));
        prop_assert!(!(is("prefix") || is("suffix")) || is("contains"));
        prop_assert!(!is("contains") || test("present", json!(true), false));
        prop_assert_eq!(test("regex", json!(text.replace('.', "\\.")), false), is("exact"));
        for key in ["exact", "prefix", "suffix", "contains"] {
            prop_assert_eq!(test(key, json!(text), true), !is(key));
        }
        for invert in [false, true] {
            prop_assert_eq!(test("absent", json!(true), invert), !test("present", json!(true), invert));
        }
        let readable = values.iter().all(|value| std::str::from_utf8(value).is_ok());
        prop_assert!(!readable || test("regex", json!("a+"), true) != test("regex", json!("a+"), false));
    }

    #[test]
    fn any_request_is_judged(
        target: Vec<u8>, method: Vec<u8>, authority: Vec<u8>, cookie: Vec<u8>, address: String, options in options(),
    ) {
        let fields = [(":path", target), (":method", method), ("host", authority), ("cookie", cookie)];
        let host = FakeHost::new(&fields).property("source.address", Ok(&address));
        for field in [
            json!({"paths": [{"template": "/{a}/b"}, {"regex": "/.*"}, {"exact": "/"}, {"prefix": "/a"}]}),
            json!({"hosts": ["a", "*.b"]}), json!({"query": [{"name": "a", "regex": "b"}]}),
            json!({"cookies": [{"name": "a", "regex": "b"}]}), json!({"source_ips": ["::/0"]}),
        ] {
            matches(&field, options, &host);
        }
    }
}

fn options() -> impl Strategy<Value = MatchOptions> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(case_sensitive, reject, denies)| MatchOptions {
        case_sensitive,
        on_ambiguous_path: if reject { OnAmbiguousPath::Reject } else { OnAmbiguousPath::MatchRaw },
        unreadable: if denies { Unreadable::Match } else { Unreadable::NoMatch },
    })
}
