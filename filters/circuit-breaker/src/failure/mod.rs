//! What counts as a failure, and what does not count at all: `failure` and `ignore`.
//!
//! ```json
//! {"failure": {"statuses": ["500", "502", "503", "504"], "grpc_statuses": [4, 8, 13, 14, 15], "on_reset": true,
//!              "on_timeout": true},
//!  "ignore": {"statuses": [], "methods": ["OPTIONS"], "paths": [{"prefix": "/health"}]}}
//! ```
//!
//! A field that is given replaces its default, an empty list empties it. `ignore.paths` has none.

mod ignore;

pub use ignore::{Ignore, RawIgnore};

use deserr::Deserr;
use sluicegate_common::config::{ConfigError, ConfigErrors, Statuses, Text, Whole};
use sluicegate_common::matcher::MatchOptions;

use crate::upstream::Ending;

/// `failure` as written.
#[derive(Debug, Default, Deserr)]
#[deserr(error = ConfigErrors, deny_unknown_fields)]
pub struct RawFailure {
    #[deserr(default)]
    statuses: Option<Statuses>,
    /// Success, 0, cannot be a failure.
    #[deserr(default)]
    grpc_statuses: Option<Vec<Whole<1, 16>>>,
    #[deserr(default)]
    on_reset: Option<bool>,
    #[deserr(default)]
    on_timeout: Option<bool>,
}

/// What a call is judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    statuses: Statuses,
    /// Bit n: status n.
    grpc_statuses: u32,
    on_reset: bool,
    on_timeout: bool,
    /// `ignore.statuses`.
    ignored: Statuses,
}

/// What a call is to a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// The upstream did its work.
    Good,
    /// It failed.
    Failed,
    /// The config says that such an answer is neither.
    Ignored,
    /// The upstream has no part in it: no call of this breaker.
    NotCounted,
}

/// The two blocks of a config, compiled together: no status may stand in both.
///
/// # Errors
/// Everything that is wrong with them, from `failure` or `ignore` on.
pub fn compile(
    failure: Option<RawFailure>,
    ignore: Option<RawIgnore>,
    paths: MatchOptions,
) -> Result<(Failure, Ignore), ConfigErrors> {
    let raw = failure.unwrap_or_default();
    let (ignored, ignore) = ignore.unwrap_or_default().compile(paths);
    let mut errors = ConfigErrors::new();
    let ignore = errors.take(ignore.map_err(|errors| errors.under("ignore")));
    let failure = Failure {
        statuses: raw.statuses.unwrap_or_else(default_statuses),
        grpc_statuses: raw.grpc_statuses.map_or(DEFAULT_GRPC_STATUSES, |statuses| {
            statuses.iter().fold(0, |bits, status| bits | grpc_bit(status.get()))
        }),
        on_reset: raw.on_reset.unwrap_or(true),
        on_timeout: raw.on_timeout.unwrap_or(true),
        ignored,
    };
    if let Some(both) =
        (100..=599).find(|&status| failure.statuses.contains(status) && failure.ignored.contains(status))
    {
        let message = format!("{both} stands in failure.statuses as well, whose default is 500, 502, 503, 504");
        errors.push(ConfigError::invalid("ignore.statuses", message));
    }
    match ignore {
        Some(ignore) => errors.into_result((failure, ignore)),
        None => Err(errors),
    }
}

impl Failure {
    /// Judges how a call ended. `status` is that of an answer, `grpc_status` that of a gRPC answer, which decides where
    /// HTTP says 200.
    #[must_use]
    pub fn judge(&self, ending: Ending, status: Option<u16>, grpc_status: Option<u32>) -> Judgement {
        let failed_if = |counts| if counts { Judgement::Failed } else { Judgement::Ignored };
        match (ending, status, grpc_status) {
            (Ending::NotUpstream, ..) | (Ending::Answered, None, _) => Judgement::NotCounted,
            (Ending::Reset, ..) => failed_if(self.on_reset),
            (Ending::Timeout, ..) => failed_if(self.on_timeout),
            (Ending::Answered, Some(200), Some(grpc)) if self.grpc_statuses & grpc_bit(grpc.into()) != 0 => {
                Judgement::Failed
            }
            (Ending::Answered, Some(200), Some(_)) => Judgement::Good,
            (Ending::Answered, Some(status), _) if self.statuses.contains(status) => Judgement::Failed,
            (Ending::Answered, Some(status), _) if self.ignored.contains(status) => Judgement::Ignored,
            (Ending::Answered, Some(_), _) => Judgement::Good,
        }
    }

    /// Whether a gRPC answer may be a failure: then its trailers are worth reading.
    #[must_use]
    pub fn asks_grpc(&self) -> bool {
        self.grpc_statuses != 0
    }
}

/// `DEADLINE_EXCEEDED`, `RESOURCE_EXHAUSTED`, `INTERNAL`, `UNAVAILABLE`, `DATA_LOSS`.
const DEFAULT_GRPC_STATUSES: u32 = 1 << 4 | 1 << 8 | 1 << 13 | 1 << 14 | 1 << 15;

fn grpc_bit(status: u64) -> u32 {
    u32::try_from(status).ok().and_then(|status| 1_u32.checked_shl(status)).unwrap_or_default()
}

fn default_statuses() -> Statuses {
    ["500", "502", "503", "504"].into_iter().filter_map(Text::parse).collect()
}

#[cfg(test)]
mod tests;
