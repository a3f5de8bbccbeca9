use serde_json::{Value, json};
use sluicegate_common::config::{Object, Text, merge_patch, read};

use super::*;
use crate::jwt::remote::Remotes;

/// A secret of 32 bytes.
const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn compile(config: Value) -> Result<Jwt, ConfigErrors> {
    let Value::Object(object) = config else { panic!("{config}") };
    let object: Object = object;
    let env = Env::from_iter([("JWT_SECRET", SECRET)]);
    let mut remotes = Remotes::default();
    let register = &mut |raw: RawRemote, issuer: &str| remotes.add(raw, issuer);
    read::<RawJwt>(object)?.compile("authenticators.users", &env, register)
}

fn issuer(name: &str, more: &Value) -> Value {
    let issuer = json!({"name": name, "algorithms": ["HS256"], "keys": {"secret": {"value": SECRET}}});
    merge_patch(issuer, more.clone())
}

#[test]
fn the_least() {
    let jwt = compile(json!({"issuers": [issuer("own", &json!({}))]})).unwrap();
    assert_eq!(jwt.max_token_size, 16384);
    assert_eq!(jwt.clock_skew, Duration::from_secs(60));
    assert_eq!(jwt.require_claims, ["exp"]);
    assert_eq!((jwt.max_lifetime, jwt.media_type, jwt.key_claim), (None, None, None));
    let [own] = &jwt.issuers[..] else { panic!() };
    assert_eq!((&**own.name(), own.remote(), own.issuer.as_deref()), ("own", None, None));
    assert_eq!(own.naming, Naming::PrefixedSubject);
}

