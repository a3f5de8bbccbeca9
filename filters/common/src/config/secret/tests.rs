use crate::config::FromConfig;
use serde_json::json;

use super::super::tests::given;
use super::*;

fn env() -> Env {
    [("JWT_SECRET", b"hunter2\xff".to_vec()), ("EMPTY", Vec::new())].into_iter().collect()
}

#[derive(Debug, FromConfig)]
struct Field {
    key: RawSecretOrDigest,
}

#[test]
fn a_secret_comes_from_the_environment_or_the_config() {
    let cases = [(json!({"env": "JWT_SECRET"}), &b"hunter2\xff"[..]), (json!({"value": "hunter3"}), b"hunter3")];
    for (given_as, want) in cases {
        let secret = given::<RawSecret>(given_as).unwrap().resolve(&env()).unwrap();
        assert_eq!(secret.expose(), want);
    }
}

#[test]
fn a_digest_stands_for_the_secret_where_it_is_enough() {
    let digits = "00".repeat(31) + "fF";
    let RawSecretOrDigest::Digest(Sha256(bytes)) = given(json!({"sha256": digits})).unwrap() else {
        panic!("a digest")
    };
    assert_eq!((bytes[0], bytes[31]), (0, 255));
    let error = given::<RawSecret>(json!({"sha256": digits})).unwrap_err();
    assert_eq!(error, "sha256: unknown field, expected one of env, value");
}

#[test]
fn unresolved_secrets_are_told_with_their_place() {
    let variable = "pass it in (Envoy: `environment_variables` of the VM's configuration, Istio: `vmConfig.env`)";
    let cases = [
        (json!({"env": "ABSENT"}), format!("key.env: the VM has no environment variable \"ABSENT\": {variable}")),
        (json!({"env": "EMPTY"}), "key.env: the secret is empty".to_owned()),
        (json!({"value": ""}), "key: the secret is empty".to_owned()),
    ];
    for (key, want) in cases {
        let field: Field = given(json!({ "key": key })).unwrap();
        assert_eq!(field.key.resolve(&env()).unwrap_err().to_string(), want);
    }
}

#[test]
fn no_error_shows_a_secret() {
    let keys = [
        json!("hunter2"),
        json!(["hunter2"]),
        json!({"value": ["hunter2"]}),
        json!({"value": {"hunter": "hunter2"}}),
        json!({"vaule": "hunter2"}),
        json!({"sha256": "hunter2"}),
        json!({"value": "hunter2", "sha256": "hunter2"}),
        json!({}),
    ];
    for key in keys {
        let error = given::<Field>(json!({ "key": key })).unwrap_err();
        assert!(error.starts_with("key") && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let raw: RawSecret = given(json!({"value": "hunter2"})).unwrap();
    let digest: RawSecretOrDigest = given(json!({"sha256": "ab".repeat(32)})).unwrap();
    let shown = format!("{raw:?} {:?} {digest:?} {:?}", raw.clone().resolve(&env()), env());
    assert!(shown.contains("[secret]") && shown.contains("JWT_SECRET"), "{shown}");
    for hidden in ["hunter", "104", "abab", "171"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}
