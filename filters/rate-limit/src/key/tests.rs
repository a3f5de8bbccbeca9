mod bytes;
pub(crate) mod host;
mod parts;

use deserr::deserialize;
use serde_json::{Value, json};
use sluicegate_common::config::{ConfigErrors, FromConfig};
use sluicegate_common::settings::Settings;

use super::*;
use host::FakeHost;

fn list(parts: Value) -> Result<PartList, String> {
    deserialize::<PartList, _, ConfigErrors>(parts).map_err(|errors| errors.to_string())
}

fn key(parts: Value, on_missing: OnMissingKey) -> Key {
    Key::new(list(parts).unwrap(), on_missing)
}

/// What the host's request has for a key, by default settings.
fn extract(key: &Key, host: &FakeHost) -> Extracted {
    let options = MatchOptions::default();
    host.ask(&Settings::default(), |head, cx| key.extract(head, cx, options, None, Vec::new()))
}

#[test]
fn lists_of_parts_are_read() {
    struct Case {
        name: &'static str,
        given: Value,
        /// The expression, or the error without what is expected of a part.
        want: Result<&'static str, &'static str>,
    }
    let cases = [
        Case {
            name: "every word",
            given: json!(["ip", "consumer", "credential", "group", "path", "method", "host", "route"]),
            want: Ok("ip,consumer,credential,group,path,method,host,route"),
        },
        Case {
            name: "every name",
            given: json!(["path_template", "header:X-Plan", "query:q", "cookie:c", "claim:/a/b~1c", "const:x"]),
            want: Ok("path_template,header:x-plan,query:q,cookie:c,claim:/a/b~1c,const:x"),
        },
        Case {
            name: "what separates parts is escaped",
            given: json!(["query:a,ip", "const:50%", "const:a:b"]),
            want: Ok("query:a%2Cip,const:50%25,const:a:b"),
        },
        Case { name: "none", given: json!([]), want: Err("key: expected 1 to 8 parts, found 0") },
        Case {
            name: "too many",
            given: json!([
                "const:1", "const:2", "const:3", "const:4", "const:5", "const:6", "const:7", "const:8", "ip"
            ]),
            want: Err("key: expected 1 to 8 parts, found 9"),
        },
        Case { name: "twice", given: json!(["ip", "ip"]), want: Err("key[1]: stands in the list already") },
        Case {
            name: "twice, in another spelling",
            given: json!(["header:A", "ip", "header:a"]),
            want: Err("key[2]: stands in the list already"),
        },
        Case { name: "unknown", given: json!(["user"]), want: Err("key[0]: expected PARTS, found \"user\"") },
        Case { name: "a name too many", given: json!(["ip:x"]), want: Err("key[0]: expected PARTS, found \"ip:x\"") },
        Case { name: "no name", given: json!(["header:"]), want: Err("key[0]: expected PARTS, found \"header:\"") },
        Case { name: "no text", given: json!(["const:"]), want: Err("key[0]: expected PARTS, found \"const:\"") },
        Case {
            name: "a pseudo header",
            given: json!(["header::path"]),
            want: Err("key[0]: expected PARTS, found \"header::path\""),
        },
        Case {
            name: "no pointer",
            given: json!(["claim:sub"]),
            want: Err("key[0]: expected PARTS, found \"claim:sub\""),
        },
    ];
    for Case { name, given, want } in cases {
        let given = json!({ "key": given });
        let found = deserialize::<Holder, _, ConfigErrors>(given).map_err(|errors| errors.to_string());
        let found = found.map(|holder| Key::new(holder.key, OnMissingKey::Ip).expression());
        let found = found.map_err(|error| error.replace(<Part as sluicegate_common::config::Text>::EXPECTED, "PARTS"));
        assert_eq!(found.as_deref().map_err(String::as_str), want, "{name}");
    }
}

#[derive(FromConfig)]
struct Holder {
    key: PartList,
}

#[test]
fn a_key_says_what_it_reads() {
    // (part, paths, headers)
    let cases = [
        ("ip", false, false),
        ("consumer", false, false),
        ("claim:/a", false, false),
        ("route", false, false),
        ("const:a", false, false),
        ("method", false, true),
        ("host", false, true),
        ("header:a", false, true),
        ("query:a", false, true),
        ("cookie:a", false, true),
        ("path", true, true),
        ("path_template", true, true),
    ];
    for (part, paths, headers) in cases {
        let key = key(json!(["credential", part]), OnMissingKey::Ip);
        assert_eq!((key.uses_paths(), key.reads_headers()), (paths, headers), "{part}");
    }
}

#[test]
fn a_missing_part_is_settled_alone() {
    let both = key(json!(["header:a", "const:x"]), OnMissingKey::Ip);
    let with = |on_missing| Key { on_missing, ..both.clone() };
    let (some, other, nobody) =
        (FakeHost::default().from("192.0.2.1"), FakeHost::default().from("192.0.2.2"), FakeHost::default());
    let keyed = |on_missing, host: &FakeHost| match extract(&with(on_missing), host) {
        Extracted::Key(bytes) => bytes,
        none => panic!("{none:?}"),
    };
    assert_eq!(extract(&with(OnMissingKey::Skip), &some), Extracted::Skip);
    assert_eq!(extract(&with(OnMissingKey::Deny), &some), Extracted::Deny);
    assert_eq!(OnMissingKey::default(), OnMissingKey::Ip);

    use OnMissingKey::{Ip, Share};
    let const_x = [&[Kind::Const as u8, 0, 1][..], b"x"].concat();
    for (on_missing, host) in [(Share, &some), (Ip, &some), (Ip, &nobody)] {
        assert!(keyed(on_missing, host).ends_with(&const_x), "{on_missing:?}: the other part stays");
    }
    assert_eq!(keyed(Share, &some), keyed(Share, &other));
    assert_ne!(keyed(Ip, &some), keyed(Ip, &other));
    assert_eq!(keyed(Ip, &nobody), keyed(Share, &nobody), "who has no address shares");

    // No value is what stands in for a missing one.
    let claims_to_be = |value: &[u8]| FakeHost::default().from("192.0.2.9").field("a", value);
    for value in [&b""[..], &[192, 0, 2, 1], b"192.0.2.1", &[Kind::Shared as u8, 0, 0], b"\0"] {
        let found = keyed(Ip, &claims_to_be(value));
        assert_ne!(found, keyed(Ip, &some), "{value:?}");
        assert_ne!(found, keyed(Share, &some), "{value:?}");
    }
    let address = key(json!(["ip", "const:x"]), Ip);
    assert_ne!(extract(&address, &some), Extracted::Key(keyed(Ip, &some)), "nor is a part that is an address");
}
