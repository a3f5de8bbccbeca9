//! The host under `profile: kong`.

mod buffers;
mod callouts;
mod configure;
mod headers;
mod lifecycle;
mod replies;
mod storage;

use test_harness::{Profile, Proxy, ProxySpec};

use crate::probe::Probe;
use crate::support;

/// A proxy of one probe and one worker.
fn proxy(probe: &Probe) -> Proxy {
    proxy_of(&[("probe", probe)])
}

/// A proxy of several probes and one worker.
fn proxy_of(probes: &[(&str, &Probe)]) -> Proxy {
    support::start(ProxySpec { plugins: support::plugins(probes), ..spec() })
}

/// Kong's engine without plugins.
fn spec() -> ProxySpec {
    ProxySpec { profile: Profile::Kong, ..ProxySpec::default() }
}
