use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::facts::fake::FakeHost;
use crate::matcher::{MatchOptions, Unreadable};
use crate::settings::Settings;

fn compile(rules: &[Value], case_sensitive: bool, on_ambiguous_path: OnAmbiguousPath) -> (Index, Vec<Match>) {
    let options = MatchOptions { case_sensitive, on_ambiguous_path, unreadable: Unreadable::NoMatch };
    let rules: Vec<Match> = rules.iter().map(|rule| Match::parse(rule.clone(), options).unwrap()).collect();
    (Index::compile(rules.clone(), on_ambiguous_path), rules)
}

fn request(method: &str, host: &str, target: &str) -> FakeHost {
    FakeHost::new(&[(":method", method), ("host", host), (":path", target)])
}

fn find(index: &Index, request: &FakeHost) -> Found {
    request.ask(&Settings::default(), |head, cx| index.find(head, cx))
}

/// The places of all rules that would be tried.
fn tried(index: &Index, host: &str, path: &str) -> Vec<usize> {
    tried_for(index, &request("GET", host, path))
}

fn tried_for(index: &Index, request: &FakeHost) -> Vec<usize> {
    request.ask(&Settings::default(), |head, cx| {
        let (path, host) = (head.target(), host_name(head.host()));
        let mut tried = Vec::new();
        let mut from = 0;
        while let Some((at, _)) = index.candidate(from, (path, host), head, cx) {
            tried.push(at);
            from = at + 1;
        }
        tried
    })
}

fn with(mut request: FakeHost, fields: &[(&str, &str)]) -> FakeHost {
    request.fields.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())));
    request
}

#[test]
fn the_first_rule_wins() {
    let (index, _) = compile(
        &[
            json!({"paths": [{"prefix": "/a"}], "methods": ["POST"]}),
            json!({"paths": [{"exact": "/a/b"}]}),
            json!({"hosts": ["h.example"]}),
            json!({"paths": [{"prefix": "/a"}, {"prefix": "/c"}]}),
            json!({"paths": [{"regex": "/a/.*"}, {"exact": "/d"}]}),
            json!({"paths": [{"template": "/{x}/{y}"}]}),
        ],
        true,
        OnAmbiguousPath::Reject,
    );
    let cases = [
        ("POST", "h.example", "/a/b", Found::Rule(0)),
        ("GET", "h.example", "/a/b", Found::Rule(1)),
        ("GET", "H.example:80", "/a", Found::Rule(2)),
        ("GET", "x", "/a", Found::Rule(3)),
        ("GET", "x", "/c/d/e", Found::Rule(3)),
        ("GET", "x", "/d", Found::Rule(4)),
        ("GET", "x", "/x/y", Found::Rule(5)),
        ("GET", "x", "/A", Found::None),
        ("GET", "x", "/", Found::None),
        ("GET", "h.example", "/a;b", Found::Ambiguous(Ambiguity::Semicolon)),
    ];
    for (method, host, target, want) in cases {
        assert_eq!(find(&index, &request(method, host, target)), want, "{method} {host} {target}");
    }
}

#[test]
fn without_rules_nothing_is_read() {
    let host = request("GET", "a", "/;");
    assert_eq!(find(&Index::default(), &host), Found::None);
    assert!(host.asked.borrow().is_empty());
}

#[test]
fn rules_read_the_head_at_once_or_not_at_all() {
    let host = request("GET", "a", "/a");
    for (rule, want) in
        [(json!({"paths": [{"exact": "/a"}]}), "all"), (json!({"route_names": ["r"]}), "xds.route_name")]
    {
        let (index, _) = compile(&[rule], true, OnAmbiguousPath::Reject);
        find(&index, &host);
        assert_eq!(host.asked.take(), [want]);
    }
}

#[test]
fn ambiguous_paths_matter_only_to_rules_that_look_at_paths() {
    let (index, _) = compile(&[json!({"methods": ["GET"]})], true, OnAmbiguousPath::Reject);
    assert_eq!(find(&index, &request("GET", "a", "/a;b")), Found::Rule(0));
    let (index, _) = compile(&[json!({"paths": [{"exact": "/a;b"}]})], true, OnAmbiguousPath::MatchRaw);
    assert_eq!(find(&index, &request("GET", "a", "/a;b")), Found::Rule(0));
}

