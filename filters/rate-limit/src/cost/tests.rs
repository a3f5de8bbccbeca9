use deserr::deserialize;
use serde_json::{Value, json};
use sluicegate_common::config::Text;
use sluicegate_common::head::{HeadState, HeaderMap, HeaderSource};
use sluicegate_common::proxy::Status;

use super::*;

fn cost(config: Value) -> Result<Cost, String> {
    deserialize::<Cost, _, ConfigErrors>(config).map_err(|errors| errors.to_string())
}

/// The lines of `x-cost`.
struct Lines<'a>(&'a [&'a str]);

impl HeaderSource for Lines<'_> {
    fn first(&self, _: &str) -> Result<Option<Vec<u8>>, Status> {
        Err(Status::Unimplemented)
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        let lines: Vec<_> = self.0.iter().map(|line| ("x-cost", *line)).collect();
        HeaderMap::parse(HeaderMap::serialize(&lines))
    }
}

#[test]
fn costs_are_read() {
    let header = |name: &str, default, max| Cost::Header { name: HeaderName::parse(name).unwrap(), default, max };
    let cases = [
        (json!({"fixed": 1}), Ok(Cost::default())),
        (json!({"fixed": 1_000_000}), Ok(Cost::Fixed(1_000_000))),
        (json!({"header": {"name": "X-Cost", "max": 50}}), Ok(header("x-cost", 1, 50))),
        (json!({"header": {"name": "x-cost", "max": 50, "default": 50}}), Ok(header("x-cost", 50, 50))),
        (json!({"fixed": 0}), Err("fixed: expected a whole number from 1 to 1000000, found 0")),
        (json!({"fixed": 1_000_001}), Err("fixed: expected a whole number from 1 to 1000000, found 1000001")),
        (
            json!({"fixed": 1, "header": {}}),
            Err("config: expected an object with one key, \"fixed\" or \"header\", found several"),
        ),
        (json!({"header": {"name": "x-cost"}}), Err("header.max: required field is missing")),
        (
            json!({"header": {"name": "x-cost", "max": 2, "default": 3}}),
            Err("header.default: expected at most \"max\", 2, found 3"),
        ),
        (
            json!({"header": {"name": ":path", "max": 2}}),
            Err("header.name: expected a header name such as \"x-correlation-id\", found \":path\""),
        ),
    ];
    for (given, want) in cases {
        assert_eq!(
            cost(given.clone()).as_ref().map_err(String::as_str),
            want.as_ref().map_err(|error| *error),
            "{given}"
        );
    }
}

#[test]
fn a_request_has_its_cost() {
    let config = cost(json!({"header": {"name": "x-cost", "default": 3, "max": 50}})).unwrap();
    let cases: [(&str, &[&str], u32); 18] = [
        ("absent", &[], 3),
        ("a number", &["7"], 7),
        ("blanks around it", &["\t7 "], 7),
        ("the most", &["50"], 50),
        ("more", &["51"], 50),
        ("more than a number holds", &["99999999999999999999999"], 50),
        ("leading zeros", &["007"], 7),
        ("nothing", &["0"], 1),
        ("negative", &["-7"], 1),
        ("signed", &["+7"], 1),
        ("a fraction", &["7.5"], 1),
        ("another base", &["0x20"], 1),
        ("words", &["seven"], 1),
        ("empty", &[""], 1),
        ("several: the greatest", &["1", "7", "2"], 7),
        ("joined by the host: the greatest", &["1,7, 2"], 7),
        ("garbage beside a number", &["seven", "7"], 7),
        ("garbage joined to a number", &["-,7,"], 7),
    ];
    for (name, lines, want) in cases {
        let (lines, mut state) = (Lines(lines), HeadState::default());
        assert_eq!(config.of(&RequestHead::new(&lines, &mut state)), want, "{name}");
    }
    assert!(config.reads_headers());
    let (lines, mut state) = (Lines(&["7"]), HeadState::default());
    let head = RequestHead::new(&lines, &mut state);
    assert_eq!(Cost::Fixed(4).of(&head), 4);
    assert_eq!((Cost::default().of(&head), Cost::default().reads_headers()), (1, false));
}
