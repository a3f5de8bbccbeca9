use proptest::prelude::*;
use serde_json::{Value, json};
use sluicegate_common::config::ConfigErrors;
use sluicegate_common::head::{HeadState, HeaderMap, HeaderSource};
use sluicegate_common::path::query;
use sluicegate_common::proxy::Status;

use super::*;

pub(crate) mod conformance;

/// The fields of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request(pub Vec<(String, Vec<u8>)>);

impl Request {
    pub fn new<V: AsRef<[u8]>>(fields: &[(&str, V)]) -> Self {
        Self(fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_ref().to_vec())).collect())
    }

    /// The credential and whether it came by cookies alone.
    pub fn find(&self, sources: &Sources) -> Result<Option<(Vec<u8>, bool)>, Reason> {
        let (mut state, facts) = (HeadState::default(), Facts::default());
        let head = RequestHead::new(self, &mut state);
        let shown = sources.find(&head, &facts)?;
        Ok(shown.map(|shown| (shown.credential.to_vec(), shown.by_cookie)))
    }

    pub fn hidden(&self, sources: &Sources) -> Self {
        let mut state = HeadState::default();
        let mut head = RequestHead::new(self, &mut state);
        sources.hide(&mut head).unwrap();
        let fields = head.iter().map(|(name, value)| (String::from_utf8(name.to_vec()).unwrap(), value.to_vec()));
        Self(fields.collect())
    }

    pub fn values(&self, name: &str) -> Vec<String> {
        let values = self.0.iter().filter(|(found, _)| found == name);
        values.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
    }
}

impl HeaderSource for Request {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        Ok(self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone()))
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        HeaderMap::parse(HeaderMap::serialize(&self.0))
    }
}

pub(crate) fn sources(from: Value) -> Sources {
    deserr::deserialize::<Sources, _, ConfigErrors>(from).unwrap()
}

fn bearer() -> Sources {
    sources(json!([{"header": "Authorization", "prefix": "Bearer "}]))
}

fn key() -> Sources {
    sources(json!([{"header": "x-api-key"}, {"query": "api_key"}, {"cookie": "key"}]))
}

/// What is found, escaped.
type Found<T> = Result<Option<T>, Reason>;

const NONE: Found<&str> = Ok(None);
const MALFORMED: Found<&str> = Err(Reason::Malformed);

/// The fields of a request, and what is found there.
type Case<'a> = (&'a [(&'a str, &'a str)], Found<&'a str>);

fn found(request: &Request, sources: &Sources) -> Found<String> {
    let shown = request.find(sources)?;
    Ok(shown.map(|(credential, _)| credential.escape_ascii().to_string()))
}

