use serde_json::json;

use super::super::header_name::HeaderName;
use super::super::name::Name;
use super::super::tests::given;
use super::*;

#[test]
fn names_of_the_user_are_checked_as_well() {
    let table: Table<Name, u8> = given(json!({"b": 2, "a": 1})).unwrap();
    let names: Vec<_> = table.names().map(Name::as_str).collect();
    assert_eq!(names, ["a", "b"]);
    let values: Vec<_> = table.into_iter().map(|(_, value)| value).collect();
    assert_eq!(values, [1, 2]);
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

#[test]
fn entries_stand_in_the_order_of_their_names_as_they_are_kept() {
    let table: Table<HeaderName, u8> = given(json!({"X-B": 2, "a": 1, "C": 3})).unwrap();
    let entries: Vec<_> = table.into_iter().map(|(name, value)| (name.into_string(), value)).collect();
    assert_eq!(entries, [("a".to_owned(), 1), ("c".to_owned(), 3), ("x-b".to_owned(), 2)]);
}
