//! Times, sizes, places and secrets.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Described, Field, one_key};
use crate::config::{Pointer, RawSecret, RawSecretOrDigest, Sha256, Size, Text};
use crate::time::Nanos;

crate::described_text!(Nanos: "time", Pointer: "pointer", Sha256: "digest");

const ABOVE_ZERO: &str = "^0*[1-9][0-9]*(ns|us|ms|s|m|h|d)$";
const SIZE: &str = "^[0-9]+(B|KiB|MiB|GiB)$";

impl Described for Size {
    fn schema() -> Value {
        json!({ "type": "string", "description": <Self as Text>::EXPECTED, "pattern": SIZE })
    }

    fn kind() -> String {
        "size".into()
    }

    fn shown(&self) -> Value {
        let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
        let divides = |unit: u64| !self.is_empty() && self.bytes().checked_rem(unit) == Some(0);
        let (unit, letters) = units.into_iter().find(|(unit, _)| divides(*unit)).unwrap_or((1, "B"));
        format!("{}{letters}", self.bytes().checked_div(unit).unwrap_or_default()).into()
    }
}

/// A `Duration` of which the filter takes no zero.
pub enum AboveZero {}

impl Described for AboveZero {
    fn schema() -> Value {
        json!({ "type": "string", "description": <Duration as Text>::EXPECTED, "pattern": ABOVE_ZERO })
    }

    fn kind() -> String {
        "duration above zero".into()
    }
}

/// A number, not only a whole one, from `MIN` to `MAX`.
pub enum Number<const MIN: u64, const MAX: u64> {}

impl<const MIN: u64, const MAX: u64> Described for Number<MIN, MAX> {
    fn schema() -> Value {
        json!({ "type": "number", "minimum": MIN, "maximum": MAX })
    }

    fn kind() -> String {
        format!("number from {MIN} to {MAX}")
    }
}

fn secret() -> [Field; 2] {
    [
        Field::of::<String>("env", "The name of a variable of the VM's environment.", None),
        Field::of::<String>("value", "The secret itself.", None),
    ]
}

impl Described for RawSecret {
    fn schema() -> Value {
        one_key(&secret())
    }

    fn kind() -> String {
        "secret".into()
    }
}

impl Described for RawSecretOrDigest {
    fn schema() -> Value {
        one_key(&Self::fields())
    }

    fn kind() -> String {
        "secret or digest".into()
    }

    fn fields() -> Vec<Field> {
        let [env, value] = secret();
        vec![env, value, Field::of::<Sha256>("sha256", "Its SHA-256 digest, 64 hexadecimal digits.", None)]
    }
}
