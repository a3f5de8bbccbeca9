use proptest::prelude::*;
use serde_json::json;

use super::*;

fn object(value: Value) -> Object {
    let Value::Object(object) = value else { panic!("expected an object") };
    object
}

/// RFC 6901 section 5, without the empty pointer.
#[test]
fn the_table_of_the_rfc() {
    let document = object(json!({
        "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8
    }));
    let cases = [
        ("/foo", json!(["bar", "baz"])),
        ("/foo/0", json!("bar")),
        ("/", json!(0)),
        ("/a~1b", json!(1)),
        ("/c%d", json!(2)),
        ("/e^f", json!(3)),
        ("/g|h", json!(4)),
        ("/i\\j", json!(5)),
        ("/k\"l", json!(6)),
        ("/ ", json!(7)),
        ("/m~0n", json!(8)),
    ];
    for (pointer, want) in cases {
        assert_eq!(Pointer::parse(pointer).unwrap().find(&document), Some(&want), "{pointer}");
    }
}

#[test]
fn a_place_that_is_not_there_holds_nothing() {
    let document = object(json!({"a": ["x", {"0": "y"}], "s": "text", "n": null}));
    for pointer in ["/b", "/a/2", "/a/-", "/a/01", "/a/+1", "/a/", "/s/0", "/n/a", "/A", "/a/0/0"] {
        assert_eq!(Pointer::parse(pointer).unwrap().find(&document), None, "{pointer}");
    }
    assert_eq!(Pointer::parse("/a/1/0").unwrap().find(&document), Some(&json!("y")));
    assert_eq!(Pointer::parse("/n").unwrap().find(&document), Some(&Value::Null));
}

#[test]
fn what_is_no_pointer_is_refused() {
    for text in ["", "a", "a/b", "#/a", "/~", "/a~", "/a~2", "/~~0", " /a"] {
        assert_eq!(Pointer::parse(text), None, "{text:?}");
    }
    assert_eq!(Pointer::parse("/~01"), Some(Pointer(vec!["~1".into()])), "each escape is read once");
}

proptest! {
    #[test]
    fn every_name_has_a_pointer(names in prop::collection::vec(".{0,4}", 1..4)) {
        let pointer: String = names.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect();
        let value = names.iter().rev().fold(json!("leaf"), |inner, name| json!({ name: inner }));
        let (parsed, document) = (Pointer::parse(&pointer).unwrap(), object(value));
        prop_assert_eq!(parsed.find(&document), Some(&json!("leaf")));
        prop_assert_eq!(parsed, Pointer(names));
    }
}