#[test]
fn of_a_thousand_rules_few_are_tried() {
    let mut rules: Vec<Value> = (0..1000).map(|n| json!({"paths": [{"prefix": format!("/service-{n}")}]})).collect();
    rules.extend((0..1000).map(|n| json!({"hosts": [format!("*.h{n}.example")]})));
    rules.extend((0..1000).map(|n| json!({"paths": [{"exact": format!("/v1/item/{n}")}]})));
    rules.extend((0..1000).map(|n| json!({"paths": [{"template": format!("/v1/t{n}/{{id}}/x")}]})));
    rules.push(json!({"methods": ["PUT"]}));
    let (index, _) = compile(&rules, false, OnAmbiguousPath::Reject);
    let cases: [(&str, &str, &[usize]); 6] = [
        ("/Service-500/a/b", "x", &[500, 4000]),
        ("/service-500x", "x", &[4000]),
        ("/service-1", "a.h999.example", &[1, 1999, 4000]),
        ("/v1/item/7", "x", &[2007, 4000]),
        ("/v1/item/7/8", "x", &[4000]),
        ("/v1/t3/9", "x", &[3003, 4000]),
    ];
    for (path, host, want) in cases {
        assert_eq!(tried(&index, host, path), want, "{path} {host}");
    }
}

#[test]
fn of_a_thousand_rules_by_headers_or_routes_few_are_tried() {
    let tenant = |n: usize| json!([{"name": "X-Tenant", "exact": format!("t{n}")}]);
    let mut rules: Vec<Value> = (0..1000).map(|n| json!({"headers": tenant(n)})).collect();
    rules.extend((0..1000).map(|n| json!({"headers": tenant(n), "paths": [{"prefix": "/api"}], "hosts": ["h"]})));
    rules.extend((0..1000).map(|n| json!({"headers": tenant(n), "paths": [{"prefix": format!("/p{n}")}]})));
    rules.extend((0..1000).map(|n| json!({"route_names": [format!("r{n}")]})));
    rules.push(json!({"headers": [{"name": "x-tenant", "exact": "t5", "invert": true}]}));
    rules.push(json!({"headers": [{"name": "x-tenant", "exact": "t5"}, {"name": "x-tenant", "prefix": "t"}]}));
    let (index, _) = compile(&rules, false, OnAmbiguousPath::Reject);
    let asked = |host: &str, path: &str, fields: &[(&str, &str)]| with(request("GET", host, path), fields);
    let routed = asked("x", "/", &[]).property("xds.route_name", Ok("r17"));
    let cases: [(FakeHost, &[usize]); 6] = [
        (asked("x", "/", &[]), &[4000, 4001]),
        (asked("x", "/", &[("x-tenant", "t7")]), &[7, 1007, 4000, 4001]),
        (asked("x", "/p7", &[("x-tenant", "t7"), ("x-tenant", "t9")]), &[7, 9, 1007, 1009, 2007, 4000, 4001]),
        // The first of many that share path and host are found by those.
        (asked("x", "/api", &[("x-tenant", "none")]), &[1000, 1002, 4000, 4001]),
        (asked("h", "/", &[("x-plan", "t7")]), &[1001, 1003, 4000, 4001]),
        (routed, &[3017, 4000, 4001]),
    ];
    for (request, want) in cases {
        assert_eq!(tried_for(&index, &request), want, "{request:?}");
    }
}

#[test]
fn a_route_is_asked_for_once_and_only_when_rules_by_routes_are_next() {
    let by_route = |name: &str| json!({"route_names": [name]});
    let (index, _) =
        compile(&[json!({"methods": ["PUT"]}), by_route("a"), by_route("b")], true, OnAmbiguousPath::Reject);
    let asked = |method: &str| request(method, "h", "/").property("xds.route_name", Ok("b"));
    for (method, found, want) in [("PUT", 0, &["all"][..]), ("GET", 2, &["all", "xds.route_name"][..])] {
        let host = asked(method);
        assert_eq!(find(&index, &host), Found::Rule(found));
        assert_eq!(host.asked.take(), want);
    }
}

#[test]
fn the_host_is_known_by_both_its_names() {
    let (index, _) = compile(&[json!({"headers": [{"name": "host", "exact": "h"}]})], true, OnAmbiguousPath::Reject);
    for name in ["host", ":authority"] {
        assert_eq!(find(&index, &FakeHost::new(&[(":method", "GET"), (name, "h")])), Found::Rule(0), "{name}");
    }
}

fn path_text() -> impl Strategy<Value = String> {
    let segment = proptest::sample::select(&["a", "A", "b", "c", "%61", "d e", "a.b"][..]);
    proptest::collection::vec(segment, 0..4).prop_map(|segments| format!("/{}", segments.join("/")))
}

