//! What `authorize` may say.

use super::*;

#[test]
fn accepted() {
    let cases = [
        json!([]),
        json!([{"name": "a", "allow": {"consumers": ["idp:alice", "Zoë"]}}]),
        json!([{"name": "a", "deny": {"groups": ["g h"]}}]),
        json!([{"name": "a", "match": {"methods": ["GET"]}, "allow": {"scopes": ["https://a.example/x.read"]}}]),
        json!([{"name": "a", "allow": {"scopes": ["s"]}, "deny": {"scopes": ["t"]}},
               {"name": "b", "deny": {"scopes": ["s"]}}]),
        json!([{"name": "a", "allow": {"claims": [
            {"pointer": "/a~1b", "any_of": ["x", 1, -1, 1.5, true]}, {"pointer": "/c", "all_of": [1.0]},
            {"pointer": "/d", "equals": false}, {"pointer": "/e", "exists": false}]}}]),
    ];
    for given in cases {
        assert!(compile(given.clone()).is_ok(), "{given}");
    }
}

/// The one entry `{"name": "a"}` with these fields.
#[test]
fn refused() {
    let claims = |claim: Value| json!({"allow": {"claims": [claim]}});
    let cases = [
        (json!({}), "authorize[0]: expected \"allow\", \"deny\" or both, found none of them"),
        (
            json!({"match": {"methods": ["GET"]}}),
            "authorize[0]: expected \"allow\", \"deny\" or both, found none of them",
        ),
        (
            json!({"match": {}, "deny": {"groups": ["a"]}}),
            "authorize[0].match: expected at least one of hosts, methods, paths, headers, query, cookies, route_names, \
             source_ips, route_metadata, found none of them",
        ),
        (
            json!({"match": {"paths": [{"prefix": "admin"}]}, "deny": {"groups": ["a"]}}),
            "authorize[0].match.paths[0].prefix: expected a path such as \"/admin\", found \"admin\": it does not start \
             with a slash",
        ),
        (
            json!({"allow": {}}),
            "authorize[0].allow: expected at least one of consumers, groups, scopes, claims, found none of them",
        ),
        (
            json!({"allow": {"groups": ["a"]}, "deny": {}}),
            "authorize[0].deny: expected at least one of consumers, groups, scopes, claims, found none of them",
        ),
        (
            json!({"allow": {"consumers": [], "groups": [], "scopes": [], "claims": []}}),
            "authorize[0].allow.consumers: expected at least one element, found none\n\
             authorize[0].allow.groups: expected at least one element, found none\n\
             authorize[0].allow.scopes: expected at least one element, found none\n\
             authorize[0].allow.claims: expected at least one element, found none",
        ),
        (
            json!({"allow": {"groups": ["a,b"]}}),
            "authorize[0].allow.groups[0]: expected 1 to 255 bytes without commas, control characters and spaces at the ends, found \"a,b\"",
        ),
        (
            json!({"allow": {"scopes": ["read write"]}}),
            "authorize[0].allow.scopes[0]: expected one scope such as \"notes:write\" (RFC 6749 section 3.3), found \
             \"read write\"",
        ),
        (json!({"allow": {"scope": ["a"]}}), "authorize[0].allow.scope: unknown field, did you mean \"scopes\"?"),
        (
            json!({"alow": {"groups": ["a"]}, "deny": {"groups": ["a"]}}),
            "authorize[0].alow: unknown field, did you mean \"allow\"?",
        ),
        (claims(json!({"equals": 1})), "authorize[0].allow.claims[0].pointer: required field is missing"),
        (
            claims(json!({"pointer": "role", "equals": 1})),
            "authorize[0].allow.claims[0].pointer: expected a JSON Pointer such as \"/realm_access/roles\" (RFC 6901), \
             found \"role\"",
        ),
        (
            claims(json!({"pointer": "/role"})),
            "authorize[0].allow.claims[0]: expected one of any_of, all_of, equals, exists, found none",
        ),
        (
            claims(json!({"pointer": "/role", "equals": 1, "exists": true})),
            "authorize[0].allow.claims[0]: expected one of any_of, all_of, equals, exists, found several",
        ),
        (
            claims(json!({"pointer": "/role", "all_of": []})),
            "authorize[0].allow.claims[0].all_of: expected at least one element, found none",
        ),
        (
            claims(json!({"pointer": "/role", "any_of": []})),
            "authorize[0].allow.claims[0].any_of: expected at least one element, found none",
        ),
        (
            claims(json!({"pointer": "/role", "any_of": ["a", ["b"]]})),
            "authorize[0].allow.claims[0].any_of[1]: expected a string, a number or a boolean, found an array",
        ),
        (
            claims(json!({"pointer": "/role", "equals": {}})),
            "authorize[0].allow.claims[0].equals: expected a string, a number or a boolean, found an object",
        ),
        (
            claims(json!({"pointer": "/id", "equals": 1e16})),
            "authorize[0].allow.claims[0].equals: expected a string, a number or a boolean, found one that JSON readers \
             round (RFC 8259 section 6)",
        ),
        (
            claims(json!({"pointer": "/role", "exists": "yes"})),
            "authorize[0].allow.claims[0].exists: expected a boolean, found a string",
        ),
    ];
    for (mut given, want) in cases {
        given["name"] = json!("a");
        assert_eq!(compile(json!([given])).err().as_deref(), Some(want), "{given}");
    }
}

#[test]
fn names_are_unique_and_errors_are_told_together() {
    let entry = |name: &str| json!({"name": name, "deny": {"groups": ["g"]}});
    let twice = compile(json!([entry("a"), entry("b"), entry("a")])).unwrap_err();
    assert_eq!(twice, "authorize[2].name: the name \"a\" is taken by authorize[0]");
    let several = compile(json!([{"name": "a"}, {"name": "b", "allow": {}}])).unwrap_err();
    assert_eq!(several.lines().count(), 2, "{several}");
    let name = compile(json!([entry("A")])).unwrap_err();
    assert_eq!(name, "authorize[0].name: expected a name of 1 to 63 characters out of a-z, 0-9, _ and -, found \"A\"");
}

#[test]
fn whether_paths_are_looked_at_is_known() {
    let with = |matcher: Value| compile(json!([{"name": "a", "match": matcher, "deny": {"groups": ["g"]}}])).unwrap();
    let paths = with(json!({"paths": [{"prefix": "/a"}]}));
    assert!(paths.uses_paths());
    let methods = with(json!({"methods": ["GET"]}));
    assert!(!methods.uses_paths());
    let always = compile(json!([{"name": "a", "deny": {"groups": ["g"]}}])).unwrap();
    assert!(!always.uses_paths());
}
