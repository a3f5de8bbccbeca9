//! Clock and timers.

use std::time::Duration;

use wasmtime::Caller;

use crate::abi::call::host_call;
use crate::host::Host;
use crate::kong;
use crate::profile::Profile;

pub fn get_current_time_nanoseconds(caller: Caller<'_, Host>, result: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_get_current_time_nanoseconds", |call| {
        let now = call.with_world(|world, _| world.clock.unix_nanos());
        call.return_u64(result, now)
    })
}

/// Sets the period of `proxy_on_tick` of the root context; 0 stops it.
pub fn set_tick_period_milliseconds(caller: Caller<'_, Host>, period: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_set_tick_period_milliseconds", |call| {
        call.number(period);
        let now = call.with_world(|world, _| world.clock.now());
        if call.profile() == Profile::Kong {
            kong::timers::check(call.host())?;
        }
        if let Some(root) = call.host().context().map(|context| context.root) {
            call.host_mut().ticks.set_period(root, Duration::from_millis(period.into()), now);
        }
        Ok(())
    })
}
