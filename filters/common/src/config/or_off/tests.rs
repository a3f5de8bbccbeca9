use std::time::Duration;

use serde_json::json;

use super::super::tests::given;
use super::*;

#[test]
fn a_value_or_the_word() {
    assert_eq!(given(json!("off")), Ok(OrOff::<Duration>::Off));
    assert_eq!(given(json!("5s")), Ok(OrOff::On(Duration::from_secs(5))));
    assert_eq!(OrOff::On(5).on(), Some(5));
    assert_eq!(OrOff::<u8>::Off.on(), None);
}

#[test]
fn everything_else_is_refused() {
    let expected = "config: expected a duration such as \"1500ms\" (units ns, us, ms, s, m, h, d), or \"off\", found";
    let cases = [
        (json!("Off"), "\"Off\""),
        (json!(""), "\"\""),
        (json!(false), "a boolean"),
        (json!(-1), "a negative number"),
        (json!(0.5), "a number with a fraction"),
    ];
    for (value, found) in cases {
        assert_eq!(given::<OrOff<Duration>>(value).unwrap_err(), format!("{expected} {found}"));
    }
}
