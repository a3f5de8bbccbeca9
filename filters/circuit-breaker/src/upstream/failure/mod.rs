//! What counts as a failure, and what does not count at all: `failure` and `ignore`.
//!
//! ```json
//! {"failure": {"statuses": ["500", "502", "503", "504"], "grpc_statuses": [4, 8, 13, 14, 15], "on_reset": true,
//!              "on_timeout": true},
//!  "ignore": {"statuses": [], "methods": ["OPTIONS"], "paths": [{"prefix": "/health"}]}}
//! ```
//!
//! A field that is given replaces its default: an empty list is empty. `ignore.paths` has no default.

mod ignore;

pub use ignore::{Ignore, RawIgnore};

use sluicegate_common::config::{ConfigError, ConfigErrors, FromConfig, Statuses, Text, Whole};

use crate::upstream::Ending;

/// `failure` as written.
#[derive(Debug, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawFailure {
    /// Answers of the upstream that are failures; `"5xx"` is all of a class.
    #[config(default, shown = "[\"500\", \"502\", \"503\", \"504\"]")]
    statuses: Option<Statuses>,
    /// The same for gRPC, that is for requests whose `content-type` begins with `application/grpc`, in the head of the
    /// answer or in its trailers, unless the answer is of another `content-type`: `DEADLINE_EXCEEDED`,
    /// `RESOURCE_EXHAUSTED`, `INTERNAL`, `UNAVAILABLE`, `DATA_LOSS`. They decide where HTTP says 200.
    #[config(default, shown = "[4, 8, 13, 14, 15]")]
    grpc_statuses: Option<Vec<Whole<1, 16>>>,
    /// Whether no connection, a broken one, and no HTTP are failures.
    #[config(default, shown = "true")]
    on_reset: Option<bool>,
    /// Whether an answer that did not come in time is one.
    #[config(default, shown = "true")]
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

impl RawFailure {
    /// Compiles it. No status may stand in `ignore` as well.
    ///
    /// # Errors
    /// That one does, at `ignore.statuses`.
    pub fn compile(self, ignore: &RawIgnore) -> Result<Failure, ConfigErrors> {
        let statuses = self.statuses.unwrap_or_else(default_statuses);
        let ignored = ignore.statuses();
        if let Some(both) = (100..=599).find(|&status| statuses.contains(status) && ignored.contains(status)) {
            let message = format!("{both} stands in failure.statuses as well, whose default is 500, 502, 503, 504");
            return Err(ConfigError::invalid("ignore.statuses", message).into());
        }
        let grpc_statuses = self.grpc_statuses.map_or(DEFAULT_GRPC_STATUSES, |statuses| {
            statuses.iter().fold(0, |bits, status| bits | grpc_bit(status.get()))
        });
        let (on_reset, on_timeout) = (self.on_reset.unwrap_or(true), self.on_timeout.unwrap_or(true));
        Ok(Failure { statuses, grpc_statuses, on_reset, on_timeout, ignored })
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

    /// Judges how an answer ended whose head was good: by its trailers, or by what broke it off.
    #[must_use]
    pub fn judge_end(&self, ending: Ending, grpc_status: Option<u32>) -> Judgement {
        match (ending, grpc_status) {
            (Ending::Answered, None) => Judgement::Good,
            (ending, grpc_status) => self.judge(ending, Some(200), grpc_status),
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
