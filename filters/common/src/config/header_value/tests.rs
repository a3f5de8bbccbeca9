use serde_json::json;

use super::super::tests::{check_text, given};
use super::*;

#[test]
fn values_hold_no_control_characters() {
    let accepted = ["", "a", "a b", "a\tb", "no-store, \"x\"", "é"].map(|value| (value, HeaderValue(value.to_owned())));
    check_text(&accepted, &["a\r\nb", "a\nb", "a\0b", "a\x7f", "\x1b[0m", " a", "a ", "\ta"]);
}

#[test]
fn errors_do_not_show_the_value() {
    let expected = "config: expected a header value without control characters and without spaces at its ends";
    let cases = [("Bearer hunter2\r\n", r"one with '\r'"), ("hunter2 ", "one with a space at an end")];
    for (value, found) in cases {
        assert_eq!(given::<HeaderValue>(json!(value)).unwrap_err(), format!("{expected}, found {found}"));
    }
}
