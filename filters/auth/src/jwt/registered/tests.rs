#![allow(clippy::arithmetic_side_effects)]

use proptest::prelude::*;
use serde_json::json;

use super::*;

const NOW: u64 = 1_700_000_000;
const MINUTE: Duration = Duration::from_secs(60);

fn claims(json: &str) -> Object {
    match sluicegate_common::config::parse_json(json.as_bytes()) {
        Ok(Value::Object(claims)) => claims,
        other => panic!("{other:?}"),
    }
}

fn seconds(seconds: u64) -> Nanos {
    Nanos(seconds * 1_000_000_000)
}

#[test]
fn strings() {
    let cases = [
        ("{}", Ok(None)),
        (r#"{"iss":""}"#, Ok(Some(""))),
        (r#"{"iss":"a"}"#, Ok(Some("a"))),
        (r#"{"iss":null}"#, Err(Reason::Malformed)),
        (r#"{"iss":["a"]}"#, Err(Reason::Malformed)),
        (r#"{"iss":1}"#, Err(Reason::Malformed)),
    ];
    for (given, want) in cases {
        assert_eq!(text(&claims(given), "iss"), want, "{given}");
    }
}

#[test]
fn audiences() {
    let wrong = Err(Reason::WrongAudience);
    let malformed = Err(Reason::Malformed);
    let cases = [
        (vec!["gw"], json!("gw"), Ok(())),
        (vec!["a", "gw"], json!("gw"), Ok(())),
        (vec!["gw"], json!(["a", "gw"]), Ok(())),
        (vec!["gw"], json!("GW"), wrong),
        (vec!["gw"], json!("gw/"), wrong),
        (vec!["gw"], json!("https://gw"), wrong),
        (vec!["gw"], json!("gw "), wrong),
        (vec!["gw"], json!("a,gw"), wrong),
        (vec!["gw"], json!(""), wrong),
        (vec!["gw"], json!([]), wrong),
        (vec!["gw"], json!([["gw"]]), malformed),
        (vec!["gw"], json!(["gw", 1]), malformed),
        (vec!["gw"], json!({"gw": true}), malformed),
        (vec!["gw"], json!(null), malformed),
        (vec![], json!("any"), Ok(())),
        (vec![], json!([]), Ok(())),
        (vec![], json!(["any", null]), malformed),
        (vec![], json!(1), malformed),
    ];
    for (audiences, aud, want) in cases {
        let name = format!("{audiences:?} {aud}");
        let audiences: Vec<String> = audiences.into_iter().map(str::to_owned).collect();
        assert_eq!(check_audience(&claims(&json!({"aud": aud}).to_string()), &audiences), want, "{name}");
    }
    assert_eq!(check_audience(&Object::new(), &["gw".to_owned()]), wrong);
    assert_eq!(check_audience(&Object::new(), &[]), Ok(()));
}

#[test]
fn numeric_dates() {
    let end = Ok(Some(Nanos(u64::MAX)));
    let none = Err(Reason::Malformed);
    let cases = [
        ("1700000000", Ok(Some(seconds(NOW)))),
        ("1.7e9", Ok(Some(seconds(NOW)))),
        ("1700000000.0", Ok(Some(seconds(NOW)))),
        ("1700000000.5", Ok(Some(Nanos(NOW * 1_000_000_000 + 500_000_000)))),
        ("0", Ok(Some(Nanos(0)))),
        ("-0", Ok(Some(Nanos(0)))),
        ("1e-9", Ok(Some(Nanos(1)))),
        ("1e-300", Ok(Some(Nanos(0)))),
        ("253402300800", end),
        ("9223372036854775807", end),
        ("1e18", end),
        ("9223372036854775808", none),
        ("18446744073709551615", none),
        ("1e19", none),
        ("1e300", none),
        ("-1", none),
        ("-1e-9", none),
        ("-18446744072009551516", none),
        ("\"1700000000\"", none),
        ("\"\"", none),
        ("null", none),
        ("true", none),
        ("[1700000000]", none),
        ("{}", none),
    ];
    for (given, want) in cases {
        let claims = claims(&format!("{{\"exp\":{given}}}"));
        assert_eq!(numeric_date(&claims, "exp"), want, "{given}");
        assert_eq!(Times::of(&claims).map(|times| times.expires), want, "{given}");
    }
    assert_eq!(Times::of(&claims(r#"{"EXP":1,"Nbf":"x","iat ":null}"#)), Ok(Times::default()));
}

#[test]
fn each_time_is_read_from_its_claim() {
    let want = Times { expires: Some(seconds(3)), not_before: Some(seconds(2)), issued: Some(seconds(1)) };
    assert_eq!(Times::of(&claims(r#"{"exp":3,"nbf":2,"iat":1}"#)), Ok(want));
}

#[test]
fn the_clock() {
    struct Case {
        name: &'static str,
        given: &'static str,
        skew: Duration,
        want: Result<(), Reason>,
    }
    let none = Duration::ZERO;
    let expired = Err(Reason::Expired);
    let early = Err(Reason::NotYetValid);
    let cases = [
        Case { name: "no time", given: "{}", skew: none, want: Ok(()) },
        Case { name: "a second left", given: r#"{"exp":1700000001}"#, skew: none, want: Ok(()) },
        Case { name: "a tick left", given: r#"{"exp":1700000000.001}"#, skew: none, want: Ok(()) },
        Case { name: "now is over", given: r#"{"exp":1700000000}"#, skew: none, want: expired },
        Case { name: "over", given: r#"{"exp":1699999999}"#, skew: none, want: expired },
        Case { name: "over within skew", given: r#"{"exp":1699999941}"#, skew: MINUTE, want: Ok(()) },
        Case { name: "over with skew", given: r#"{"exp":1699999940}"#, skew: MINUTE, want: expired },
        Case { name: "the year 10000", given: r#"{"exp":253402300800}"#, skew: MINUTE, want: Ok(()) },
        Case { name: "from now", given: r#"{"nbf":1700000000}"#, skew: none, want: Ok(()) },
        Case { name: "from soon", given: r#"{"nbf":1700000001}"#, skew: none, want: early },
        Case { name: "from soon within skew", given: r#"{"nbf":1700000060}"#, skew: MINUTE, want: Ok(()) },
        Case { name: "from soon without skew", given: r#"{"nbf":1700000061}"#, skew: MINUTE, want: early },
        Case { name: "never yet", given: r#"{"nbf":253402300800}"#, skew: MINUTE, want: early },
        Case { name: "made now", given: r#"{"iat":1700000000}"#, skew: none, want: Ok(()) },
        Case { name: "made later", given: r#"{"iat":1700000001}"#, skew: none, want: early },
        Case { name: "made later within skew", given: r#"{"iat":1700000060}"#, skew: MINUTE, want: Ok(()) },
        Case { name: "all", given: r#"{"iat":1,"nbf":2,"exp":1800000000}"#, skew: none, want: Ok(()) },
        Case { name: "neither yet nor any more", given: r#"{"nbf":1800000000,"exp":3}"#, skew: none, want: expired },
        Case { name: "all skew there is", given: r#"{"nbf":253402300800,"exp":0}"#, skew: Duration::MAX, want: Ok(()) },
    ];
    for Case { name, given, skew, want } in cases {
        assert_eq!(Times::of(&claims(given)).unwrap().check(seconds(NOW), skew), want, "{name}");
    }
}

#[test]
fn lifetimes() {
    let cases = [
        (r#"{"iat":100,"exp":160}"#, Ok(())),
        (r#"{"iat":100,"exp":160.5}"#, Err(Reason::Malformed)),
        (r#"{"iat":100,"exp":9223372036854775807}"#, Err(Reason::Malformed)),
        (r#"{"iat":200,"exp":100}"#, Ok(())),
        (r#"{"exp":160}"#, Err(Reason::Malformed)),
        (r#"{"iat":100}"#, Err(Reason::Malformed)),
    ];
    for (given, want) in cases {
        assert_eq!(Times::of(&claims(given)).unwrap().check_lifetime(MINUTE), want, "{given}");
    }
}

proptest! {
    /// Whatever number stands there, a token that holds was not over a second after it holds no more.
    #[test]
    fn a_token_that_is_over_stays_over(exp in any::<f64>(), now: u64, later: u64) {
        let claims = claims(&json!({"exp": exp}).to_string());
        if let Ok(times) = Times::of(&claims) && times.check(Nanos(now), MINUTE).is_err() {
            prop_assert!(times.check(Nanos(now.saturating_add(later)), MINUTE).is_err());
        }
    }
}
