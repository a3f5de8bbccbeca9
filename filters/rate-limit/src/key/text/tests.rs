use sluicegate_common::settings::Settings;

use super::super::tests::host::FakeHost;
use super::*;

#[test]
fn values_as_text() {
    let identity = "1\npartner\np1\ngold,beta\n0";
    let member = || FakeHost::default().property("sluicegate.consumer", identity);
    let claims = || FakeHost::default().property("sluicegate.claims", r#"{"n": 7, "yes": true, "no": false, "l": []}"#);
    let header = |value: &[u8]| FakeHost::default().field("x-a", value);
    let (long, cut) = ("a".repeat(300), "a".repeat(256));
    for (name, part, host, want) in [
        ("an address", "ip", FakeHost::default().from("192.0.2.1"), Some("192.0.2.1")),
        ("of IPv6 the network", "ip", FakeHost::default().from("2001:db8::1:2:3:4"), Some("2001:db8::")),
        ("no address", "ip", FakeHost::default(), None),
        ("a consumer", "consumer", member(), Some("partner")),
        ("groups", "group", member(), Some("beta,gold")),
        ("nobody", "consumer", FakeHost::default(), None),
        ("a number", "claim:/n", claims(), Some("7")),
        ("true", "claim:/yes", claims(), Some("true")),
        ("false", "claim:/no", claims(), Some("false")),
        ("a list", "claim:/l", claims(), None),
        ("a header", "header:X-A", header(b"v"), Some("v")),
        ("an empty one", "header:x-a", header(b""), None),
        ("one that is not UTF-8", "header:x-a", header(b"a\xff\xfeb"), Some("a\u{fffd}\u{fffd}b")),
        ("one with four bytes is no address", "header:x-a", header(&[1, 2, 3, 4]), Some("\u{1}\u{2}\u{3}\u{4}")),
        ("a long one", "header:x-a", header(long.as_bytes()), Some(&cut)),
        ("text", "const:a:b", FakeHost::default(), Some("a:b")),
    ] {
        let part = TextPart::parse(part).unwrap();
        let found = host.ask(&Settings::default(), |head, cx| part.of(head, cx, MatchOptions::default()));
        assert_eq!(found.as_deref(), want, "{name}");
    }
}
