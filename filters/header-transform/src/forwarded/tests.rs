use proptest::prelude::*;

use super::*;

const CASES: u32 = 10_000;

#[test]
fn clients() {
    let cases = [
        ("192.0.2.7", "for=192.0.2.7"),
        ("2001:db8::7", "for=\"[2001:db8::7]\""),
        ("::ffff:192.0.2.7", "for=\"[::ffff:192.0.2.7]\""),
        ("no address", "for=unknown"),
    ];
    for (client, want) in cases {
        let found = element(client.parse().ok(), b"a", Some(b"https"));
        assert_eq!(found, format!("{want};host=a;proto=https").into_bytes(), "{client}");
    }
}

#[test]
fn hosts_and_protocols() {
    let cases: [(&[u8], &[u8], &[u8]); 13] = [
        (b"api.example.com", b"https", b";host=api.example.com;proto=https"),
        (b"", b"", b""),
        (b"a", b"", b";host=a"),
        (b"", b"http", b";proto=http"),
        (b"a:8443", b"", b";host=\"a:8443\""),
        (b"[::1]:80", b"", b";host=\"[::1]:80\""),
        (b"a\"b\\c", b"", br#";host="a\"b\\c""#),
        (b"a, for=10.0.0.1;by=x", b"", b";host=\"a, for=10.0.0.1;by=x\""),
        (b"a\", for=10.0.0.1", b"", b";host=\"a\\\", for=10.0.0.1\""),
        (b"a\tb", b"", b";host=\"a\tb\""),
        (b"a\r\nb: c", b"https", b";proto=https"),
        (b"a\x7f", b"\0", b""),
        (b"\xe4", b"", b";host=\"\xe4\""),
    ];
    for (host, proto, want) in cases {
        let want = [b"for=unknown", want].concat();
        assert_eq!(element(None, host, Some(proto)), want, "{} {}", host.escape_ascii(), proto.escape_ascii());
    }
    assert_eq!(element(None, b"a", None), b"for=unknown;host=a");
}

/// Reads a parameter's value as a recipient does, which must take in all of `text`.
fn read(text: &[u8]) -> Option<Vec<u8>> {
    let Some(quoted) = text.strip_prefix(b"\"") else { return is_token(text).then(|| text.to_vec()) };
    let mut value = Vec::new();
    let mut bytes = quoted.iter();
    loop {
        match *bytes.next()? {
            b'"' => return bytes.next().is_none().then_some(value),
            b'\\' => value.push(*bytes.next()?),
            byte => value.push(byte),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn a_host_reads_back_whatever_its_bytes(
        host in proptest::collection::vec(prop_oneof![any::<u8>(), proptest::sample::select(&b"\"\\;,=a:"[..])], 0..12),
    ) {
        let found = element(None, &host, None);
        match found.strip_prefix(b"for=unknown;host=") {
            Some(value) => prop_assert_eq!(read(value), Some(host)),
            None => {
                prop_assert_eq!(found, b"for=unknown");
                prop_assert!(host.is_empty() || host.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t'));
            }
        }
    }
}
