use serde_json::{Value, json};

use super::*;

fn compile(config: Value) -> Result<Login, String> {
    let env: Env = [("JWT_SECRET", "a secret of thirty-two bytes, say")].into_iter().collect();
    let raw: Result<RawLogin, ConfigErrors> = deserr::deserialize(config);
    raw.and_then(|raw| raw.compile(&env)).map_err(|errors| errors.to_string())
}

fn with(field: &str, value: Value) -> Value {
    let mut config = json!({"path": "/auth/login", "claims": ["/id"], "key": {"env": "JWT_SECRET"}});
    config[field] = value;
    config
}

#[test]
fn what_is_left_out_has_a_default() {
    let login = compile(with("claims", json!(["/id"]))).unwrap();
    assert_eq!(login.ttl, Ttl { text: "24h".into(), period: Duration::from_secs(86_400) });
    assert_eq!((login.max_body, login.hold_head, login.issuer, login.audience), (65_536, false, None, None));
    assert_eq!(login.hosts, None);
}

#[test]
fn what_is_good_is_taken() {
    let cases = [
        ("claims", json!(["/id", "/sub", "/user/name", "/roles/0"])),
        ("ttl", json!("1s")),
        ("ttl", json!("1500000ms")),
        ("ttl", json!("30d")),
        ("max_body", json!("1MiB")),
        ("max_body", json!("1B")),
        ("algorithm", json!("HS256")),
        ("key", json!({"value": "a secret of thirty-two bytes, say"})),
        ("path", json!("/Login/")),
        ("hold_head", json!(true)),
        ("hosts", json!(["api.example.com", "*.Example.net", "[::1]"])),
    ];
    for (field, value) in cases {
        assert_eq!(compile(with(field, value.clone())).err(), None, "{field}: {value}");
    }
    let long = "a secret of sixty-four bytes, which is as long as a SHA-512 hash is";
    for algorithm in ["HS384", "HS512"] {
        let mut config = with("algorithm", json!(algorithm));
        config["key"] = json!({"value": long});
        assert_eq!(compile(config).err(), None, "{algorithm}");
    }
}

#[test]
fn what_is_wrong_is_told() {
    let own = |name: &str| {
        format!("claims[0]: \"/{name}\" would be the claim \"{name}\", which comes from the gateway alone")
    };
    let whole = "ttl: expected whole seconds, minutes, hours or days such as \"24h\", at least one second, found";
    let hmac = "algorithm: expected one of HS256, HS384, HS512: the gateway signs with a shared secret, found";
    let size = "max_body: expected at least one byte and at most \"1MiB\", found";
    let cases = [
        ("claims", json!([]), "claims: needs at least one: the first names the user".to_owned()),
        ("claims", json!(["/iat"]), own("iat")),
        ("claims", json!(["/exp"]), own("exp")),
        ("claims", json!(["/nbf"]), own("nbf")),
        ("claims", json!(["/jti"]), own("jti")),
        ("claims", json!(["/iss"]), own("iss")),
        ("claims", json!(["/aud"]), own("aud")),
        (
            "claims",
            json!(["/id", "/token/exp"]),
            "claims[1]: \"/token/exp\" would be the claim \"exp\", which comes from the gateway alone".to_owned(),
        ),
        ("claims", json!(["/"]), "claims[0]: a claim is called by the last name, and here that is empty".to_owned()),
        (
            "claims",
            json!(["id"]),
            "claims[0]: expected a JSON Pointer such as \"/realm_access/roles\" (RFC 6901), found \"id\"".to_owned(),
        ),
        ("claims", json!(["/id", "/user/id"]), "claims[1]: the name \"id\" is taken by claims[0]".to_owned()),
        ("ttl", json!("0s"), format!("{whole} \"0s\"")),
        ("ttl", json!("1500ms"), format!("{whole} \"1500ms\"")),
        ("ttl", json!("1 day"), format!("{whole} \"1 day\"")),
        ("algorithm", json!("RS256"), format!("{hmac} \"RS256\"")),
        ("algorithm", json!("EdDSA"), format!("{hmac} \"EdDSA\"")),
        ("algorithm", json!("HS512"), "key: expected a secret as long as the hash of HS512, found 33 bytes".to_owned()),
        ("max_body", json!("0B"), format!("{size} 0 bytes")),
        ("max_body", json!("2MiB"), format!("{size} 2097152 bytes")),
        ("key", json!({"value": "short"}), "key: expected a secret of at least 32 bytes, found 5 bytes".to_owned()),
        (
            "path",
            json!("login"),
            "path: expected a path such as \"/auth\", without query and with one reading, found \"login\"".to_owned(),
        ),
        ("hosts", json!([]), "hosts: expected at least one entry, found none".to_owned()),
        (
            "hosts",
            json!(["api.example.com", "*"]),
            format!("hosts[1]: expected {}, found \"*\"", HostPattern::EXPECTED),
        ),
        (
            "hosts",
            json!(["api.example.com:443"]),
            format!("hosts[0]: expected {}, found \"api.example.com:443\"", HostPattern::EXPECTED),
        ),
    ];
    for (field, value, want) in cases {
        let errors = compile(with(field, value.clone())).err().unwrap_or_default();
        assert_eq!(errors.replace("login.", ""), want, "{field}: {value}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let config = json!({"path": "/login", "claims": ["/exp"], "key": {"env": "NONE"}, "algorithm": "ES256"});
    let errors = compile(config).unwrap_err();
    assert_eq!(errors.lines().count(), 3, "{errors}");
}
