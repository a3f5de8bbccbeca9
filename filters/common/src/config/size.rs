//! Sizes: `"64KiB"`.

use super::text::Text;

/// A number of bytes, written as a whole number and one unit: `"512B"`, `"64KiB"`, `"1MiB"`, `"2GiB"` (powers of 1024,
/// IEC 80000-13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(u64);

impl Size {
    /// That many bytes.
    #[must_use]
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// In bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// In bytes, as a length; on a 32-bit target at most 4 GiB - 1.
    #[must_use]
    pub fn len(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// Whether it is no byte.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl Text for Size {
    const EXPECTED: &'static str = "a size such as \"64KiB\" (units B, KiB, MiB, GiB)";

    fn parse(text: &str) -> Option<Self> {
        let (number, unit) = super::unit::parse(text)?;
        let bytes: u64 = match unit {
            "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return None,
        };
        number.checked_mul(bytes).map(Self)
    }
}

crate::deserr_text!(Size);

#[cfg(test)]
mod tests;
