//! Foreign functions: Envoy's own extensions. None is needed by a portable filter; the ones without
//! visible effect answer Ok, the others NotFound.

use wasmtime::Caller;

use crate::abi::call::host_call;
use crate::host::Host;
use crate::status::Status;

pub fn call_foreign_function(
    caller: Caller<'_, Host>,
    name: u32,
    name_size: u32,
    arguments: u32,
    arguments_size: u32,
    pointer: u32,
    size: u32,
) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_call_foreign_function", |call| {
        let name = call.text(name, name_size)?;
        call.bytes(arguments, arguments_size)?;
        match name.as_str() {
            // The harness selects its one route after the chain, so there is no cache to clear.
            "clear_route_cache" => call.return_bytes(pointer, size, b""),
            _ => Err(Status::NotFound.into()),
        }
    })
}
