use deserr::{Deserr, ValuePointerRef, deserialize};
use serde_json::{Value, json};

use crate::config::{ConfigError, ConfigErrors, FromConfig};

#[derive(Debug, PartialEq, FromConfig)]
#[config(validate = Thing::check)]
struct Thing {
    name: String,
    #[config(default)]
    kind: Kind,
    #[config(default = 7)]
    size: u8,
    #[config(default, rename = "match")]
    matches: Option<Inner>,
    #[config(skip, default = 1)]
    own: u8,
}

#[derive(Debug, PartialEq, Default, FromConfig)]
enum Kind {
    #[default]
    Round,
    AlmostRound,
    #[config(rename = "[]")]
    Square,
}

#[derive(Debug, PartialEq, FromConfig)]
struct Inner {
    a: bool,
    b: bool,
}

impl Thing {
    fn check(self, _: ValuePointerRef<'_>) -> Result<Self, ConfigErrors> {
        match self.size {
            0 => Err(ConfigError::invalid("size", "nothing").into()),
            _ => Ok(self),
        }
    }
}

fn told<T: Deserr<ConfigErrors>>(value: Value) -> String {
    deserialize::<T, _, ConfigErrors>(value).err().map_or_else(String::new, |errors| errors.to_string())
}

#[test]
fn fields_take_their_values_or_defaults() {
    let thing = |name: &str, kind, size, matches| Thing { name: name.to_owned(), kind, size, matches, own: 1 };
    let cases = [
        (json!({"name": "a"}), thing("a", Kind::Round, 7, None)),
        (
            json!({"match": {"b": false, "a": true}, "kind": "almost_round", "name": "b", "size": 2}),
            thing("b", Kind::AlmostRound, 2, Some(Inner { a: true, b: false })),
        ),
        (json!({"name": "c", "kind": "[]"}), thing("c", Kind::Square, 7, None)),
    ];
    for (given, want) in cases {
        assert_eq!(deserialize::<Thing, _, ConfigErrors>(given.clone()), Ok(want), "{given}");
    }
}

#[test]
fn all_errors_are_told_in_the_order_of_the_names() {
    let cases = [
        (json!("thing"), "config: expected an object, found a string"),
        (json!({}), "name: required field is missing"),
        (json!({"name": 1}), "name: expected a string, found a whole number"),
        (json!({"name": "a", "own": 2}), "own: unknown field, expected one of name, kind, size, match"),
        (json!({"name": "a", "nmae": 2}), "nmae: unknown field, did you mean \"name\"?"),
        (json!({"name": "a", "size": 0}), "size: nothing"),
        (
            json!({"name": "a", "kind": "Round"}),
            "kind: expected \"round\", \"almost_round\" or \"[]\", found \"Round\", did you mean \"round\"?",
        ),
        (json!({"name": "a", "kind": 1}), "kind: expected a string, found a whole number"),
        (
            json!({"size": -1, "match": {"b": 2}}),
            "match.b: expected a boolean, found a whole number\nmatch.a: required field is missing\n\
             size: expected a whole number, found a negative number\nname: required field is missing",
        ),
    ];
    for (given, want) in cases {
        assert_eq!(told::<Thing>(given.clone()), want, "{given}");
    }
}
