//! Ops that could not be carried out: counted, and told at debug level without the value, which may be a secret.

use std::fmt;

use sluicegate_common::filter::Cx;
use sluicegate_common::head::EditError;
use sluicegate_common::proxy::Counter;

/// `sluicegate_header_transform_dropped_ops_total`.
#[derive(Debug)]
pub struct Dropped(Counter);

impl Default for Dropped {
    fn default() -> Self {
        Self(Counter::new("sluicegate_header_transform_dropped_ops_total"))
    }
}

impl Dropped {
    /// One more, and why.
    pub fn note(&self, why: impl fmt::Display, cx: &Cx<'_>) {
        log::debug!("header_transform: an op is left out: {why}");
        self.0.increment(cx.proxy);
    }

    /// One more, if it could not be written.
    pub fn unless_written(&self, written: Result<(), EditError>, cx: &Cx<'_>) {
        if let Err(error) = written {
            self.note(error, cx);
        }
    }
}
