//! A whole number followed by a unit.

/// The number and the unit: decimal digits without sign, fraction or leading zero, then letters, nothing between.
pub(crate) fn parse(text: &str) -> Option<(u64, &str)> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.strip_suffix(unit)?;
    let leading_zero = digits.len() > 1 && digits.starts_with('0');
    if leading_zero { None } else { digits.parse().ok().map(|number| (number, unit)) }
}