fn pattern() -> impl Strategy<Value = Value> {
    let regex = proptest::sample::select(&["/a.*", "/[ab]/?.*", "/", ".*b", "\\*"][..]);
    let template = proptest::sample::select(&["/{x}", "/a/{x}", "/{x}/b", "/a/{x}/c", "/{x}/{y}"][..]);
    prop_oneof![
        path_text().prop_map(|path| json!({"exact": path.replace(' ', "%20")})),
        path_text().prop_map(|path| json!({"prefix": path.replace(' ', "%20")})),
        template.prop_map(|text| json!({"template": text})),
        regex.prop_map(|text| json!({"regex": text})),
    ]
}

fn header() -> impl Strategy<Value = Value> {
    let names = proptest::sample::select(&["x-a", "X-B", "host", "x-b"][..]);
    let exact = proptest::sample::select(&["", "1", "2", "v", "V", "a.example"][..]);
    let other = prop_oneof![
        Just(json!({"present": true})),
        Just(json!({"absent": true})),
        Just(json!({"prefix": "v"})),
        Just(json!({"exact": "1", "invert": true})),
    ];
    let test = prop_oneof![4 => exact.prop_map(|value| json!({"exact": value})), 1 => other];
    (names, test).prop_map(|(name, mut test)| {
        test["name"] = name.into();
        test
    })
}

fn rule() -> impl Strategy<Value = Value> {
    let host = proptest::sample::select(&["a.example", "*.example", "b.a.example", "*.a.example", "other"][..]);
    let some = |values| prop_oneof![Just(None), values];
    (
        some(proptest::collection::vec(pattern(), 1..3).prop_map(Some).boxed()),
        some(proptest::collection::vec(host.prop_map(Value::from), 1..3).prop_map(Some).boxed()),
        proptest::option::weighted(0.4, proptest::sample::select(&["GET", "PUT"][..])),
        proptest::option::weighted(0.1, Just(json!({"name": "q", "exact": "1"}))),
        proptest::option::weighted(0.4, proptest::collection::vec(header(), 1..3)),
        proptest::option::weighted(0.2, proptest::sample::select(&["r", "s"][..])),
    )
        .prop_map(|(paths, hosts, method, query, headers, route)| {
            let mut rule = serde_json::Map::new();
            rule.extend(paths.map(|paths| ("paths".to_owned(), paths.into())));
            rule.extend(hosts.map(|hosts| ("hosts".to_owned(), hosts.into())));
            rule.extend(headers.map(|headers| ("headers".to_owned(), headers.into())));
            rule.extend(route.map(|route| ("route_names".to_owned(), json!([route]))));
            rule.extend(query.map(|query| ("query".to_owned(), json!([query]))));
            if method.is_some() || rule.is_empty() {
                rule.insert("methods".to_owned(), json!([method.unwrap_or("GET")]));
            }
            Value::Object(rule)
        })
}

fn any_request() -> impl Strategy<Value = FakeHost> {
    let host = proptest::sample::select(
        &["a.example", "B.A.example:8080", "a.example.", "c.b.a.example", "example", "x", "", ".", "[::1]:1"][..],
    );
    let odd =
        proptest::sample::select(&["*", "", "/a;b", "/b/../a", "//a//b/", "/a/./b?q=1", "/%2561", "http://h/a"][..]);
    let target =
        prop_oneof![4 => path_text().prop_map(|path| path.replace(' ', "%20")), 1 => odd.prop_map(str::to_owned)];
    let method = proptest::sample::select(&["GET", "PUT"][..]);
    let field = (
        proptest::sample::select(&["x-a", "x-b", "x-c"][..]),
        proptest::sample::select(&["", "1", "2", "v", "V", "1, 2"][..]),
    );
    let fields = proptest::collection::vec(field, 0..4);
    let route = proptest::sample::select(&[None, Some("r"), Some("R"), Some("s")][..]);
    (method, host, target, fields, route).prop_map(|(method, host, target, fields, route)| {
        let request = with(request(method, host, &target), &fields);
        route.into_iter().fold(request, |request, name| request.property("xds.route_name", Ok(name)))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn finds_what_trying_all_in_order_finds(
        rules in proptest::collection::vec(rule(), 0..12),
        requests in proptest::collection::vec(any_request(), 1..8),
        case_sensitive: bool,
        reject: bool,
    ) {
        let on_ambiguous = if reject { OnAmbiguousPath::Reject } else { OnAmbiguousPath::MatchRaw };
        let (index, rules) = compile(&rules, case_sensitive, on_ambiguous);
        for request in requests {
            let want = request.ask(&Settings::default(), |head, cx| {
                match cx.facts.path(head).ambiguity() {
                    Some(why) if reject && rules.iter().any(Match::uses_paths) => Found::Ambiguous(why),
                    _ => rules.iter().position(|rule| rule.matches(head, cx)).map_or(Found::None, Found::Rule),
                }
            });
            prop_assert_eq!(find(&index, &request), want, "{:?}", request);
        }
    }
}
