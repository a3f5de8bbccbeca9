use crate::config::FromConfig;
use serde_json::json;

use super::super::tests::given;

#[derive(Debug, FromConfig)]
#[expect(dead_code, reason = "read for its errors")]
struct Outer {
    inner: Vec<Inner>,
    #[config(default)]
    pair: (u8, u8),
    #[config(default)]
    number: f64,
    #[config(default)]
    signed: i8,
    #[config(default)]
    flag: bool,
}

#[derive(Debug, FromConfig)]
#[expect(dead_code, reason = "read for its errors")]
struct Inner {
    word: Word,
}

#[derive(Debug, FromConfig)]
enum Word {
    First,
    Second,
}

#[test]
fn errors_of_all_depths_are_listed() {
    let errors = given::<Outer>(json!({
        "inner": [{"word": "frist"}, {"word": "second"}, {}, {"word": 5, "mood": 1}, "first"],
        "pair": [1, 2, 3], "number": "1", "signed": "1", "flag": 0, "flags": true, "moed": "off",
    }));
    assert_eq!(
        errors.unwrap_err(),
        r#"flag: expected a boolean, found a whole number
flags: unknown field, did you mean "flag"?
inner[0].word: expected "first" or "second", found "frist", did you mean "first"?
inner[2].word: required field is missing
inner[3].mood: unknown field, expected one of word
inner[3].word: expected a string, found a whole number
inner[4]: expected an object, found a string
moed: unknown field, did you mean "mode"?
number: expected a number, found a string
pair: expected 2 elements, found 3
signed: expected a whole number, found a string"#
    );
}

#[test]
fn null_is_told_in_one_way() {
    assert_eq!(given::<Outer>(json!(null)).unwrap_err(), "config: null is no value, leave the field out");
    let errors = given::<Outer>(json!({"inner": [null], "flag": null})).unwrap_err();
    assert_eq!(errors, "flag: null is no value, leave the field out\ninner[0]: null is no value, leave the field out");
}

#[test]
fn a_wrong_type_tells_the_type_alone() {
    let error = given::<Outer>(json!({"inner": "hunter2"})).unwrap_err();
    assert_eq!(error, "inner: expected an array, found a string");
}
