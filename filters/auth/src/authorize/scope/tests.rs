use serde_json::json;

use super::*;

#[test]
fn a_scope_is_one_token() {
    for text in ["a", "notes:write", "https://a.example/x.read", "!", "~", "[a]"] {
        assert!(Scope::parse(text).is_some(), "{text}");
    }
    for text in ["", "a b", " a", "a\"b", "a\\b", "a\n", "ä", "\u{7f}"] {
        assert_eq!(Scope::parse(text), None, "{text:?}");
    }
}

#[test]
fn a_token_has_scopes_in_two_claims() {
    let scopes = Scopes::new(["write", "admin"].map(|scope| Scope::parse(scope).unwrap()).into());
    assert_eq!(scopes.list(), "write admin");
    let cases = [
        (json!({"scope": "read write"}), true),
        (json!({"scope": "admin"}), true),
        (json!({"scope": "read  write "}), true),
        (json!({"scope": "read"}), false),
        (json!({"scope": ""}), false),
        (json!({"scope": "writer administrator Write"}), false),
        (json!({"scope": "read,write"}), false),
        (json!({"scope": "read\twrite"}), false),
        (json!({"scope": ["write"]}), false),
        (json!({"scp": "read write"}), true),
        (json!({"scp": ["read", "write"]}), true),
        (json!({"scp": ["read write"]}), false),
        (json!({"scp": [["write"], 1, null]}), false),
        (json!({"scp": {"write": true}}), false),
        (json!({"scope": "read", "scp": ["write"]}), true),
        (json!({"scope": "write", "scp": ["read"]}), true),
        (json!({"scopes": "write"}), false),
        (json!({}), false),
    ];
    for (claims, want) in cases {
        assert_eq!(scopes.meet(claims.as_object().unwrap()), want, "{claims}");
    }
}
