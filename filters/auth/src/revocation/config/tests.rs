use sluicegate_common::config::parse_json;

use super::*;

fn compile(config: &str) -> Result<Revocation, String> {
    let raw: Result<RawRevocation, ConfigErrors> = deserr::deserialize(parse_json(config.as_bytes()).unwrap());
    raw.and_then(|raw| raw.compile(Duration::ZERO)).map_err(|errors| errors.to_string())
}

#[test]
fn the_block_is_read() {
    assert!(compile("{}").unwrap().logout().is_none());
    let whole = r#"{"logout_path": "/auth/logout", "jti": ["a"], "sub": ["john"], "allow_origins":
        ["https://app.example.com"], "issued_before": "2026-01-01T00:00:00Z"}"#;
    assert!(compile(whole).unwrap().logout().is_some());
}

#[test]
fn what_is_wrong_is_told() {
    let cases = [
        (
            r#"{"logout": "/out"}"#,
            "logout: unknown field, expected one of logout_path, allow_origins, jti, sub, issued_before",
        ),
        (
            r#"{"logout_path": "auth/logout"}"#,
            "logout_path: expected a path such as \"/auth\", without query and with one reading, found \
             \"auth/logout\"",
        ),
        (
            r#"{"jti": [""], "sub": [7]}"#,
            "jti[0]: expected a claim's value, not empty, found \"\"\n\
             sub[0]: expected a claim's value, not empty, found a whole number",
        ),
        (
            r#"{"issued_before": "yesterday"}"#,
            "issued_before: expected a time such as \"2027-01-01T00:00:00Z\" (RFC 3339), found \"yesterday\"",
        ),
        (
            r#"{"allow_origins": ["https://app.example.com"]}"#,
            "allow_origins: needs a \"logout_path\": they may log out there",
        ),
        (
            r#"{"logout_path": "/out", "allow_origins": ["*"]}"#,
            "allow_origins[0]: expected an origin of web pages such as \"https://app.example.com\", found \"*\"",
        ),
    ];
    for (config, want) in cases {
        assert_eq!(compile(config).err().as_deref(), Some(want), "{config}");
    }
}
