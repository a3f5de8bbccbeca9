//! The part of WASI preview 1 that Envoy offers: standard output goes to the log, the environment
//! comes from the VM's configuration, time and random bytes are virtual.

use wasmtime::Caller;

use crate::abi::call::wasi_call;
use crate::host::Host;
use crate::record::LogLevel;

/// `__WASI_ERRNO_*`.
const SUCCESS: u32 = 0;
const BADF: u32 = 8;
const INVAL: u32 = 28;
const NOSYS: u32 = 52;
const NOTSUP: u32 = 58;

/// Random bytes at once (proxy-wasm-cpp-host, `limits.h`).
const MAX_RANDOM: u32 = 64 << 10;

pub fn args_sizes_get(caller: Caller<'_, Host>, count: u32, size: u32) -> wasmtime::Result<u32> {
    wasi_call(caller, "args_sizes_get", |call| {
        call.return_u32(count, 0)?;
        call.return_u32(size, 0)?;
        Ok(SUCCESS)
    })
}

pub fn args_get(caller: Caller<'_, Host>, _pointers: u32, _buffer: u32) -> wasmtime::Result<u32> {
    wasi_call(caller, "args_get", |_| Ok(SUCCESS))
}

pub fn environ_sizes_get(caller: Caller<'_, Host>, count: u32, size: u32) -> wasmtime::Result<u32> {
    wasi_call(caller, "environ_sizes_get", |call| {
        let environment = environment(call.host());
        call.return_u32(count, u32::try_from(environment.len()).unwrap_or(u32::MAX))?;
        call.return_u32(size, u32::try_from(environment.concat().len()).unwrap_or(u32::MAX))?;
        Ok(SUCCESS)
    })
}

pub fn environ_get(caller: Caller<'_, Host>, mut pointers: u32, mut buffer: u32) -> wasmtime::Result<u32> {
    wasi_call(caller, "environ_get", |call| {
        for entry in environment(call.host()) {
            call.return_u32(pointers, buffer)?;
            call.write(buffer, &entry)?;
            pointers = pointers.wrapping_add(4);
            buffer = buffer.wrapping_add(u32::try_from(entry.len()).unwrap_or(u32::MAX));
        }
        Ok(SUCCESS)
    })
}

/// `NAME=value` and a NUL each.
fn environment(host: &Host) -> Vec<Vec<u8>> {
    host.spec.environment.iter().map(|(name, value)| format!("{name}={value}\0").into_bytes()).collect()
}

/// The wall clock, and the monotonic one.
pub fn clock_time_get(caller: Caller<'_, Host>, clock: u32, _precision: u64, result: u32) -> wasmtime::Result<u32> {
    wasi_call(caller, "clock_time_get", |call| {
        call.number(clock);
        let now = call.with_world(|world, _| match clock {
            0 => Some(world.clock.unix_nanos()),
            1 => Some(world.clock.now()),
            _ => None,
        });
        let Some(now) = now else { return Ok(NOTSUP) };
        call.return_u64(result, now)?;
        Ok(SUCCESS)
    })
}

pub fn random_get(caller: Caller<'_, Host>, buffer: u32, size: u32) -> wasmtime::Result<u32> {
    wasi_call(caller, "random_get", |call| {
        call.number(size);
        if size > MAX_RANDOM {
            return Ok(INVAL);
        }
        // Reading first keeps an absurd size from becoming an allocation.
        let mut bytes = call.peek(buffer, size)?;
        call.pass(bytes.len());
        call.with_world(|world, _| world.random.fill(&mut bytes));
        call.write(buffer, &bytes)?;
        Ok(SUCCESS)
    })
}

/// Standard output is logged as info, standard error as error, without the last line break.
pub fn fd_write(caller: Caller<'_, Host>, fd: u32, vectors: u32, count: u32, written: u32) -> wasmtime::Result<u32> {
    wasi_call(caller, "fd_write", |call| {
        call.number(fd);
        let level = match fd {
            1 => LogLevel::Info,
            2 => LogLevel::Error,
            _ => return Ok(BADF),
        };
        let mut text = Vec::new();
        for index in 0..count {
            let vector = vectors.wrapping_add(index.wrapping_mul(8));
            let (pointer, size) = (call.peek_u32(vector)?, call.peek_u32(vector.wrapping_add(4))?);
            let part = call.peek(pointer, size)?;
            // Vectors may name the same bytes again and again.
            if text.len().saturating_add(part.len()) > call.memory_size() {
                return Ok(INVAL);
            }
            text.extend(part);
        }
        call.pass(text.len());
        call.return_u32(written, u32::try_from(text.len()).unwrap_or(u32::MAX))?;
        if text.last() == Some(&b'\n') {
            text.pop();
        }
        if !text.is_empty() {
            call.with_world(|world, host| world.log(host.place, host.plugin(), level, text));
        }
        Ok(SUCCESS)
    })
}

pub fn fd_read(caller: Caller<'_, Host>, _fd: u32, _vectors: u32, _count: u32, _read: u32) -> wasmtime::Result<u32> {
    wasi_call(caller, "fd_read", |_| Ok(NOSYS))
}

pub fn fd_seek(caller: Caller<'_, Host>, _fd: u32, _offset: i64, _whence: u32, _new: u32) -> wasmtime::Result<u32> {
    wasi_call(caller, "fd_seek", |_| Ok(SUCCESS))
}

pub fn fd_close(caller: Caller<'_, Host>, _fd: u32) -> wasmtime::Result<u32> {
    wasi_call(caller, "fd_close", |_| Ok(SUCCESS))
}

/// A character device that may be written to, for standard output and error.
pub fn fd_fdstat_get(caller: Caller<'_, Host>, fd: u32, result: u32) -> wasmtime::Result<u32> {
    const RIGHTS_FD_WRITE: u64 = 64;
    wasi_call(caller, "fd_fdstat_get", |call| {
        call.number(fd);
        if !matches!(fd, 1 | 2) {
            return Ok(BADF);
        }
        let stat: Vec<u8> = [0, RIGHTS_FD_WRITE, 0].iter().flat_map(|word: &u64| word.to_le_bytes()).collect();
        call.write(result, &stat)?;
        Ok(SUCCESS)
    })
}

pub fn sched_yield(caller: Caller<'_, Host>) -> wasmtime::Result<u32> {
    wasi_call(caller, "sched_yield", |_| Ok(SUCCESS))
}

/// Envoy only traces this; a guest that exits goes on behind the call and traps at its `unreachable`.
pub fn proc_exit(caller: Caller<'_, Host>, code: u32) -> wasmtime::Result<()> {
    wasi_call(caller, "proc_exit", |call| {
        call.number(code);
        Ok(SUCCESS)
    })
    .map(drop)
}
