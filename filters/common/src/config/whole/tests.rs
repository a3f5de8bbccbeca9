use serde_json::json;

use super::super::tests::given;
use super::*;

#[test]
fn bounds_are_included() {
    for number in [1, 2, 20] {
        assert_eq!(given::<Whole<1, 20>>(json!(number)).map(Whole::get), Ok(number));
    }
    for percent in [0, 1, 100] {
        assert_eq!(given::<Percent>(json!(percent)).map(Percent::get), Ok(percent));
    }
}

#[test]
fn everything_else_is_refused() {
    let cases = [
        (json!(0), "0"),
        (json!(21), "21"),
        (json!(u64::MAX), "18446744073709551615"),
        (json!(-1), "a negative number"),
        (json!(1.5), "a number with a fraction"),
        (json!("5"), "a string"),
    ];
    for (value, found) in cases {
        let want = format!("config: expected a whole number from 1 to 20, found {found}");
        assert_eq!(given::<Whole<1, 20>>(value).unwrap_err(), want);
    }
    assert_eq!(given::<Percent>(json!(101)).unwrap_err(), "config: expected a percentage from 0 to 100, found 101");
    assert_eq!(
        given::<Percent>(json!("5%")).unwrap_err(),
        "config: expected a percentage from 0 to 100, found a string"
    );
}
