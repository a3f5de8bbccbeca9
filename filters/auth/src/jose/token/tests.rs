use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use proptest::prelude::*;

use super::*;

const HEADER: &str = r#"{"alg":"HS256","kid":"a","typ":"JWT"}"#;

fn part(json: &str) -> String {
    BASE64URL.encode(json)
}

fn token(header: &str, payload: &str) -> String {
    format!("{}.{}.c2ln", part(header), part(payload))
}

fn parse(token: &str) -> Result<Token<'_>, Reason> {
    Token::parse(token.as_bytes(), 16 * 1024)
}

#[test]
fn says_what_stands_in_it() {
    let text = token(HEADER, r#"{"sub":"alice"}"#);
    let token = parse(&text).unwrap();
    assert_eq!((token.algorithm(), token.key_id(), token.media_type()), ("HS256", Some("a"), Some("JWT")));
    assert_eq!(token.signature(), b"sig");
    assert_eq!(token.signing_input(), text.strip_suffix(".c2ln").unwrap().as_bytes());
    assert_eq!(token.payload(), part(r#"{"sub":"alice"}"#).as_bytes());
    assert_eq!(token.claims().get("sub"), Some(&Value::from("alice")));
    assert_eq!(format!("{token:?}"), "Token { .. }");
    assert_eq!(token.into_claims().len(), 1);
}

#[test]
fn keys_that_a_header_carries_do_not_matter() {
    let header = r#"{"alg":"RS256","jwk":{"kty":"oct"},"jku":"https://a.example","x5u":1,"x5c":[],"x":null}"#;
    let text = token(header, "{}");
    let token = parse(&text).unwrap();
    assert_eq!((token.algorithm(), token.key_id(), token.media_type()), ("RS256", None, None));
}

#[test]
fn headers() {
    struct Case {
        name: &'static str,
        given: &'static str,
        want: bool,
    }
    let cases = [
        Case { name: "the least", given: r#"{"alg":"HS256"}"#, want: true },
        Case { name: "an escape", given: r#"{"\u0061lg":"HS256"}"#, want: true },
        Case { name: "white space", given: " {\t\"alg\": \"HS256\"\r\n} ", want: true },
        Case { name: "unknown field", given: r#"{"alg":"HS256","x":{"a":[1]}}"#, want: true },
        Case { name: "no alg", given: r#"{"typ":"JWT"}"#, want: false },
        Case { name: "alg in capitals", given: r#"{"ALG":"HS256"}"#, want: false },
        Case { name: "alg no string", given: r#"{"alg":["HS256"]}"#, want: false },
        Case { name: "alg null", given: r#"{"alg":null}"#, want: false },
        Case { name: "alg twice", given: r#"{"alg":"HS256","alg":"HS256"}"#, want: false },
        Case { name: "alg twice, once escaped", given: r#"{"alg":"HS256","\u0061lg":"none"}"#, want: false },
        Case { name: "unknown field twice", given: r#"{"alg":"HS256","x":{"a":1,"a":1}}"#, want: false },
        Case { name: "kid no string", given: r#"{"alg":"HS256","kid":1}"#, want: false },
        Case { name: "kid null", given: r#"{"alg":"HS256","kid":null}"#, want: false },
        Case { name: "typ no string", given: r#"{"alg":"HS256","typ":1}"#, want: false },
        Case { name: "crit", given: r#"{"alg":"HS256","crit":["exp"]}"#, want: false },
        Case { name: "crit null", given: r#"{"alg":"HS256","crit":null}"#, want: false },
        Case { name: "b64", given: r#"{"alg":"HS256","b64":true}"#, want: false },
        Case { name: "array", given: r#"[{"alg":"HS256"}]"#, want: false },
        Case { name: "trailing", given: r#"{"alg":"HS256"}x"#, want: false },
        Case { name: "byte order mark", given: "\u{feff}{\"alg\":\"HS256\"}", want: false },
        Case { name: "empty", given: "", want: false },
    ];
    for Case { name, given, want } in cases {
        verdict(name, &token(given, "{}"), want);
    }
}

#[test]
fn payloads() {
    let cases = [
        ("no claim", "{}", true),
        ("white space", " \n{}\t", true),
        ("depth", r#"{"a":[[[[{}]]]]}"#, true),
        ("a name twice", r#"{"exp":1,"exp":1}"#, false),
        ("a name twice, deep", r#"{"a":[{"b":1,"b":2}]}"#, false),
        ("array", "[{}]", false),
        ("string", r#""{}""#, false),
        ("null", "null", false),
        ("two", "{}{}", false),
        ("a trailing comma", r#"{"a":1,}"#, false),
        ("NaN", r#"{"exp":NaN}"#, false),
        ("out of range", r#"{"exp":1e400}"#, false),
        ("half a surrogate pair", r#"{"a":"\ud800"}"#, false),
        ("empty", "", false),
    ];
    for (name, given, want) in cases {
        verdict(name, &token(HEADER, given), want);
    }
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
    verdict("deeper than any", &token(HEADER, &deep), false);
    let not_utf8 = format!("{}.{}.c2ln", part(HEADER), BASE64URL.encode(b"{\"a\":\"\xff\"}"));
    verdict("not UTF-8", &not_utf8, false);
}

#[test]
fn spellings() {
    let (header, payload) = (part(HEADER), part(r#"{"a":"??>"}"#));
    let cases = [
        ("three parts", format!("{header}.{payload}.c2ln"), true),
        ("an empty signature", format!("{header}.{payload}."), true),
        ("two parts", format!("{header}.{payload}"), false),
        ("four parts", format!("{header}.{payload}.c2ln."), false),
        ("five parts: JWE", format!("{header}.{payload}.c2ln.c2ln.c2ln"), false),
        ("a dot in front", format!(".{header}.{payload}.c2ln"), false),
        ("no header", format!(".{payload}.c2ln"), false),
        ("no payload", format!("{header}..c2ln"), false),
        ("dots", "..".to_owned(), false),
        ("nothing", String::new(), false),
        ("padded", format!("{header}.{payload}.c2k="), false),
        ("trailing bits", format!("{header}.{payload}.c2l"), false),
        ("one letter", format!("{header}.{payload}.c2lnc"), false),
        ("the other alphabet", format!("{header}.{payload}.c2/+"), false),
        ("a space", format!("{header}.{payload}.c2ln "), false),
        ("a line break", format!("{header}.{payload}.c2\nln"), false),
        ("a zero byte", format!("{header}.{payload}.c2ln\0"), false),
        ("not ASCII", format!("{header}.{payload}.c2lé"), false),
        ("JSON serialization", r#"{"payload":"e30","signatures":[]}"#.to_owned(), false),
    ];
    for (name, given, want) in cases {
        verdict(name, &given, want);
    }
}

#[test]
fn size() {
    let text = token(HEADER, "{}");
    for (max, want) in [(text.len(), true), (text.len() - 1, false), (0, false)] {
        assert_eq!(Token::parse(text.as_bytes(), max).is_ok(), want, "{max}");
    }
}

#[test]
fn what_is_signed() {
    for (given, want) in [("a.b.c", "a.b"), ("a.b.", "a.b"), ("a", "a"), ("", ""), (".", "")] {
        assert_eq!(signing_input(given.as_bytes()), want.as_bytes(), "{given}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        _ = Token::parse(&bytes, 1000);
    }

    /// A token has one spelling: no other text decodes to the same three parts.
    #[test]
    fn a_changed_byte_changes_what_a_token_says(at: prop::sample::Index, byte: u8) {
        let text = token(HEADER, r#"{"sub":"alice","a":1}"#);
        let mut changed = text.clone().into_bytes();
        let at = at.index(changed.len());
        changed[at] = byte;
        let before = parse(&text).unwrap();
        if let Ok(after) = Token::parse(&changed, 1000) && changed != text.as_bytes() {
            prop_assert!(before.signing_input() != after.signing_input() || before.signature() != after.signature());
        }
    }
}

fn verdict(name: &str, token: &str, want: bool) {
    let found = parse(token).map(|_| ());
    assert_eq!(found, if want { Ok(()) } else { Err(Reason::Malformed) }, "{name}");
}
