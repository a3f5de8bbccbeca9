use super::{Accept, Generator, IdHeader, MAX_ACCEPTED, RequestId, is_valid};
use crate::config::{FromConfig, Object, read};
use crate::time::Nanos;
use proptest::prelude::*;
use serde_json::json;

#[test]
fn what_is_valid() {
    let longest = [b'a'; 128];
    let too_long = [b'a'; 129];
    let cases: [(&[u8], bool); 15] = [
        (b"8-bytes.", true),
        (b"7-bytes", false),
        (&longest, true),
        (&too_long, false),
        (b"", false),
        (b"gw-1764000000000-4fzyo82m", true),
        (b"919108f7-52d1-4320-9bac-f847db4148a8", true),
        (b"AZaz09._-", true),
        (b"with space", false),
        (b"semi;colon", false),
        (b"quote\"quote", false),
        (b"new\r\nline", false),
        (b"tab\ttabtab", false),
        (b"nul\0nulnul", false),
        (b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8", false),
    ];
    for (id, want) in cases {
        assert_eq!(is_valid(id), want, "{}", id.escape_ascii());
    }
}

#[test]
fn which_id_a_request_has() {
    struct Case {
        name: &'static str,
        client: Option<&'static [u8]>,
        envoy: Option<&'static [u8]>,
        valid: Option<&'static [u8]>,
        never: Option<&'static [u8]>,
        always: Option<&'static [u8]>,
    }
    const GOOD: Option<&[u8]> = Some(b"client-0001");
    const ODD: Option<&[u8]> = Some(b"id \xe4 1");
    const EVIL: Option<&[u8]> = Some(b"client-0001\r\nx: y");
    const ENVOY: Option<&[u8]> = Some(b"0f1e2d3c-0000-4000-8000-000000000000");
    const LONG: Option<&[u8]> = Some(&[b'x'; MAX_ACCEPTED]);
    const ENDLESS: Option<&[u8]> = Some(&[b'x'; MAX_ACCEPTED + 1]);
    let cases = [
        Case { name: "none", client: None, envoy: None, valid: None, never: None, always: None },
        Case { name: "only Envoy's", client: None, envoy: ENVOY, valid: ENVOY, never: None, always: ENVOY },
        Case { name: "a valid one", client: GOOD, envoy: ENVOY, valid: GOOD, never: None, always: GOOD },
        Case { name: "an odd one", client: ODD, envoy: ENVOY, valid: ENVOY, never: None, always: ODD },
        Case { name: "an odd one alone", client: ODD, envoy: None, valid: None, never: None, always: ODD },
        Case { name: "a line break", client: EVIL, envoy: ENVOY, valid: ENVOY, never: None, always: ENVOY },
        Case { name: "an empty one", client: Some(b""), envoy: ENVOY, valid: ENVOY, never: None, always: ENVOY },
        Case { name: "the longest", client: LONG, envoy: None, valid: None, never: None, always: LONG },
        Case { name: "too long", client: ENDLESS, envoy: None, valid: None, never: None, always: None },
        Case { name: "Envoy's is forged", client: None, envoy: ODD, valid: None, never: None, always: None },
    ];
    for Case { name, client, envoy, valid, never, always } in cases {
        for (accept, want) in [(Accept::Valid, valid), (Accept::Never, never), (Accept::Always, always)] {
            let block = RequestId { accept, ..RequestId::default() };
            assert_eq!(block.choose(client, envoy), want, "{name}, {accept:?}");
        }
    }
}

#[test]
fn the_generator_is_chosen() {
    let now = Nanos(1_700_000_000_000_000_000);
    for (generator, version) in [(Generator::Uuid4, b'4'), (Generator::Uuid7, b'7')] {
        let id = RequestId { generator, ..RequestId::default() }.generate(now, [0xaa; 16]);
        assert_eq!(id[14], version, "{generator:?}");
    }
}

#[derive(Debug, FromConfig)]
struct Config {
    #[config(default)]
    request_id: RequestId,
}

fn parse(block: serde_json::Value) -> Result<RequestId, String> {
    let object = Object::from_iter([("request_id".to_owned(), block)]);
    read::<Config>(object).map(|config| config.request_id).map_err(|errors| errors.to_string())
}

#[test]
fn configs_that_are_taken() {
    let block = || RequestId { given: true, ..RequestId::default() };
    let cases = [
        (json!({}), block()),
        (json!({"header": "X-Request-ID"}), RequestId { header: IdHeader("x-request-id".into()), ..block() }),
        (
            json!({"header": "x-correlation-id", "accept": "always", "generator": "uuid7", "echo": false}),
            RequestId { accept: Accept::Always, generator: Generator::Uuid7, echo: false, ..block() },
        ),
        (json!({"accept": "never", "generator": "uuid4"}), RequestId { accept: Accept::Never, ..block() }),
    ];
    for (given, want) in cases {
        assert_eq!(parse(given.clone()), Ok(want), "{given}");
    }
    assert_eq!(RequestId::default(), RequestId { given: false, ..block() });
    assert_eq!(block().header(), "x-correlation-id");
    assert!(block().echo);
}

#[test]
fn configs_that_are_refused() {
    let header = "request_id.header: expected a header of its own such as \"x-correlation-id\"";
    let cases = [
        (json!({"header": "content-length"}), header),
        (json!({"header": "host"}), header),
        (json!({"header": "Content-Type"}), header),
        (json!({"header": "x-forwarded-proto"}), header),
        (json!({"header": "x-envoy-original-dst-host"}), header),
        (json!({"header": ":path"}), header),
        (json!({"header": "a\r\nb"}), header),
        (json!({"header": ""}), header),
        (json!({"header": 1}), "request_id.header"),
        (json!({"accept": "maybe"}), "request_id.accept"),
        (json!({"generator": "uuid1"}), "request_id.generator"),
        (json!({"echo": "yes"}), "request_id.echo"),
        (json!({"headers": "x-id"}), "request_id.headers"),
    ];
    for (given, want) in cases {
        let errors = parse(given.clone()).expect_err(&given.to_string());
        assert!(errors.contains(want), "{given}: expected {want:?}, found {errors}");
    }
}

/// Valid ones and any bytes.
fn an_id() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof!["[A-Za-z0-9._-]{8,128}".prop_map(String::into_bytes), any::<Vec<u8>>()]
}

proptest! {
    #[test]
    fn a_chosen_id_can_be_written(client in an_id(), envoy in an_id()) {
        for accept in [Accept::Valid, Accept::Never, Accept::Always] {
            let block = RequestId { accept, ..RequestId::default() };
            if let Some(id) = block.choose(Some(&client), Some(&envoy)) {
                prop_assert!(!id.is_empty() && id.len() <= MAX_ACCEPTED);
                prop_assert!(crate::reply::is_field_value(id));
            }
        }
    }
}
