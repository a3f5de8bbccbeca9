//! Durations: `"1500ms"`.

use std::time::Duration;

use super::text::Text;

/// A whole number and one unit, `ns`, `us`, `ms`, `s`, `m`, `h` or `d`: `"1500ms"`, `"24h"`. At most 584 years, the
/// range of [`crate::time::Nanos`]. Zero is a duration; whether a field takes it is the field's rule.
impl Text for Duration {
    const EXPECTED: &'static str = "a duration such as \"1500ms\" (units ns, us, ms, s, m, h, d)";

    fn parse(text: &str) -> Option<Self> {
        let (number, unit) = super::unit::parse(text)?;
        let nanos: u64 = match unit {
            "ns" => 1,
            "us" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            _ => return None,
        };
        number.checked_mul(nanos).map(Self::from_nanos)
    }
}

crate::deserr_text!(Duration);

#[cfg(test)]
mod tests;
