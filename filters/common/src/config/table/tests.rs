use serde_json::json;

use super::super::header_name::HeaderName;
use super::super::name::Name;
use super::super::tests::given;
use super::*;

#[test]
fn names_of_the_user_are_checked_as_well() {
    let table: Table<Name, u8> = given(json!({"b": 2, "a": 1})).unwrap();
    let entries: Vec<_> = table.0.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert_eq!(entries, [("a", 1), ("b", 2)]);
    assert_eq!(table.0.get("b"), Some(&2));
}

#[test]
fn errors_of_all_entries_are_listed() {
    let error = given::<Table<Name, bool>>(json!({"a": true, "b": 1, "C d": false, "E": "x"})).unwrap_err();
    let name = "expected a name of 1 to 63 characters out of a-z, 0-9, _ and -";
    assert_eq!(
        error,
        format!(
            "[\"C d\"]: {name}, found \"C d\"\nE: {name}, found \"E\"\nE: expected a boolean, found a string\n\
             b: expected a boolean, found a whole number"
        )
    );
    assert_eq!(given::<Table<Name, bool>>(json!([])).unwrap_err(), "config: expected an object, found an array");
}

#[test]
fn two_spellings_of_a_name_are_one_name() {
    let error = given::<Table<HeaderName, bool>>(json!({"X-A": true, "x-a": true})).unwrap_err();
    assert_eq!(error, "x-a: stands here twice, in another spelling");
}
