//! What a metric cannot do, although a host may let it pass.

use std::fmt;

use super::{MetricKind, Metrics, kind_of};
use crate::record::MetricValue;

/// A metric used as its kind cannot be. Source: Envoy's `wasm` extension (context.cc,
/// `defineMetric` to `getMetric`) and ngx_wasm_module's `ngx_wa_metrics.c`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricMisuse {
    /// The kind is none of the ABI's.
    UnknownKind(u32),
    /// No metric was defined with this id.
    UnknownId(u32),
    /// One name is defined as two kinds: two metrics, of which a scraper shows one.
    TwoKinds(String),
    /// A counter only grows: an increment of 0 or less is refused.
    NotPositive {
        /// The counter's name.
        name: String,
        /// The increment.
        offset: i64,
    },
    /// A gauge below zero wraps to 2^64.
    BelowZero {
        /// The gauge's name.
        name: String,
        /// What it would be.
        value: i128,
    },
    /// A histogram can only be recorded to.
    Histogram(String),
}

impl fmt::Display for MetricMisuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MetricMisuse::UnknownKind(kind) => {
                write!(f, "{kind} is no kind of metric: 0 is a counter, 1 a gauge, 2 a histogram")
            }
            MetricMisuse::UnknownId(id) => write!(f, "no metric has the id {id}: define it first"),
            MetricMisuse::TwoKinds(name) => {
                write!(f, "the metric {name} is defined as another kind already: give each its own name")
            }
            MetricMisuse::NotPositive { name, offset } => {
                write!(f, "the counter {name} cannot grow by {offset}: increment by 1 or more")
            }
            MetricMisuse::BelowZero { name, value } => {
                write!(f, "the gauge {name} would be {value}, which wraps to a huge number: keep it at 0 or above")
            }
            MetricMisuse::Histogram(name) => {
                write!(f, "the histogram {name} can neither be read nor incremented: record to it")
            }
        }
    }
}

impl Metrics {
    /// What is wrong with a definition; to be asked before it is made.
    pub fn misuse_of_define(&self, kind: MetricKind, name: &[u8]) -> Option<MetricMisuse> {
        let name = String::from_utf8_lossy(name);
        let other = self.metrics.iter().any(|(known, value)| *known == name && kind_of(value) != kind);
        other.then(|| MetricMisuse::TwoKinds(name.into_owned()))
    }

    /// What is wrong with an increment; to be asked before it is made.
    pub fn misuse_of_increment(&self, id: u32, offset: i64) -> Option<MetricMisuse> {
        let Some((name, value)) = self.find(id) else { return Some(MetricMisuse::UnknownId(id)) };
        let name = name.clone();
        match value {
            MetricValue::Counter(_) if offset > 0 => None,
            MetricValue::Counter(_) => Some(MetricMisuse::NotPositive { name, offset }),
            MetricValue::Gauge(value) => {
                let value = i128::from(*value) + i128::from(offset);
                (value < 0).then_some(MetricMisuse::BelowZero { name, value })
            }
            MetricValue::Histogram(_) => Some(MetricMisuse::Histogram(name)),
        }
    }

    /// What is wrong with recording a value.
    pub fn misuse_of_record(&self, id: u32, recorded: u64) -> Option<MetricMisuse> {
        let Some((name, value)) = self.find(id) else { return Some(MetricMisuse::UnknownId(id)) };
        let below = recorded.cast_signed() < 0 && matches!(value, MetricValue::Gauge(_));
        let value = i128::from(recorded.cast_signed());
        below.then(|| MetricMisuse::BelowZero { name: name.clone(), value })
    }

    /// What is wrong with reading a metric.
    pub fn misuse_of_get(&self, id: u32) -> Option<MetricMisuse> {
        match self.find(id) {
            None => Some(MetricMisuse::UnknownId(id)),
            Some((name, MetricValue::Histogram(_))) => Some(MetricMisuse::Histogram(name.clone())),
            Some(_) => None,
        }
    }

    fn find(&self, id: u32) -> Option<&(String, MetricValue)> {
        let index = usize::try_from(id >> 2).ok()?.checked_sub(1)?;
        self.metrics.get(index)
    }
}
