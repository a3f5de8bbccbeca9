//! Conditions on claims.
//!
//! Values compare by JSON type and value: text byte by byte, numbers as numbers, none rounded to meet another. `1` and
//! `1.0` are the same, `1` and `"1"` are not. `null` counts as no claim.

use deserr::{Deserr, IntoValue, ValuePointerRef};
use serde_json::Value;
use sluicegate_common::config::{ConfigError, ConfigErrors, FromConfig, Object, Pointer, path_of};

/// A value that a claim is compared with.
#[derive(Debug, Clone, PartialEq)]
enum Scalar {
    Bool(bool),
    /// Also one written with a fraction of zero.
    Whole(i128),
    Fraction(f64),
    String(String),
}

/// A condition as written.
#[derive(Debug, Clone, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawClaim {
    /// Where the claim stands. Beside it there is one of the others; JSON types count: `1` is not `"1"`.
    pointer: Pointer,
    /// One of these is the claim, or an element of it.
    #[config(default)]
    any_of: Option<Vec<Scalar>>,
    /// All of these are elements of the claim.
    #[config(default)]
    all_of: Option<Vec<Scalar>>,
    /// The claim is this.
    #[config(default)]
    equals: Option<Scalar>,
    /// Whether it is there, and not null.
    #[config(default)]
    exists: Option<bool>,
}

/// A condition on one claim.
#[derive(Debug, Clone)]
pub struct Claim {
    pointer: Pointer,
    test: Test,
}

#[derive(Debug, Clone)]
enum Test {
    AnyOf(Vec<Scalar>),
    AllOf(Vec<Scalar>),
    Equals(Scalar),
    Exists(bool),
}

impl RawClaim {
    /// Compiles the condition.
    ///
    /// # Errors
    /// No test, more than one, or a list without elements; places are those in the object.
    pub fn compile(self) -> Result<Claim, ConfigError> {
        let tests = [
            self.any_of.map(Test::AnyOf),
            self.all_of.map(Test::AllOf),
            self.equals.map(Test::Equals),
            self.exists.map(Test::Exists),
        ];
        let mut tests = tests.into_iter().flatten();
        let (test, None) = (tests.next(), tests.next()) else { return Err(one_test("several")) };
        match test {
            None => Err(one_test("none")),
            Some(Test::AnyOf(values)) if values.is_empty() => Err(no_element("any_of")),
            Some(Test::AllOf(values)) if values.is_empty() => Err(no_element("all_of")),
            Some(test) => Ok(Claim { pointer: self.pointer, test }),
        }
    }
}

fn one_test(found: &str) -> ConfigError {
    ConfigError::expected("", "one of any_of, all_of, equals, exists", found)
}

fn no_element(list: &str) -> ConfigError {
    ConfigError::expected(list, "at least one element", "none")
}

impl Claim {
    /// Whether the condition holds; without claims none exists.
    ///
    /// A claim that is an array has each of its elements as a value, another one itself: `any_of` wants one of its
    /// values among them, `all_of` all. `equals` is no test for arrays.
    #[must_use]
    pub fn holds(&self, claims: Option<&Object>) -> bool {
        let found = claims.and_then(|claims| self.pointer.find(claims)).filter(|claim| !claim.is_null());
        let has = |claim: &Value, scalar: &Scalar| match claim {
            Value::Array(elements) => elements.iter().any(|element| scalar.is(element)),
            claim => scalar.is(claim),
        };
        match (&self.test, found) {
            (Test::Exists(wanted), found) => found.is_some() == *wanted,
            (_, None) => false,
            (Test::AnyOf(scalars), Some(claim)) => scalars.iter().any(|scalar| has(claim, scalar)),
            (Test::AllOf(scalars), Some(claim)) => scalars.iter().all(|scalar| has(claim, scalar)),
            (Test::Equals(scalar), Some(claim)) => scalar.is(claim),
        }
    }
}

impl Scalar {
    const EXPECTED: &'static str = "a string, a number or a boolean";

    fn is(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Bool(wanted), Value::Bool(found)) => wanted == found,
            (Self::String(wanted), Value::String(found)) => wanted == found,
            (Self::Whole(wanted), Value::Number(found)) => {
                found.as_i128().or_else(|| found.as_f64().and_then(whole)) == Some(*wanted)
            }
            (Self::Fraction(wanted), Value::Number(found)) => found.as_f64() == Some(*wanted),
            _ => false,
        }
    }
}

/// A floating-point number as a whole one, if it is one below 2^53: from there on it may have been rounded to it.
fn whole(number: f64) -> Option<i128> {
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() < LIMIT).then_some(number as i128)
}

#[cfg(not(target_family = "wasm"))]
impl sluicegate_common::describe::Described for Scalar {
    fn schema() -> Value {
        serde_json::json!({ "type": ["string", "number", "boolean"] })
    }

    fn kind() -> String {
        "value".into()
    }
}

impl Deserr<ConfigErrors> for Scalar {
    fn deserialize_from_value<V: IntoValue>(
        value: deserr::Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let found = match value {
            deserr::Value::Boolean(value) => return Ok(Self::Bool(value)),
            deserr::Value::String(text) => return Ok(Self::String(text)),
            deserr::Value::Integer(number) => return Ok(Self::Whole(number.into())),
            deserr::Value::NegativeInteger(number) => return Ok(Self::Whole(number.into())),
            deserr::Value::Float(number) if number.fract() != 0.0 => return Ok(Self::Fraction(number)),
            deserr::Value::Float(number) => match whole(number) {
                Some(number) => return Ok(Self::Whole(number)),
                None => "one that JSON readers round (RFC 8259 section 6)",
            },
            deserr::Value::Null => "null",
            deserr::Value::Sequence(_) => "an array",
            deserr::Value::Map(_) => "an object",
        };
        Err(ConfigError::expected(path_of(location), Self::EXPECTED, found).into())
    }
}

#[cfg(test)]
mod tests;
