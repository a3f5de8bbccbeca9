use std::cell::Cell;

use serde_json::json;
use sluicegate_common::config::{ConfigErrors, Env, Text as _};
use sluicegate_common::head::{HeadState, HeaderMap, HeaderSource};

use super::*;
use crate::jose::{Algorithm, Key, Token};

const SECRET: &str = "a secret of thirty-two bytes, say";

/// A host whose random bytes count up, or that has none.
#[derive(Default)]
struct Host {
    silent: bool,
    asked: Cell<u8>,
}

impl Proxy for Host {
    fn property(&self, _: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        Ok(None)
    }

    fn set_property(&self, _: &[&str], _: &[u8]) -> Result<(), Status> {
        Ok(())
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), Status> {
        self.asked.set(self.asked.get() + 1);
        bytes.fill(self.asked.get());
        if self.silent { Err(Status::Unimplemented) } else { Ok(()) }
    }

    fn define_counter(&self, _: &str) -> Result<u32, Status> {
        Ok(0)
    }

    fn increment(&self, _: u32, _: u32) -> Result<(), Status> {
        Ok(())
    }
}

struct Fields(Vec<(&'static str, String)>);

impl HeaderSource for Fields {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        Ok(self.0.iter().find(|(found, _)| *found == name).map(|(_, value)| value.clone().into_bytes()))
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        HeaderMap::parse(HeaderMap::serialize(&self.0))
    }
}

fn login(more: Value) -> Login {
    let mut config = json!({"path": "/auth/login", "claims": ["/id", "/email", "/role"], "key": {"value": SECRET}});
    if let (Value::Object(config), Value::Object(more)) = (&mut config, more) {
        config.extend(more);
    }
    let raw: Result<RawLogin, ConfigErrors> = deserr::deserialize(config);
    raw.unwrap().compile(&Env::default()).unwrap()
}

const NOW: Nanos = Nanos(1_780_000_000_999_999_999);

fn answer(login: &Login, body: &str) -> Result<Value, Unusable> {
    let answer = login.answer(body.as_bytes(), NOW, &Host::default())?;
    Ok(serde_json::from_slice(&answer).unwrap())
}

/// The claims of a token, whose signature was verified.
fn claims(answer: &Value, algorithm: Algorithm) -> Value {
    let token = Token::parse(answer["token"].as_str().unwrap().as_bytes(), 1 << 20).unwrap();
    assert_eq!(token.algorithm(), algorithm.name());
    let key = Key::from_secret(SECRET.as_bytes()).unwrap();
    assert!(key.verifies(algorithm, token.signing_input(), token.signature()));
    Value::Object(token.into_claims())
}

#[test]
fn the_answer_has_the_token_the_user_and_how_long() {
    let login = login(json!({"issuer": "https://gw.example", "audience": "api", "ttl": "90m"}));
    let answer =
        answer(&login, r#"{"id": 7, "email": "ada@example.com", "role": "admin", "passwordHash": "x"}"#).unwrap();
    assert_eq!(answer["user"], json!({"id": 7, "email": "ada@example.com", "role": "admin"}));
    assert_eq!(answer["expiresIn"], "90m");
    assert_eq!(answer.as_object().unwrap().len(), 3);
    let want = json!({
        "id": 7, "email": "ada@example.com", "role": "admin", "iss": "https://gw.example", "aud": "api",
        "iat": 1_780_000_000, "exp": 1_780_005_400, "jti": "AQEBAQEBAQEBAQEBAQEBAQ"
    });
    assert_eq!(claims(&answer, Algorithm::Hs256), want);
}

#[test]
fn no_two_tokens_have_one_id() {
    let (login, host) = (login(json!({})), Host::default());
    let mut ids: Vec<Value> = Vec::new();
    for _ in 0..3 {
        let answer = login.answer(br#"{"id": "a"}"#, NOW, &host).unwrap();
        ids.push(claims(&serde_json::from_slice(&answer).unwrap(), Algorithm::Hs256)["jti"].clone());
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[test]
fn claims_are_those_of_the_service_that_config_names() {
    struct Case {
        claims: Value,
        body: &'static str,
        user: Value,
    }
    let case = |claims, body, user| Case { claims, body, user };
    let cases = [
        case(json!(["/id", "/role"]), r#"{"id": "a"}"#, json!({"id": "a"})),
        case(json!(["/id", "/role"]), r#"{"id": "a", "role": null}"#, json!({"id": "a"})),
        case(json!(["/user/id"]), r#"{"user": {"id": 1, "x": 2}, "id": 3}"#, json!({"id": 1})),
        case(json!(["/id", "/roles"]), r#"{"id": "a", "roles": ["x", "y"]}"#, json!({"id": "a", "roles": ["x", "y"]})),
        case(json!(["/id", "/user"]), r#"{"id": "a", "user": {"b": [1.5]}}"#, json!({"id": "a", "user": {"b": [1.5]}})),
        case(json!(["/id"]), r#"{"id": "a", "iat": 1, "exp": 4102444800, "jti": "x", "iss": "y"}"#, json!({"id": "a"})),
        case(json!(["/id"]), "{\"id\": \"a\\u0000\u{e9}\\\"\"}", json!({"id": "a\0\u{e9}\""})),
        case(json!(["/sub"]), r#"{"sub": "a"}"#, json!({"sub": "a"})),
    ];
    for Case { claims: picked, body, user } in cases {
        let found = answer(&login(json!({"claims": picked})), body).unwrap();
        assert_eq!(found["user"], user, "{body}");
        let mut want = user.as_object().unwrap().clone();
        want.insert("iat".into(), 1_780_000_000.into());
        want.insert("exp".into(), 1_780_086_400.into());
        want.insert("jti".into(), "AQEBAQEBAQEBAQEBAQEBAQ".into());
        assert_eq!(claims(&found, Algorithm::Hs256), Value::Object(want), "{body}");
    }
}

#[test]
fn a_subject_is_text_in_the_token() {
    let found = answer(&login(json!({"claims": ["/sub"]})), r#"{"sub": 7}"#).unwrap();
    assert_eq!(found["user"], json!({"sub": 7}));
    assert_eq!(claims(&found, Algorithm::Hs256)["sub"], "7");
}

#[test]
fn what_no_token_can_be_made_of() {
    let deep = format!("{{\"id\": 1, \"x\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let cases = [
        ("", Unusable::NoObject),
        ("[]", Unusable::NoObject),
        ("null", Unusable::NoObject),
        (r#"[{"id": 1}]"#, Unusable::NoObject),
        (r#""{\"id\": 1}""#, Unusable::NoObject),
        (r#"{"id": 1"#, Unusable::NoObject),
        (r#"{"id": 1} {"id": 2}"#, Unusable::NoObject),
        (r#"{"id": 1, "id": 2}"#, Unusable::NoObject),
        (r#"{"id": 1, "x": {"y": 1, "y": 2}}"#, Unusable::NoObject),
        ("{\"id\": \"a\0\"}", Unusable::NoObject),
        ("\0\0\0\0", Unusable::NoObject),
        ("\u{feff}{\"id\": 1}", Unusable::NoObject),
        ("<html>", Unusable::NoObject),
        (&deep, Unusable::NoObject),
        ("{}", Unusable::NoUser),
        (r#"{"email": "ada@example.com"}"#, Unusable::NoUser),
        (r#"{"id": null}"#, Unusable::NoUser),
        (r#"{"id": ""}"#, Unusable::NoUser),
        (r#"{"id": true}"#, Unusable::NoUser),
        (r#"{"id": 1.5}"#, Unusable::NoUser),
        (r#"{"id": 99999999999999999999999}"#, Unusable::NoUser),
        (r#"{"id": {"a": 1}}"#, Unusable::NoUser),
        (r#"{"id": ["a"]}"#, Unusable::NoUser),
        (r#"{"id": 1, "role": 99999999999999999999999}"#, Unusable::Inexact),
    ];
    for (body, want) in cases {
        assert_eq!(answer(&login(json!({})), body), Err(want), "{}", body.get(..40).unwrap_or(body));
    }
    let latin = login(json!({})).answer(b"{\"id\": \"\xe9\"}", NOW, &Host::default());
    assert_eq!(latin, Err(Unusable::NoObject));
    let subject = login(json!({"claims": ["/id", "/sub"]}));
    assert_eq!(answer(&subject, r#"{"id": 1, "sub": {}}"#), Err(Unusable::NoUser));
    let silent = login(json!({})).answer(b"{\"id\": 1}", NOW, &Host { silent: true, ..Host::default() });
    assert_eq!(silent, Err(Unusable::Random(Status::Unimplemented)));
}

#[test]
fn a_login_is_on_one_of_the_hosts() {
    let is_for = |hosts: &Value, target: &str, fields: &[(&'static str, &str)]| {
        let post = [(":method", "POST"), (":path", target)];
        let fields = post.iter().chain(fields).map(|(name, value)| (*name, (*value).to_owned())).collect();
        let fields = Fields(fields);
        login(json!({"hosts": hosts})).is_for(&RequestHead::new(&fields, &mut HeadState::default()), &Facts::default())
    };
    let some = json!(["api.example.com", "*.example.net"]);
    let cases = [
        ("api.example.com", true),
        ("api.example.com:8443", true),
        ("API.Example.COM", true),
        ("api.example.com.", true),
        ("a.example.net", true),
        ("example.net", false),
        ("example.com", false),
        ("other.example.com", false),
        ("x.api.example.com", false),
        ("api.example.com..", false),
        ("api.example.com,other.example.com", false),
        ("", false),
    ];
    for (host, want) in cases {
        for spelled in ["/auth/login", "/Auth/Login"] {
            assert_eq!(is_for(&some, spelled, &[("host", host)]), want, "{host} {spelled}");
        }
        assert!(!is_for(&some, "/other", &[("host", host)]), "{host}");
        assert!(is_for(&Value::Null, "/auth/login", &[("host", host)]), "{host}");
    }
    // Kong's engine says its server's name there; what a client forwards counts as little.
    let other = [("host", "other.example.com"), (":authority", "api.example.com")];
    assert!(!is_for(&some, "/auth/login", &other));
    assert!(!is_for(&some, "/auth/login", &[("host", "other.example.com"), ("x-forwarded-host", "api.example.com")]));
    assert!(is_for(&some, "/auth/login", &[(":authority", "api.example.com")]));
    assert!(!is_for(&some, "/auth/login", &[]));
}

/// What becomes of an answer with these fields, and the head as the client would see it.
fn take(login: &Login, fields: &[(&'static str, &str)]) -> (Option<Result<TakeBody, Unusable>>, HeadState) {
    let fields = Fields(fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect());
    let mut state = HeadState::default();
    let mut head = ResponseHead::new(&fields, &mut state);
    let said = head.status().map_or(Said::Nothing, Said::Status);
    (login.take(said, &mut head), state)
}

#[test]
fn what_the_service_said_counts_and_not_what_was_made_of_it() {
    let of = |said, status: &str| {
        let fields = Fields(vec![(":status", status.to_owned())]);
        login(json!({})).take(said, &mut ResponseHead::new(&fields, &mut HeadState::default()))
    };
    let whole = Some(Ok(TakeBody::Whole { limit: 65_536, hold_head: false }));
    assert_eq!(of(Said::Status(200), "200"), whole);
    assert_eq!(of(Said::Status(200), "202"), whole);
    assert_eq!(of(Said::Status(401), "200"), None);
    assert_eq!(of(Said::Nothing, "200"), None);
    assert_eq!(of(Said::Unknown, "200"), Some(Err(Unusable::Unattributed)));
    assert_eq!(of(Said::Unknown, "503"), None);
}

#[test]
fn the_head_of_an_answer_says_whether_a_token_can_come_of_it() {
    let whole = Some(Ok(TakeBody::Whole { limit: 100, hold_head: false }));
    let json = ("content-type", "application/json");
    let cases: &[(&[(&str, &str)], _)] = &[
        (&[(":status", "200"), json], whole),
        (&[(":status", "200")], whole),
        (&[(":status", "200"), ("content-type", "application/vnd.api+json; charset=utf-8")], whole),
        (&[(":status", "200"), ("content-type", "Application/JSON")], whole),
        (&[(":status", "200"), json, ("content-encoding", "identity")], whole),
        (&[(":status", "200"), json, ("content-length", "100")], whole),
        (&[(":status", "200"), json, ("content-length", "101")], Some(Err(Unusable::Body(BodyError::TooLarge)))),
        (&[(":status", "200"), json, ("content-length", "0")], Some(Err(Unusable::Empty))),
        (&[(":status", "200"), json, ("content-encoding", "gzip")], Some(Err(Unusable::Encoded))),
        (&[(":status", "200"), ("content-type", "text/html")], Some(Err(Unusable::NotJson))),
        (&[(":status", "200"), ("content-type", "application/jsonp")], Some(Err(Unusable::NotJson))),
        (&[(":status", "201"), json], None),
        (&[(":status", "204")], None),
        (&[(":status", "401"), json, ("content-encoding", "gzip")], None),
        (&[(":status", "503")], None),
        (&[], None),
    ];
    for (fields, want) in cases {
        assert_eq!(take(&login(json!({"max_body": "100B"})), fields).0, *want, "{fields:?}");
    }
    let (holding, _) = take(&login(json!({"hold_head": true})), &[(":status", "200")]);
    assert_eq!(holding, Some(Ok(TakeBody::Whole { limit: 65_536, hold_head: true })));
}

#[test]
fn a_token_is_not_stored_on_the_way() {
    let fields = [(":status", "200"), ("content-type", "application/vnd.api+json"), ("cache-control", "max-age=60")];
    let (_, mut state) = take(&login(json!({})), &fields);
    let host = Fields(fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect());
    let head = ResponseHead::new(&host, &mut state);
    assert_eq!(head.get("content-type"), Some(&b"application/json"[..]));
    assert_eq!(head.values("cache-control").collect::<Vec<_>>(), [b"no-store"]);
}

#[test]
fn the_reply_gives_nothing_away() {
    let reply = failed(Unusable::NoUser);
    assert_eq!((reply.status(), reply.code()), (502, CODE));
    assert_eq!(Ttl::parse("1m").unwrap().period, Duration::from_secs(60));
}