fn check(sources: &Sources, cases: &[Case<'_>]) {
    for (fields, want) in cases {
        let want = want.map(|credential| credential.map(str::to_owned));
        assert_eq!(found(&Request::new(fields), sources), want, "{fields:?}");
    }
}

#[test]
fn a_scheme() {
    check(
        &bearer(),
        &[
            (&[], NONE),
            (&[("authorization", "Bearer T")], Ok(Some("T"))),
            (&[("authorization", "bEARER T")], Ok(Some("T"))),
            (&[("Authorization", "Bearer T")], Ok(Some("T"))),
            (&[("authorization", "Bearer   T")], Ok(Some("T"))), // RFC 9110 section 11.4: 1*SP
            (&[("authorization", " Bearer T\t")], Ok(Some("T"))), // section 5.5: blanks around a value are none of it
            (&[("authorization", "")], NONE),
            (&[("authorization", "Bearer")], NONE),
            (&[("authorization", "Bearer ")], NONE),
            (&[("authorization", "T")], NONE),
            (&[("authorization", "BearerT")], NONE),
            (&[("authorization", "Bearer\tT")], NONE),
            (&[("authorization", "Basic dTpw")], NONE),
            (&[("authorization", "Digest username=\"u\", realm=\"r\", uri=\"/\"")], NONE),
            (&[("proxy-authorization", "Bearer T")], NONE),
            (&[("authorization", "Bearer T x")], MALFORMED),
            (&[("authorization", "Bearer \"T\"")], MALFORMED),
            (&[("authorization", "Bearer T\0")], MALFORMED),
            (&[("authorization", "Bearer T\u{7f}")], MALFORMED),
            (&[("authorization", "Bearer T"), ("authorization", "Bearer T")], MALFORMED),
            (&[("authorization", "Bearer T"), ("Authorization", "Basic dTpw")], MALFORMED),
            (&[("authorization", "Bearer T,Bearer T")], MALFORMED),
            (&[("authorization", "Basic dTpw,Bearer T")], MALFORMED),
            (&[("authorization", "Bearer T,")], MALFORMED),
            (&[("authorization", ",Bearer")], MALFORMED),
        ],
    );
}

#[test]
fn a_key() {
    check(
        &key(),
        &[
            (&[(":path", "/?api_key")], NONE),
            (&[("x-api-key", "")], NONE),
            (&[("x-api-key", " ")], NONE),
            (&[("x-api-key", " K ")], Ok(Some("K"))),
            (&[("x-api-key", "Bearer K")], Ok(Some("Bearer K"))),
            (&[("x-api-key", "K=\"1\"")], Ok(Some("K=\\\"1\\\""))),
            (&[("x-api-key", "K"), ("x-api-key", "K")], MALFORMED),
            (&[("x-api-key", "K"), ("X-Api-Key", "")], MALFORMED),
            (&[("x-api-key", "K,bad")], MALFORMED),
            (&[("x-api-key", ",")], MALFORMED),
            (&[("x-api-key", "K\x01")], MALFORMED),
            (&[(":path", "/?a=1&api_key=K%2F+%25")], Ok(Some("K/ %"))),
            (&[(":path", "/?api%5Fkey=K")], Ok(Some("K"))),
            (&[(":path", "/?API_KEY=K")], NONE),
            (&[(":path", "/?api_key=")], NONE),
            (&[(":path", "/#?api_key")], NONE),
            (&[(":path", "/api_key=K")], NONE),
            (&[(":path", "/?api_key=K&api_key=K")], Ok(Some("K"))),
            (&[(":path", "/?api_key=K&api%5fkey=%4B")], Ok(Some("K"))),
            (&[(":path", "/?api_key=bad&api_key=K")], MALFORMED),
            (&[(":path", "/?api_key&api_key=K")], MALFORMED),
            (&[(":path", "/?api_key=K%00")], MALFORMED),
            (&[(":path", "/?api_key=K%0d%0a")], MALFORMED),
            (&[("cookie", "key=K")], Ok(Some("K"))),
            (&[("cookie", "a=1;  key = K ;b=2")], Ok(Some("K"))),
            (&[("cookie", "key=\"K\"")], Ok(Some("K"))),
            (&[("cookie", "key=%4B")], Ok(Some("%4B"))),
            (&[("cookie", "KEY=K")], NONE),
            (&[("cookie", "key=")], NONE),
            (&[("cookie", "key=\"\"")], NONE),
            (&[("cookie", "a=1"), ("cookie", "key=K")], Ok(Some("K"))),
            (&[("cookie", "key=K; key=K")], Ok(Some("K"))),
            (&[("cookie", "key=K; key=bad")], MALFORMED),
            (&[("cookie", "key=bad"), ("cookie", "key=K")], MALFORMED),
            (&[("cookie", "key=\x01")], MALFORMED),
            (&[("x-api-key", "K"), (":path", "/?api_key=K"), ("cookie", "key=K")], Ok(Some("K"))),
            (&[("x-api-key", "K"), (":path", "/?api_key=bad")], MALFORMED),
            (&[("x-api-key", "K"), ("cookie", "key=bad")], MALFORMED),
            (&[("x-api-key", "K"), ("cookie", "key=\x01")], MALFORMED),
            (&[("x-api-key", "K"), (":path", "/?api_key="), ("cookie", "key=")], Ok(Some("K"))),
        ],
    );
}

#[test]
fn a_prefix_that_is_no_scheme() {
    let sources = sources(json!([
        {"header": "x-key", "prefix": "key-"},
        {"query": "q", "prefix": "Bearer "},
        {"cookie": "c", "prefix": "s:"}
    ]));
    check(
        &sources,
        &[
            (&[("x-key", "key-K")], Ok(Some("K"))),
            (&[("x-key", "KEY-K")], NONE),
            (&[("x-key", "key-")], NONE),
            (&[("x-key", "K")], NONE),
            (&[("x-key", "K"), ("x-key", "key-K")], MALFORMED),
            (&[(":path", "/?q=bearer%20K")], Ok(Some("K"))),
            (&[(":path", "/?q=K")], NONE),
            (&[("cookie", "c=s:K")], Ok(Some("K"))),
            (&[("cookie", "c=s%3AK")], NONE),
        ],
    );
}

#[test]
fn bytes_that_are_no_text() {
    assert_eq!(Request::new(&[("x-api-key", b"\xff")]).find(&key()), Ok(Some((b"\xff".to_vec(), false))));
}

#[test]
fn by_cookie_alone() {
    let by_cookie = |fields: &[(&str, &str)]| Request::new(fields).find(&key()).unwrap().unwrap().1;
    assert!(by_cookie(&[("cookie", "key=K")]));
    assert!(!by_cookie(&[("cookie", "key=K"), ("x-api-key", "K")]));
    assert!(!by_cookie(&[("cookie", "key=K"), (":path", "/?api_key=K")]));
}

#[test]
fn no_credential_in_debug_output() {
    let shown = Shown { credential: b"secret", by_cookie: false };
    assert_eq!(format!("{shown:?}"), "Shown { by_cookie: false, .. }");
}

#[test]
fn hides() {
    let all = sources(json!([
        {"header": "authorization", "prefix": "Bearer "}, {"header": "x-api-key"}, {"query": "api_key"}, {"cookie": "key"}
    ]));
    let cases: [(&str, &[&str], &[&str]); 23] = [
        ("authorization", &["Bearer T"], &[]),
        ("authorization", &["bearer T"], &[]),
        ("authorization", &["Bearer"], &[]),
        ("authorization", &["Bearer T", "Bearer x"], &[]),
        ("authorization", &["Basic dTpw,Bearer T"], &[]),
        ("authorization", &["Basic dTpw"], &["Basic dTpw"]),
        ("x-api-key", &["K", "L"], &[]),
        ("x-api-key", &[""], &[]),
        (":path", &["/?a=1&api_key=K&b=%20"], &["/?a=1&b=%20"]),
        (":path", &["/p?api_key=K"], &["/p"]),
        (":path", &["/p?api_key"], &["/p"]),
        (":path", &["/p?api%5Fkey=K&api_key=L&"], &["/p"]),
        (":path", &["/p?x&&api_key=K&&y=?&"], &["/p?x&&&y=?&"]),
        (":path", &["/p?API_KEY=K"], &["/p?API_KEY=K"]),
        (":path", &["/api_key=K?"], &["/api_key=K?"]),
        ("cookie", &["key=K"], &[]),
        ("cookie", &["a=1; key=K; b=\"2\""], &["a=1; b=\"2\""]),
        ("cookie", &["key=K; a=1"], &["a=1"]),
        ("cookie", &["key=K;key=L", "a=1"], &["a=1"]),
        ("cookie", &["a=1", "b=2; key=K", "c=3"], &["a=1", "b=2", "c=3"]),
        ("cookie", &["a=1;; key"], &["a=1;; key"]),
        ("cookie", &["Key=K"], &["Key=K"]),
        ("x-other", &["K"], &["K"]),
    ];
    for (name, given, want) in cases {
        let fields: Vec<(&str, &str)> = given.iter().map(|value| (name, *value)).collect();
        assert_eq!(Request::new(&fields).hidden(&all).values(name), want, "{name}: {given:?}");
    }
}

#[test]
fn a_target_that_cannot_be_written_back() {
    let request = Request::new(&[(":path", "/\n?api_key=K")]);
    let mut state = HeadState::default();
    let hidden = key().hide(&mut RequestHead::new(&request, &mut state));
    assert_eq!(hidden, Err(EditError::Value(":path".to_owned())));
}

#[test]
fn configs() {
    let cases = [
        (json!([]), "config: names no place: no credential could be shown"),
        (json!({}), "config: expected an array, found an object"),
        (json!([{}]), "[0]: needs one of \"header\", \"query\" and \"cookie\""),
        (json!([{"prefix": "Bearer "}]), "[0]: needs one of \"header\", \"query\" and \"cookie\""),
        (
            json!([{"query": "a"}, {"header": "a", "cookie": "a"}]),
            "[1]: needs one of \"header\", \"query\" and \"cookie\"",
        ),
        (json!([{"headr": "a"}]), "[0].headr: unknown field, did you mean \"header\"?"),
        (
            json!([{"header": ":path"}]),
            "[0].header: expected a header name such as \"x-correlation-id\", found \":path\"",
        ),
        (json!([{"header": "Cookie"}]), "[0].header: expected a header of its own for credentials, found \"cookie\""),
        (json!([{"query": ""}]), "[0].query: expected the name of a parameter, decoded, found \"\""),
        (
            json!([{"cookie": "a b"}]),
            "[0].cookie: expected the name of a cookie, a token (RFC 6265 section 4.1.1), found \"a b\"",
        ),
        (
            json!([{"header": "authorization", "prefix": "Bearer"}]),
            "[0].prefix: expected a scheme and a blank such as \"Bearer \" (RFC 9110 section 11.4), found no blank",
        ),
        (
            json!([{"query": "a", "prefix": ""}]),
            "[0].prefix: expected a prefix such as \"Bearer \" (a scheme and a blank) or \"key-\" (no blanks, no comma), found \"\"",
        ),
    ];
    for (from, want) in cases {
        let errors = deserr::deserialize::<Sources, _, ConfigErrors>(from.clone()).map_err(|errors| errors.to_string());
        assert_eq!(errors, Err(want.to_owned()), "{from}");
    }
    for prefix in [" ", "  ", "Bearer  ", "a b ", "k-, ", "a,b", " a", "a\tb", "\u{e9}"] {
        let from = json!([{"query": "a", "prefix": prefix}]);
        assert!(deserr::deserialize::<Sources, _, ConfigErrors>(from).is_err(), "{prefix:?}");
    }
    assert_eq!(bearer(), Sources::authorization("Bearer"));
}

/// Text out of the bytes that mean something in queries and cookie lines, with the credential's names among them.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec!["api_key", "api%5Fkey", "api_key=K", "key=K", "key", "\"", "%", "+", "?", " "]),
        4 => prop::sample::select(vec!["&", ";", "=", "; ", ","]),
        1 => prop::sample::select(vec!["a", "b=2", "%20", "\u{e9}"]),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_hidden_is_found_no_more(
        path in text(), cookies in prop::collection::vec(text(), 0..3), lines in prop::collection::vec(text(), 0..3),
    ) {
        let mut request = Request::new(&[(":path", format!("/p?{path}"))]);
        request.0.extend(cookies.into_iter().map(|line| ("cookie".to_owned(), line.into_bytes())));
        request.0.extend(lines.into_iter().map(|line| ("x-api-key".to_owned(), line.into_bytes())));
        prop_assert_eq!(request.hidden(&key()).find(&key()), Ok(None));
    }

    #[test]
    fn other_parameters_keep_their_bytes(text in text()) {
        let hidden = Request::new(&[(":path", format!("/p?{text}"))]).hidden(&key());
        let parts: Vec<&str> = text.split('&').collect();
        let is_key = |part: &str| *query::decoded(part.split('=').next().unwrap().as_bytes()) == *b"api_key";
        let left: Vec<&str> = parts.iter().copied().filter(|part| !is_key(part)).collect();
        let nothing_left = left.len() < parts.len() && left.concat().is_empty();
        let want = if nothing_left { "/p".to_owned() } else { format!("/p?{}", left.join("&")) };
        prop_assert_eq!(&hidden.0[0].1, want.as_bytes());
    }

    #[test]
    fn other_cookies_keep_their_bytes(text in text()) {
        let hidden = Request::new(&[("cookie", &text)]).hidden(&key());
        let is_key = |part: &str| part.split_once('=').is_some_and(|(name, _)| name.trim_ascii() == "key");
        let parts: Vec<&str> = text.split(';').collect();
        let left: Vec<&str> = parts.iter().copied().filter(|part| !is_key(part)).collect();
        let nothing_left = left.len() < parts.len() && left.concat().trim_ascii().is_empty();
        let line = left.join(";");
        // What now begins the line needs no blank before it.
        let line = if is_key(parts[0]) { line.trim_ascii_start() } else { &line };
        let want = if nothing_left { vec![] } else { vec![("cookie".to_owned(), line.as_bytes().to_vec())] };
        prop_assert_eq!(hidden.0, want);
    }
}
