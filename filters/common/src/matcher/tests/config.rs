//! What a config may say, and what is answered to the rest.

use serde_json::json;

use super::{MatchOptions, OPTIONS};
use crate::matcher::Match;
use crate::path::OnAmbiguousPath;

#[test]
fn what_a_match_looks_at_is_known() {
    let cases = [
        (json!({"paths": [{"regex": "/a"}]}), [true, true]),
        (json!({"methods": ["GET"]}), [false, true]),
        (json!({"hosts": ["a"]}), [false, true]),
        (json!({"query": [{"name": "a", "present": true}]}), [false, true]),
        (json!({"headers": [{"name": "a", "present": true}]}), [false, true]),
        (json!({"cookies": [{"name": "a", "present": true}]}), [false, true]),
        (json!({"source_ips": ["::1"]}), [false, false]),
        (json!({"route_names": ["a"]}), [false, false]),
        (json!({"route_metadata": [{"namespace": "a", "key": "b", "exact": "c"}]}), [false, false]),
    ];
    for (given, want) in cases {
        let found = Match::parse(given.clone(), OPTIONS).unwrap();
        assert_eq!([found.uses_paths(), found.reads_head()], want, "{given}");
    }
}

#[test]
fn refused() {
    let cases = [
        (
            json!({}),
            "config: expected at least one of hosts, methods, paths, headers, query, cookies, route_names, source_ips, route_metadata, found none of them",
        ),
        (json!([]), "config: expected an object, found an array"),
        (json!({"path": []}), r#"path: unknown field, did you mean "paths"?"#),
        (
            json!({"hosts": [], "paths": []}),
            "hosts: expected at least one entry, found none\npaths: expected at least one entry, found none",
        ),
        (
            json!({"hosts": ["a:80"]}),
            r#"hosts[0]: expected a host without port such as "api.example.com", "*.example.com" or "[::1]", found "a:80""#,
        ),
        (
            json!({"hosts": ["*"]}),
            r#"hosts[0]: expected a host without port such as "api.example.com", "*.example.com" or "[::1]", found "*""#,
        ),
        (
            json!({"methods": ["get"]}),
            r#"methods[0]: expected a method such as "GET", in upper case if it is a standard one, found "get""#,
        ),
        (
            json!({"methods": ["GET "]}),
            r#"methods[0]: expected a method such as "GET", in upper case if it is a standard one, found "GET ""#,
        ),
        (json!({"paths": [{"exakt": "/a"}]}), r#"paths[0].exakt: unknown field, did you mean "exact"?"#),
        (
            json!({"paths": [{"exact": "/a", "prefix": "/b"}]}),
            r#"paths[0]: expected an object with one key, "exact", "prefix", "template" or "regex", found several"#,
        ),
        (
            json!({"paths": [{"prefix": "a"}]}),
            r#"paths[0].prefix: expected a path such as "/admin", found "a": it does not start with a slash"#,
        ),
        (
            json!({"paths": [{"exact": "/a?b"}]}),
            r#"paths[0].exact: expected a path such as "/health", found "/a?b": it holds a question mark, which ends a path: the query has a field of its own"#,
        ),
        (
            json!({"paths": [{"exact": "/a;b"}]}),
            r#"paths[0].exact: expected a path such as "/health", found "/a;b": it holds a semicolon, and such requests are refused ("on_ambiguous_path")"#,
        ),
        (
            json!({"paths": [{"template": "/a/{"}]}),
            r#"paths[0].template: expected a path such as "/users/{id}", found "/a/{": segment "{" is neither a name in braces nor free of them"#,
        ),
        (
            json!({"paths": [{"template": "/a{id}"}]}),
            r#"paths[0].template: expected a path such as "/users/{id}", found "/a{id}": segment "a{id}" is neither a name in braces nor free of them"#,
        ),
        (
            json!({"headers": [{"name": ":path", "present": true}]}),
            r#"headers[0].name: expected a header name such as "x-correlation-id", found ":path""#,
        ),
        (
            json!({"headers": [{"name": "a"}]}),
            "headers[0]: expected one of exact, prefix, suffix, contains, regex, present, absent, found none",
        ),
        (
            json!({"query": [{"name": "a", "exact": "b", "present": true}]}),
            "query[0]: expected one of exact, prefix, suffix, contains, regex, present, absent, found several",
        ),
        (json!({"query": [{"name": "", "exact": "b"}]}), r#"query[0].name: expected a name, found """#),
        (json!({"cookies": [{"name": "a", "present": false}]}), "cookies[0].present: expected true, found false"),
        (json!({"cookies": [{"name": "a", "contains": ""}]}), r#"cookies[0].contains: expected a text, found """#),
        (
            json!({"source_ips": ["10.0.0.1/8"]}),
            "source_ips[0]: expected an address, or a block such as \"10.0.0.0/8\" or \"2001:db8::/32\" with no bit set behind the prefix, found \"10.0.0.1/8\"",
        ),
        (
            json!({"route_metadata": [{"key": "b", "exact": "c"}]}),
            "route_metadata[0].namespace: required field is missing",
        ),
    ];
    for (given, want) in cases {
        assert_eq!(Match::parse(given.clone(), OPTIONS).unwrap_err().to_string(), want, "{given}");
    }
}

#[test]
fn all_errors_come_at_once() {
    let given = json!({"hosts": ["a:1", "b:2"], "paths": [{"exact": 1}, {"exact": "/a"}], "methods": []});
    let errors = Match::parse(given, OPTIONS).unwrap_err();
    let places: Vec<&str> = errors.iter().map(|error| error.path()).collect();
    assert_eq!(places, ["hosts[0]", "hosts[1]", "paths[0].exact"], "those that are read before");
    let given =
        json!({"paths": [{"exact": "a"}, {"regex": "("}], "headers": [{"name": "a", "regex": "a)(b"}], "methods": []});
    let errors = Match::parse(given, OPTIONS).unwrap_err();
    let mut places: Vec<&str> = errors.iter().map(|error| error.path()).collect();
    places.sort_unstable();
    assert_eq!(places, ["headers[0].regex", "methods", "paths[0].exact", "paths[1].regex"]);
}

#[test]
fn ambiguous_paths_may_be_named_where_they_are_matched() {
    let raw = MatchOptions { on_ambiguous_path: OnAmbiguousPath::MatchRaw, ..OPTIONS };
    assert!(Match::parse(json!({"paths": [{"exact": "/a;b"}, {"prefix": "/a%2Fb"}]}), raw).is_ok());
}
