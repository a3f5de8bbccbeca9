//! Timers in Kong's engine. Source: `ngx_proxy_wasm_hfuncs_set_tick_period`.

use crate::abi::Refusal;
use crate::host::Host;

/// Whether a root context may set its tick period: once, and never again.
///
/// # Errors
/// A trap.
pub fn check(host: &Host) -> Result<(), Refusal> {
    if host.http().is_some() {
        return Err(Refusal::trap("can only set tick_period in root context"));
    }
    if host.context().is_some_and(|context| host.ticks.is_set(context.root)) {
        return Err(Refusal::trap("tick_period already set"));
    }
    Ok(())
}
