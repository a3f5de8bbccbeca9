use crate::config::FromConfig;
use deserr::Deserr;
use serde_json::json;

use super::super::tests::given;
use super::*;

#[derive(Debug, PartialEq)]
enum Cost {
    Fixed(u32),
    Header(String),
}

impl Deserr<ConfigErrors> for Cost {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let (key, value) = one_key(value, location, &["fixed", "header"])?;
        let location = location.push_key(key);
        match key {
            "fixed" => Deserr::deserialize_from_value(value, location).map(Self::Fixed),
            _ => Deserr::deserialize_from_value(value, location).map(Self::Header),
        }
    }
}

#[test]
fn a_sum_is_an_object_with_one_key() {
    assert_eq!(given(json!({"fixed": 3})), Ok(Cost::Fixed(3)));
    assert_eq!(given(json!({"header": "x-cost"})), Ok(Cost::Header("x-cost".to_owned())));
    let expected = "config: expected an object with one key, \"fixed\" or \"header\"";
    let cases = [
        (json!({}), format!("{expected}, found none")),
        (json!({"fixed": 1, "header": "x"}), format!("{expected}, found several")),
        (json!("fixed"), format!("{expected}, found a string")),
        (json!({"fixd": 1}), "fixd: unknown field, did you mean \"fixed\"?".to_owned()),
        (json!({"per_byte": 1}), "per_byte: unknown field, expected one of fixed, header".to_owned()),
        (json!({"fixed": "3"}), "fixed: expected a whole number, found a string".to_owned()),
    ];
    for (value, want) in cases {
        assert_eq!(given::<Cost>(value).unwrap_err(), want);
    }
}

#[derive(Debug, PartialEq, FromConfig)]
struct Count {
    size: u32,
}

#[derive(Debug, PartialEq)]
enum Window {
    Count(Count),
    Time(Count),
}

impl Deserr<ConfigErrors> for Window {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        match take_type(value, location, &["count", "time"])? {
            ("count", rest) => Deserr::deserialize_from_value(rest, location).map(Self::Count),
            (_, rest) => Deserr::deserialize_from_value(rest, location).map(Self::Time),
        }
    }
}

#[test]
fn a_type_decides_which_fields_there_are() {
    assert_eq!(given(json!({"type": "count", "size": 3})), Ok(Window::Count(Count { size: 3 })));
    assert_eq!(given(json!({"type": "time", "size": 3})), Ok(Window::Time(Count { size: 3 })));
    let cases = [
        (json!({"size": 3}), "type: expected \"count\" or \"time\", found no such field"),
        (json!({"type": "tiem"}), "type: expected \"count\" or \"time\", found \"tiem\", did you mean \"time\"?"),
        (json!({"type": 3}), "type: expected \"count\" or \"time\", found a whole number"),
        (json!([]), "config: expected an object, found an array"),
        (
            json!({"type": "count", "sise": 3}),
            "sise: unknown field, did you mean \"size\"?\nsize: required field is missing",
        ),
    ];
    for (value, want) in cases {
        assert_eq!(given::<Window>(value).unwrap_err(), want);
    }
}
