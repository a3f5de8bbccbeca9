use serde_json::{Value, json};
use sluicegate_common::config::ConfigErrors;
use sluicegate_common::matcher::MatchOptions;

use super::*;
use crate::op::{RawOp, RequestEdit};

fn change(fields: Value) -> Change {
    let mut op = json!({"target": "path"});
    op.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let raw: RawOp = deserr::deserialize::<_, _, ConfigErrors>(op).unwrap();
    match raw.for_request(MatchOptions::default()).unwrap().does {
        RequestEdit::Path(change) => change,
        other => panic!("{other:?}"),
    }
}

fn text(target: Result<Option<Vec<u8>>, Dropped>) -> Result<Option<String>, Dropped> {
    target.map(|target| target.map(|target| target.escape_ascii().to_string()))
}

#[test]
fn paths_that_are_rewritten() {
    let prefix = json!({"op": "rewrite", "regex": "/user-service(/.*)?", "substitution": "$1"});
    let folder = json!({"op": "rewrite", "regex": "/static(.*)", "substitution": "/files/$1"});
    let anything = json!({"op": "rewrite", "regex": "/x(.*)y(.*)", "substitution": "/$1$2"});
    let cases = [
        (&prefix, "/user-service/users/7?a=1&b", Ok(Some("/users/7?a=1&b"))),
        (&prefix, "/user-service", Ok(Some("/"))),
        (&prefix, "/user-service?", Ok(Some("/?"))),
        (&prefix, "/user-services/users", Ok(None)),
        (&prefix, "/a/user-service/users", Ok(None)),
        (&prefix, "/user-service/a%2fb", Err(Dropped::Target("path"))),
        (&prefix, "/user-service;x", Ok(None)),
        (&folder, "/static..%2fetc", Err(Dropped::Target("path"))),
        (&folder, "/static..;x/etc", Err(Dropped::Target("path"))),
        (&folder, "/static%252e%252e/etc", Err(Dropped::Target("path"))),
        (&prefix, "/user-service//evil.example/a", Err(Dropped::Target("path"))),
        (&anything, "/x%y2fa", Err(Dropped::Target("path"))), // An escape that was none.
        (&anything, "/x.y./a", Err(Dropped::Target("path"))),
        (&anything, "/x.y/a", Err(Dropped::Target("path"))),
        (&folder, "/static/a.css", Ok(Some("/files//a.css"))),
        (&folder, "/static../etc", Err(Dropped::Target("path"))),
        (&folder, "/static%2e%2e/etc", Err(Dropped::Target("path"))),
        (&folder, "/static.%2E/etc", Err(Dropped::Target("path"))),
        (&anything, "/xb./%2yfadmin", Err(Dropped::Target("path"))), // Ambiguous for another reason.
        (&anything, "*", Err(Dropped::Target("path"))),
        (&anything, "api.example.com:443", Err(Dropped::Target("path"))),
    ];
    for (op, target, want) in cases {
        let found = text(changed_path(target.as_bytes(), &change(op.clone()), b""));
        assert_eq!(found, want.map(|target| target.map(str::to_owned)), "{target}");
    }
}

#[test]
fn paths_that_are_set() {
    let users = json!({"op": "set", "value": "/users/${header.id}"});
    let folder = json!({"op": "set", "value": "/users/${header.id}/"});
    let root = json!({"op": "set", "value": "/${header.id}/"});
    let anywhere = json!({"op": "set", "value": "${header.id}"});
    let refused = Err(Dropped::Target("path"));
    let cases = [
        (&users, "/users/7", Ok(Some("/users/7?q"))),
        (&users, "/me", Ok(None)),
        (&users, "/users/", refused.clone()),
        (&users, "/users/.", refused.clone()),
        (&users, "/users/..", refused.clone()),
        (&users, "/users/a%2Fb", refused.clone()),
        (&users, "/users/a%252f", refused.clone()),
        (&folder, "/users/7/", Ok(Some("/users/7/?q"))),
        (&folder, "/users//", refused.clone()),
        (&root, "//", refused.clone()),
        (&anywhere, "7", Ok(Some("/7?q"))),
        (&anywhere, "", Ok(Some("/?q"))),
        (&anywhere, "//evil.example", refused),
    ];
    for (op, value, want) in cases {
        let found = text(changed_path(b"/me?q", &change(op.clone()), value.as_bytes()));
        assert_eq!(found, want.map(|target| target.map(str::to_owned)), "{value}");
    }
}

#[test]
fn hosts_and_methods() {
    let hosts = ["api.example.com", "api.example.com:8080", "[::1]", "[::1]:80", "localhost", "a_b"];
    let no_hosts = [
        "a:99999",
        "a:",
        "[::1]:",
        "",
        "a/b",
        "a b",
        "user@host",
        "a:b",
        "*.example.com",
        "::1",
        "a\r\nb",
        "a?b",
        "a#b",
        "a,b",
        ":80",
    ];
    assert_eq!(hosts.map(|host| is_host(host.as_bytes())), [true; 6]);
    assert_eq!(no_hosts.map(|host| is_host(host.as_bytes())), [false; 15]);
    let methods = ["GET", "PROPFIND", "get", "M-SEARCH"];
    let no_methods = ["", "GE T", "HEAD", "head", "CONNECT", "G\0", "GET/"];
    assert_eq!(methods.map(|method| is_method(method.as_bytes())), [true; 4]);
    assert_eq!(no_methods.map(|method| is_method(method.as_bytes())), [false; 7]);
}
