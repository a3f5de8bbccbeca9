//! When a breaker changes its state: the part of a policy that the record asks.

use std::time::Duration;

use crate::window::Shape;

/// The state of a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Requests pass and are counted.
    Closed,
    /// Requests are rejected.
    Open,
    /// As many requests pass as there are permits.
    HalfOpen,
}

impl State {
    /// The value of the gauge.
    #[must_use]
    pub fn gauge(self) -> u64 {
        match self {
            Self::Closed => 0,
            Self::Open => 1,
            Self::HalfOpen => 2,
        }
    }

    /// The metric label, and the word in logs.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// The numbers of one policy. 0 switches a threshold off; at least one of the three is on (checked where config is
/// read).
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// `window`.
    pub window: Shape,
    /// `minimum_calls`: rates are judged from so many calls in the window on. At least 1; above a count window's size it
    /// counts as that size.
    pub minimum_calls: u32,
    /// `failure_rate_threshold`, percent, 0 to 100.
    pub failure_rate: u32,
    /// `slow_call_rate_threshold`, percent, 0 to 100.
    pub slow_call_rate: u32,
    /// `consecutive_failures`.
    pub consecutive_failures: u32,
    /// `wait_duration_in_open_state`, above zero.
    pub wait: Duration,
    /// `wait_backoff.multiplier`, at least 1: of each opening that follows another without a full window of health.
    pub multiplier: f64,
    /// `wait_backoff.max`: no wait is longer, jitter included; at least `wait`.
    pub max_wait: Duration,
    /// `wait_backoff.jitter`, 0 to 1: a wait is longer or shorter by at most this part of it.
    pub jitter: f64,
    /// `permitted_calls_in_half_open`, 1 to [`MOST_PERMITS`](crate::record::MOST_PERMITS).
    pub permitted_calls: u32,
    /// `permit_lease`, above zero.
    pub permit_lease: Duration,
    /// `max_wait_in_half_open`.
    pub max_wait_in_half_open: Option<Duration>,
}
