use serde_json::json;

use super::super::tests::{check_text, given};
use super::*;

#[test]
fn patterns_are_a_code_or_a_class() {
    let accepted = [
        ("100", StatusPattern { first: 100, last: 100 }),
        ("503", StatusPattern { first: 503, last: 503 }),
        ("5xx", StatusPattern { first: 500, last: 599 }),
        ("2xx", StatusPattern { first: 200, last: 299 }),
    ];
    check_text(&accepted, &["", "5", "50", "099", "600", "0xx", "6xx", "5XX", "50x", "5000", "xxx", "+50", " 503"]);
}

#[test]
fn a_list_matches_by_any_element() {
    let statuses: Statuses = given(json!(["404", "5xx"])).unwrap();
    for (status, want) in [(404, true), (500, true), (599, true), (403, false), (499, false), (600, false), (0, false)]
    {
        assert_eq!(statuses.contains(status), want, "{status}");
    }
    assert!(given::<Statuses>(json!([])).unwrap().is_empty());
}

#[test]
fn elements_are_strings() {
    assert_eq!(
        given::<Statuses>(json!(["503", 503, "teapot"])).unwrap_err(),
        "[1]: expected a status such as \"503\" or a class such as \"5xx\", found a whole number\n\
         [2]: expected a status such as \"503\" or a class such as \"5xx\", found \"teapot\""
    );
}

#[test]
fn a_status_to_send_is_a_number() {
    for code in [200, 204, 418, 599] {
        assert_eq!(given::<StatusCode>(json!(code)).map(StatusCode::code), Ok(code));
    }
    let cases = [(json!(101), "101"), (json!(600), "600"), (json!(65_736), "65736"), (json!("503"), "a string")];
    for (value, found) in cases {
        let want = format!("config: expected a status code from 200 to 599, found {found}");
        assert_eq!(given::<StatusCode>(value).unwrap_err(), want);
    }
}
