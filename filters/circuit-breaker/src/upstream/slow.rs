//! Whether a slow call was slow because of the upstream.
//!
//! From the request's head to the response's the client may be at work as well: whoever sends a body slowly would make a
//! quick upstream look slow, and could open its breaker. The proxies know better: Envoy counts from the request's end on
//! (`x-envoy-upstream-service-time`, `source/common/router/router.cc`), nginx from the connection to the upstream on
//! (`$upstream_header_time`, a body is buffered before).

use std::cell::Cell;
use std::time::Duration;

use sluicegate_common::filter::Cx;
use sluicegate_common::head::ResponseHead;

use super::kong;

/// Milliseconds from the whole request to the answer's head. Absent where the answer came before the request was whole,
/// and with `suppress_envoy_headers`.
const SERVICE_TIME: &str = "x-envoy-upstream-service-time";

/// What a VM has learnt about how its host tells times.
#[derive(Debug, Default)]
pub struct Slowness {
    /// An answer had a service time: one that has none came before its request was whole.
    told: Cell<bool>,
}

impl Slowness {
    /// Whether a call was slow that was answered `elapsed` after the request's head. A call that was quick costs a
    /// header until the host is known, and nothing from then on.
    pub fn is_slow(&self, elapsed: Duration, limit: Duration, head: &ResponseHead<'_>, cx: &Cx<'_>) -> bool {
        let seems_slow = elapsed >= limit;
        if !cx.proxy.is_envoy() {
            return seems_slow && kong::took(cx.proxy).is_none_or(|took| took >= limit);
        }
        if !seems_slow && self.told.get() {
            return false;
        }
        let service_time = head.probe(SERVICE_TIME).as_deref().and_then(milliseconds);
        self.told.set(self.told.get() || service_time.is_some());
        seems_slow
            && match service_time {
                // A request that was whole at once kept nobody waiting. One that is empty may still have ended late.
                Some(took) => took >= limit || cx.facts.is_whole(),
                None => !self.told.get(),
            }
    }
}

fn milliseconds(value: &[u8]) -> Option<Duration> {
    std::str::from_utf8(value).ok()?.parse().ok().map(Duration::from_millis)
}
