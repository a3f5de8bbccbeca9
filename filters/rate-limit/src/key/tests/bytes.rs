//! No two lists of values have the same bytes.

use proptest::prelude::*;

use super::*;

/// The parts that take any text, and how a request brings it.
const PARTS: [&str; 6] = ["header:a", "query:b", "cookie:c", "claim:/d", "consumer", "method"];

/// One value, or none, for each of [`PARTS`].
type Values = [Option<String>; 6];

fn request(values: &Values) -> FakeHost {
    let [header, parameter, cookie, claim, consumer, method] = values;
    let mut host = FakeHost::default().from("192.0.2.1");
    if let Some(value) = header {
        host = host.field("a", value.as_str());
    }
    if let Some(value) = parameter {
        let escaped: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
        host = host.field(":path", format!("/?b={escaped}"));
    }
    if let Some(value) = cookie {
        host = host.field("cookie", format!("c={value}"));
    }
    if let Some(value) = claim {
        host = host.property("sluicegate.claims", json!({ "d": value }).to_string());
    }
    if let Some(value) = consumer {
        host = host.property("sluicegate.consumer", format!("1\n{value}\n\n\n0"));
    }
    if let Some(value) = method {
        host = host.field(":method", value.as_str());
    }
    host
}

/// Short values of few characters, so that their ends and beginnings meet; the bytes of kinds, lengths and the address
/// among them.
fn values() -> impl Strategy<Value = Values> {
    let value = || proptest::option::of("[ab\u{1}\u{2}\u{9}\u{a}\u{b}]{1,4}");
    let name = || proptest::option::of("[ab]{1,4}");
    (value(), value(), name(), value(), name(), value()).prop_map(|(a, b, c, d, e, f)| [a, b, c, d, e, f])
}

proptest! {
    #[test]
    fn other_values_have_other_bytes(
        one in values(),
        other in values(),
        ip in any::<bool>(),
        order in Just(PARTS.to_vec()).prop_shuffle(),
    ) {
        let key = key(json!(order), if ip { OnMissingKey::Ip } else { OnMissingKey::Share });
        let (first, second) = (extract(&key, &request(&one)), extract(&key, &request(&other)));
        prop_assert!(matches!(first, Extracted::Key(_)));
        prop_assert_eq!(first == second, one == other, "{:?} {:?}", first, second);
    }

    /// The same text in another kind of part is another value.
    #[test]
    fn the_kind_of_a_value_counts(text in "[ab]{1,4}", one in 0..PARTS.len(), other in 0..PARTS.len()) {
        let host = request(&std::array::from_fn(|_| Some(text.clone())));
        let bytes = |at: usize| extract(&key(json!([PARTS[at]]), OnMissingKey::Deny), &host);
        prop_assert_eq!(bytes(one) == bytes(other), one == other);
    }

    /// Whatever a client and the proxy say, there is an answer, and no more than the parts can hold.
    #[test]
    fn any_request_has_an_answer(
        fields in proptest::collection::vec(
            (prop_oneof![Just("a"), Just(":path"), Just("cookie"), Just(":authority"), Just(":method")],
             proptest::collection::vec(any::<u8>(), 0..400)),
            0..6,
        ),
        consumer in proptest::collection::vec(any::<u8>(), 0..60),
        address in "[0-9a-f:.\\[\\]]{0,20}",
    ) {
        let mut host = FakeHost::default().property("source.address", address).property("sluicegate.consumer", consumer);
        for (name, value) in fields {
            host = host.field(name, value);
        }
        let parts = json!(["ip", "header:a", "query:b", "cookie:c", "group", "path", "host", "method"]);
        let Extracted::Key(bytes) = extract(&key(parts, OnMissingKey::Ip), &host) else { panic!("not skipped") };
        prop_assert!(bytes.len() <= MAX_PARTS * (3 + MAX_VALUE));
    }
}
