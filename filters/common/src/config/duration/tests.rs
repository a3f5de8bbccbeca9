use serde_json::json;

use super::super::tests::{check_text, given};
use super::*;

#[test]
fn a_number_and_a_unit() {
    let accepted = [
        ("0s", Duration::ZERO),
        ("7ns", Duration::from_nanos(7)),
        ("7us", Duration::from_micros(7)),
        ("1500ms", Duration::from_millis(1500)),
        ("60s", Duration::from_secs(60)),
        ("15m", Duration::from_secs(900)),
        ("24h", Duration::from_secs(86_400)),
        ("30d", Duration::from_secs(2_592_000)),
        ("18446744073709551615ns", Duration::from_nanos(u64::MAX)),
    ];
    let refused = [
        "",
        "s",
        "5",
        "-5s",
        "+5s",
        "1.5s",
        "5 s",
        " 5s",
        "5s ",
        "5S",
        "5sec",
        "1h30m",
        "1w",
        "05s",
        "1e3s",
        "٥s",
        "18446744073709551616ns",
        "18446744073709551615s",
        "213504d",
    ];
    check_text(&accepted, &refused);
}

#[test]
fn another_type_is_told_with_an_example() {
    assert_eq!(
        given::<Duration>(json!(1500)).unwrap_err(),
        "config: expected a duration such as \"1500ms\" (units ns, us, ms, s, m, h, d), found a whole number"
    );
}
