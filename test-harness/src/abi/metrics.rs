//! Metrics.

use wasmtime::Caller;

use crate::abi::call::host_call;
use crate::host::Host;
use crate::metrics::MetricKind;

pub fn define_metric(caller: Caller<'_, Host>, kind: u32, name: u32, size: u32, id: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_define_metric", |call| {
        call.number(kind);
        let name = call.bytes(name, size)?;
        let kind = MetricKind::try_from(kind)?;
        let defined = call.with_world(|world, _| world.metrics.define(kind, &name));
        call.return_u32(id, defined)
    })
}

pub fn increment_metric(caller: Caller<'_, Host>, id: u32, offset: i64) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_increment_metric", |call| {
        call.number(id);
        call.number(offset.cast_unsigned());
        Ok(call.with_world(|world, _| world.metrics.increment(id, offset))?)
    })
}

pub fn record_metric(caller: Caller<'_, Host>, id: u32, value: u64) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_record_metric", |call| {
        call.number(id);
        call.number(value);
        Ok(call.with_world(|world, _| world.metrics.record(id, value))?)
    })
}

pub fn get_metric(caller: Caller<'_, Host>, id: u32, result: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_get_metric", |call| {
        call.number(id);
        let value = call.with_world(|world, _| world.metrics.get(id))?;
        call.return_u64(result, value)
    })
}
