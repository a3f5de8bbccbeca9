//! Quotas that cannot be counted.

use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

/// Why numbers make no quota. Its text is for who wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalid {
    /// `per` is no time.
    Zero,
    /// `per` is longer than [`LONGEST`].
    Per,
    /// All of a burst takes longer than [`LONGEST`] to come back.
    Burst,
    /// A calendar's period is over before its offset.
    Offset {
        /// The first offset that is too long.
        below: Duration,
    },
}

/// The longest time that anything takes to come back, in nanoseconds: 100 years of 365 days.
pub(super) const LONGEST: u64 = 100 * 365 * 24 * 60 * 60 * 1_000_000_000;

/// A time in which requests are counted, in nanoseconds.
pub(super) fn per(per: Duration) -> Result<NonZeroU64, Invalid> {
    let nanos = u64::try_from(per.as_nanos()).ok().filter(|&nanos| nanos <= LONGEST).ok_or(Invalid::Per)?;
    NonZeroU64::new(nanos).ok_or(Invalid::Zero)
}

impl Invalid {
    /// The field that is wrong.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Zero | Self::Per => "per",
            Self::Burst => "burst",
            Self::Offset { .. } => "offset",
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zero => f.write_str("`per` must be longer than zero"),
            Self::Per => f.write_str("`per` must be at most 100 years"),
            Self::Burst => f.write_str("`burst` would take more than 100 years to come back at `requests` per `per`"),
            Self::Offset { below } => write!(f, "`offset` must be less than {}h", below.as_secs() / 3_600),
        }
    }
}

impl std::error::Error for Invalid {}
