//! Context lifecycle.

use wasmtime::Caller;

use crate::abi::call::host_call;
use crate::diagnostic::Problem;
use crate::host::Host;
use crate::profile::Profile;
use crate::status::Status;

/// 0 goes back to the context of the callback. An unknown id answers BadArgument and changes nothing: later
/// calls act on the context as before. Kong's engine does nothing here: calls act on the context of the callback.
pub fn set_effective_context(caller: Caller<'_, Host>, context: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_set_effective_context", |call| {
        call.number(context);
        if call.profile() == Profile::Kong {
            return Ok(());
        }
        if context == 0 {
            call.host_mut().effective = None;
            return Ok(());
        }
        let known = call.host().contexts.contains_key(&context);
        call.host_mut().conduct.chose(context, known);
        if known {
            call.host_mut().effective = Some(context);
            return Ok(());
        }
        call.diagnose(Problem::UnknownContext { context });
        Err(Status::BadArgument.into())
    })
}

/// Only a root context that answered false in `proxy_on_done` may call this; the harness never
/// shuts a VM down, so none has.
pub fn done(caller: Caller<'_, Host>) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_done", |_| Err(Status::NotFound.into()))
}
