//! What operators see of a breaker. Its name is the last label: it may hold dots and bars (Istio's clusters).

use sluicegate_common::proxy::{Counter, Proxy};

use crate::call::Call;
use crate::rules::State;

/// The counters of one breaker.
#[derive(Debug)]
pub struct Counters {
    labels: String,
    successful: Counter,
    failed: Counter,
    ignored: Counter,
    slow_successful: Counter,
    slow_failed: Counter,
    rejected_open: Counter,
    rejected_half_open: Counter,
    rejected_forced_open: Counter,
}

impl Counters {
    /// Of the breaker with these labels.
    pub fn new(labels: &str) -> Self {
        let counter = |metric: &str| Counter::new(format!("sluicegate_circuit_breaker_{metric}.{labels}"));
        Self {
            labels: labels.to_owned(),
            successful: counter("calls_total.kind.successful"),
            failed: counter("calls_total.kind.failed"),
            ignored: counter("calls_total.kind.ignored"),
            slow_successful: counter("slow_calls_total.kind.successful"),
            slow_failed: counter("slow_calls_total.kind.failed"),
            rejected_open: counter("rejections_total.state.open"),
            rejected_half_open: counter("rejections_total.state.half_open"),
            rejected_forced_open: counter("rejections_total.state.forced_open"),
        }
    }

    /// A call ended.
    pub fn call(&self, call: Call, proxy: &dyn Proxy) {
        let (all, slow) =
            if call.failed { (&self.failed, &self.slow_failed) } else { (&self.successful, &self.slow_successful) };
        all.increment(proxy);
        if call.slow {
            slow.increment(proxy);
        }
    }

    /// A call ended that is neither success nor failure.
    pub fn ignored(&self, proxy: &dyn Proxy) {
        self.ignored.increment(proxy);
    }

    /// A request was rejected.
    pub fn rejected(&self, state: State, proxy: &dyn Proxy) {
        let counter = if state == State::HalfOpen { &self.rejected_half_open } else { &self.rejected_open };
        counter.increment(proxy);
    }

    /// A request was rejected because the config says so.
    pub fn forced_open(&self, proxy: &dyn Proxy) {
        self.rejected_forced_open.increment(proxy);
    }

    /// The state changed. Seldom: the counter is looked up by its name.
    pub fn transition(&self, from: State, to: State, proxy: &dyn Proxy) {
        let (labels, from, to) = (&self.labels, from.label(), to.label());
        let metric = format!("sluicegate_circuit_breaker_transitions_total.from.{from}.to.{to}.{labels}");
        Counter::new(metric).increment(proxy);
    }
}
