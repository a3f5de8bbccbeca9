//! Logging.

use wasmtime::Caller;

use crate::abi::call::host_call;
use crate::host::Host;
use crate::record::LogLevel;
use crate::status::Status;

/// What a guest is told, Envoy's default: info. The harness keeps lines of every level.
const LEVEL: u32 = 2;

pub fn log(caller: Caller<'_, Host>, level: u32, message: u32, size: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_log", |call| {
        call.number(level);
        let level = call.known("log level", level)?;
        let message = call.bytes(message, size)?;
        call.with_world(|world, host| world.log(host.place, host.plugin(), level, message));
        Ok(())
    })
}

pub fn get_log_level(caller: Caller<'_, Host>, result: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_get_log_level", |call| call.return_u32(result, LEVEL))
}

impl TryFrom<u32> for LogLevel {
    type Error = Status;

    fn try_from(number: u32) -> Result<Self, Status> {
        Ok(match number {
            0 => LogLevel::Trace,
            1 => LogLevel::Debug,
            2 => LogLevel::Info,
            3 => LogLevel::Warn,
            4 => LogLevel::Error,
            5 => LogLevel::Critical,
            _ => return Err(Status::BadArgument),
        })
    }
}
