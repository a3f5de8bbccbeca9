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
    let mut tried = Vec::new();
    let mut from = 0;
    while let Some((at, _)) = index.candidate(from, path.as_bytes(), host.as_bytes()) {
        tried.push(at);
        from = at + 1;
    }
    tried
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

fn rule() -> impl Strategy<Value = Value> {
    let host = proptest::sample::select(&["a.example", "*.example", "b.a.example", "*.a.example", "other"][..]);
    let some = |values| prop_oneof![Just(None), values];
    (
        some(proptest::collection::vec(pattern(), 1..3).prop_map(Some).boxed()),
        some(proptest::collection::vec(host.prop_map(Value::from), 1..3).prop_map(Some).boxed()),
        proptest::option::weighted(0.4, proptest::sample::select(&["GET", "PUT"][..])),
        proptest::option::weighted(0.1, Just(json!({"name": "q", "exact": "1"}))),
    )
        .prop_map(|(paths, hosts, method, query)| {
            let mut rule = serde_json::Map::new();
            rule.extend(paths.map(|paths| ("paths".to_owned(), paths.into())));
            rule.extend(hosts.map(|hosts| ("hosts".to_owned(), hosts.into())));
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
    (method, host, target).prop_map(|(method, host, target)| request(method, host, &target))
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
