//! Metrics: shared by all VMs, found again by name.

mod misuse;

use std::collections::BTreeMap;

use crate::record::MetricValue;
use crate::status::Status;

pub use misuse::MetricMisuse;

/// The kinds of metrics, as the ABI numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    Counter,
    Gauge,
    Histogram,
}

impl TryFrom<u32> for MetricKind {
    type Error = Status;

    fn try_from(number: u32) -> Result<Self, Status> {
        match number {
            0 => Ok(MetricKind::Counter),
            1 => Ok(MetricKind::Gauge),
            2 => Ok(MetricKind::Histogram),
            _ => Err(Status::BadArgument),
        }
    }
}

/// All metrics. An id carries its kind in the two lowest bits, as Envoy's do.
#[derive(Debug, Default)]
pub struct Metrics {
    metrics: Vec<(String, MetricValue)>,
}

impl Metrics {
    /// The id of a metric of this name and kind; created when new.
    pub fn define(&mut self, kind: MetricKind, name: &[u8]) -> u32 {
        let name = String::from_utf8_lossy(name).into_owned();
        let found = self.metrics.iter().position(|(known, value)| *known == name && kind_of(value) == kind);
        let index = found.unwrap_or_else(|| {
            let value = match kind {
                MetricKind::Counter => MetricValue::Counter(0),
                MetricKind::Gauge => MetricValue::Gauge(0),
                MetricKind::Histogram => MetricValue::Histogram(Vec::new()),
            };
            self.metrics.push((name, value));
            self.metrics.len() - 1
        });
        ((u32::try_from(index).unwrap_or(u32::MAX) + 1) << 2) | kind as u32
    }

    /// Adds to a counter (positive offsets only) or moves a gauge.
    ///
    /// # Errors
    /// [`Status::BadArgument`] for an offset a counter refuses, for histograms and for an id of no kind,
    /// [`Status::NotFound`] for any other unknown id.
    pub fn increment(&mut self, id: u32, offset: i64) -> Result<(), Status> {
        if MetricKind::try_from(id & 3)? == MetricKind::Histogram {
            return Err(Status::BadArgument);
        }
        match self.find_mut(id)? {
            MetricValue::Counter(value) if offset > 0 => *value = value.wrapping_add(offset.unsigned_abs()),
            MetricValue::Gauge(value) => *value = value.wrapping_add_signed(offset),
            _ => return Err(Status::BadArgument),
        }
        Ok(())
    }

    /// Adds to a counter, sets a gauge, or records in a histogram.
    ///
    /// # Errors
    /// [`Status::NotFound`] for an unknown id.
    pub fn record(&mut self, id: u32, recorded: u64) -> Result<(), Status> {
        match self.find_mut(id)? {
            MetricValue::Counter(value) => *value = value.wrapping_add(recorded),
            MetricValue::Gauge(value) => *value = recorded,
            MetricValue::Histogram(values) => values.push(recorded),
        }
        Ok(())
    }

    /// Reads a counter or gauge.
    ///
    /// # Errors
    /// [`Status::BadArgument`] for the id of a histogram or of no kind, [`Status::NotFound`] for any other
    /// unknown id.
    pub fn get(&self, id: u32) -> Result<u64, Status> {
        if MetricKind::try_from(id & 3)? == MetricKind::Histogram {
            return Err(Status::BadArgument);
        }
        match index_of(id).and_then(|index| self.metrics.get(index)) {
            Some((_, MetricValue::Counter(value))) if id & 3 == MetricKind::Counter as u32 => Ok(*value),
            Some((_, MetricValue::Gauge(value))) if id & 3 == MetricKind::Gauge as u32 => Ok(*value),
            _ => Err(Status::NotFound),
        }
    }

    /// How many metrics there are.
    pub fn count(&self) -> u64 {
        self.metrics.len() as u64
    }

    /// All metrics by name.
    pub fn by_name(&self) -> BTreeMap<String, MetricValue> {
        self.metrics.iter().cloned().collect()
    }

    fn find_mut(&mut self, id: u32) -> Result<&mut MetricValue, Status> {
        let found = index_of(id).and_then(|index| self.metrics.get_mut(index));
        let (_, value) = found.filter(|(_, value)| kind_of(value) as u32 == id & 3).ok_or(Status::NotFound)?;
        Ok(value)
    }
}

fn index_of(id: u32) -> Option<usize> {
    usize::try_from(id >> 2).ok()?.checked_sub(1)
}

fn kind_of(value: &MetricValue) -> MetricKind {
    match value {
        MetricValue::Counter(_) => MetricKind::Counter,
        MetricValue::Gauge(_) => MetricKind::Gauge,
        MetricValue::Histogram(_) => MetricKind::Histogram,
    }
}

#[cfg(test)]
mod tests {
    use super::{MetricKind, Metrics};
    use crate::record::MetricValue;
    use crate::status::Status;

    #[test]
    fn a_name_is_one_metric_for_everybody() {
        let mut metrics = Metrics::default();
        let id = metrics.define(MetricKind::Counter, b"c");
        assert_eq!(metrics.define(MetricKind::Counter, b"c"), id);
        assert_ne!(metrics.define(MetricKind::Gauge, b"g"), id);
    }

    #[test]
    fn kinds_take_what_envoy_lets_them_take() {
        let mut metrics = Metrics::default();
        let counter = metrics.define(MetricKind::Counter, b"c");
        let gauge = metrics.define(MetricKind::Gauge, b"g");
        let histogram = metrics.define(MetricKind::Histogram, b"h");
        assert_eq!(metrics.increment(counter, 2), Ok(()));
        assert_eq!(metrics.increment(counter, 0), Err(Status::BadArgument));
        assert_eq!(metrics.increment(counter, -1), Err(Status::BadArgument));
        assert_eq!(metrics.record(counter, 3), Ok(()));
        assert_eq!(metrics.get(counter), Ok(5));
        assert_eq!(metrics.record(gauge, 1), Ok(()));
        assert_eq!(metrics.increment(gauge, -2), Ok(()));
        assert_eq!(metrics.get(gauge), Ok(u64::MAX), "a gauge wraps below zero");
        assert_eq!(metrics.increment(histogram, 1), Err(Status::BadArgument));
        assert_eq!(metrics.record(histogram, 7), Ok(()));
        assert_eq!(metrics.get(histogram), Err(Status::BadArgument));
        assert_eq!(metrics.get(4096), Err(Status::NotFound));
        assert_eq!(metrics.get(4099), Err(Status::BadArgument), "the lowest bits name no kind");
        assert_eq!(metrics.get(counter | 1), Err(Status::NotFound), "no gauge has this number");
        assert_eq!(metrics.by_name()["h"], MetricValue::Histogram(vec![7]));
    }
}