#[test]
fn everything() {
    let jwt = compile(json!({
        "clock_skew": "0s", "require_claims": ["exp", "sub"], "max_token_size": "2KiB", "max_lifetime": "1h",
        "typ": "Application/AT+jwt", "forward_payload_header": "X-Payload",
        "claims_to_headers": [{"claim": "/id", "header": "X-User-Id"},
                              {"claim": "/role", "header": "x-user-role", "encoding": "csv"}],
        "issuers": [
            issuer("a", &json!({"issuer": "https://a.example", "audiences": ["gw"], "groups_claim": "/groups",
                                "consumer": {"claim": "/id"}})),
            issuer("b", &json!({"issuer": "https://b.example", "consumer": {"claim": "/id", "map": "registered"}})),
            issuer("c", &json!({"issuer": "https://c.example", "consumer": {"claim": "/id", "map": "prefixed"}})),
            issuer("d", &json!({"consumer": {"fixed": "john"}, "keys": {"secret": {"env": "JWT_SECRET", "value": null}}})),
            issuer("e", &json!({"issuer": "e", "keys": {"secret": null, "remote": {"uri": "https://e.example/", "cluster": "e"}}})),
            issuer("f", &json!({"issuer": "f", "keys": {"secret": null, "remote": {"uri": "https://f.example/", "cluster": "f"}}})),
            issuer("g", &json!({"issuer": "g", "keys": {"secret": null, "jwks": {"keys": [
                {"kty": "oct", "k": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"}]}}}))
        ]
    }));
    let jwt = jwt.unwrap();
    assert_eq!(jwt.media_type.as_deref(), Some("AT+jwt"));
    let names: Vec<&str> = jwt.header_names().map(|name| &**name).collect();
    assert_eq!(names, ["x-user-id", "x-user-role", "x-payload"]);
    let remotes: Vec<Option<usize>> = jwt.issuers().iter().map(Issuer::remote).collect();
    assert_eq!(remotes, [None, None, None, None, Some(0), Some(1), None]);
    let id = || Pointer::parse("/id").unwrap();
    let namings: Vec<&Naming> = jwt.issuers().iter().map(|issuer| &issuer.naming).take(4).collect();
    let fixed = Naming::Fixed("john".to_owned());
    assert_eq!(namings, [&Naming::Prefixed(id()), &Naming::Registered(id()), &Naming::Prefixed(id()), &fixed]);
}

#[test]
fn refusals() {
    let one = |more: Value| json!({"issuers": [issuer("a", &more)]});
    let with = |name: &str, value: Value| json!({"issuers": [issuer("a", &json!({}))], name: value});
    let at = "authenticators.users.";
    let cases = [
        (json!({}), "", "issuers: required field is missing".to_owned()),
        (json!({"issuers": []}), at, "issuers: needs at least one issuer".to_owned()),
        (one(json!({"name": "A"})), "", "issuers[0].name: expected a name".to_owned()),
        (one(json!({"algorithms": null})), "", "issuers[0].algorithms: required field is missing".to_owned()),
        (one(json!({"algorithms": []})), at, "issuers[0].algorithms: needs at least one algorithm".to_owned()),
        (one(json!({"algorithms": ["none"]})), "", "issuers[0].algorithms[0]: expected".to_owned()),
        (one(json!({"algorithms": ["ES384"]})), "", "issuers[0].algorithms[0]: expected".to_owned()),
        (one(json!({"algorithms": ["RS256", "ES256"]})), at, "issuers[0].algorithms: none of \"keys\"".to_owned()),
        (one(json!({"keys": null})), "", "issuers[0].keys: required field is missing".to_owned()),
        (one(json!({"keys": {"pem": "x"}})), "", "issuers[0].keys: expected an object with one key".to_owned()),
        (one(json!({"keys": {"secret": null, "pem": "x"}})), at, "issuers[0].keys.pem: expected".to_owned()),
        (one(json!({"keys": {"secret": null, "jwks": {}}})), at, "issuers[0].keys.jwks: expected".to_owned()),
        (one(json!({"keys": {"secret": {"value": "short"}}})), at, "issuers[0].keys.secret: expected".to_owned()),
        (
            one(json!({"keys": {"secret": {"value": null, "env": "NO"}}})),
            "",
            "issuers[0].keys.secret.env: the VM".to_owned(),
        ),
        (
            one(json!({"keys": {"secret": null, "remote": {"uri": "https://a.example/"}}})),
            "",
            "issuers[0].keys.remote.cluster: required field is missing".to_owned(),
        ),
        (
            one(
                json!({"keys": {"secret": null, "remote": {"uri": "https://a.example/", "cluster": "a", "cache_ttl": "0s"}}}),
            ),
            at,
            "issuers[0].keys.remote.cache_ttl: expected at least 1s".to_owned(),
        ),
        (one(json!({"consumer": {}})), at, "issuers[0].consumer: needs either".to_owned()),
        (one(json!({"consumer": {"claim": "/a", "fixed": "b"}})), at, "issuers[0].consumer: needs either".to_owned()),
        (one(json!({"consumer": {"fixed": "b", "map": "prefixed"}})), at, "issuers[0].consumer: needs".to_owned()),
        (one(json!({"consumer": {"fixed": "a,b"}})), at, "issuers[0].consumer.fixed: expected".to_owned()),
        (
            one(json!({"consumer": {"claim": "sub"}})),
            "",
            "issuers[0].consumer.claim: expected a JSON Pointer".to_owned(),
        ),
        (one(json!({"consumer": {"claim": "/a", "map": "bare"}})), "", "issuers[0].consumer.map: expected".to_owned()),
        (one(json!({"groups_claim": "groups"})), "", "issuers[0].groups_claim: expected a JSON Pointer".to_owned()),
        (one(json!({"isuer": "a"})), "", "issuers[0].isuer: unknown field, did you mean \"issuer\"?".to_owned()),
        (with("clock_skew", json!(60)), "", "clock_skew: expected a duration".to_owned()),
        (with("max_token_size", json!("0B")), at, "max_token_size: expected".to_owned()),
        (with("max_lifetime", json!("0s")), at, "max_lifetime: expected".to_owned()),
        (with("key_claim", json!("iss")), "", "key_claim: expected a JSON Pointer".to_owned()),
        (with("forward_payload_header", json!(":path")), "", "forward_payload_header: expected a header".to_owned()),
        (with("forward_payload_header", json!("te")), at, "forward_payload_header: te belongs to".to_owned()),
        (
            with("claims_to_headers", json!([{"claim": "/a", "header": "content-length"}])),
            at,
            "claims_to_headers[0].header: content-length belongs to the connection".to_owned(),
        ),
        (
            with("claims_to_headers", json!([{"claim": "/a", "header": "x-a"}, {"claim": "/b", "header": "X-A"}])),
            at,
            "claims_to_headers[1].header: the name \"x-a\" is taken by claims_to_headers[0]".to_owned(),
        ),
        (
            with("claims_to_headers", json!([{"claim": "/a", "header": "x-a", "encoding": "base64"}])),
            "",
            "claims_to_headers[0].encoding: expected".to_owned(),
        ),
    ];
    for (config, at, want) in cases {
        let name = config.to_string();
        let errors = compile(config).expect_err(&name);
        assert_eq!(errors.len(), 1, "{name}\n{errors}");
        assert!(errors.to_string().starts_with(&format!("{at}{want}")), "{name}\n{errors}\nexpected {at}{want}");
        assert!(!errors.to_string().contains("short") && !errors.to_string().contains(SECRET), "{errors}");
    }
}

#[test]
fn an_iss_is_one_entrys() {
    let cases = [
        (
            json!([{"name": "a"}, {"name": "a", "issuer": "x"}]),
            "issuers[1].name: the name \"a\" is taken by issuers[0]",
        ),
        (json!([{"name": "a", "issuer": "x"}, {"name": "b"}, {"name": "c"}]), "issuers[2]: needs an \"issuer\""),
        (
            json!([{"name": "a", "issuer": "x"}, {"name": "b", "issuer": "y"}, {"name": "c", "issuer": "x"}]),
            "issuers[2].issuer: the tokens of \"x\" go to issuers[0]",
        ),
    ];
    for (issuers, want) in cases {
        let issuers: Vec<Value> = issuers.as_array().unwrap().iter().map(|more| issuer("", more)).collect();
        let errors = compile(json!({"issuers": issuers})).expect_err(want);
        assert_eq!(errors.len(), 1, "{errors}");
        assert!(errors.to_string().starts_with(&format!("authenticators.users.{want}")), "{errors}");
    }
    let named = [issuer("a", &json!({})), issuer("b", &json!({})), issuer("c", &json!({"issuer": "c"}))];
    assert!(compile(json!({"issuers": named, "key_claim": "/iss"})).is_ok());
}

#[test]
fn the_payload_has_a_header_of_its_own() {
    let config = json!({
        "issuers": [issuer("a", &json!({}))], "forward_payload_header": "x-a",
        "claims_to_headers": [{"claim": "/a", "header": "x-a"}],
    });
    let errors = compile(config).unwrap_err().to_string();
    assert_eq!(errors, "authenticators.users.forward_payload_header: the header is one of \"claims_to_headers\"");
}

#[test]
fn all_errors_are_told() {
    let config = json!({"max_token_size": "0B", "issuers": [
        issuer("a", &json!({"algorithms": ["RS256"], "consumer": {}})),
        issuer("b", &json!({"keys": {"secret": {"value": "short"}}}))]});
    let errors = compile(config).unwrap_err();
    let paths: Vec<&str> = errors.iter().map(ConfigError::path).collect();
    let want =
        ["issuers[1]", "max_token_size", "issuers[0].algorithms", "issuers[0].consumer", "issuers[1].keys.secret"];
    assert_eq!(paths, want.map(|path| format!("authenticators.users.{path}")));
}
