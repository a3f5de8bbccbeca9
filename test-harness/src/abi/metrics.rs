//! Metrics.

use wasmtime::Caller;

use crate::abi::call::{HostCall, Refusal, host_call};
use crate::diagnostic::Problem;
use crate::host::Host;
use crate::interleave::{Access, Shared};
use crate::metrics::{MetricKind, MetricMisuse, Metrics};
use crate::profile::Profile;
use crate::status::Status;

pub fn define_metric(caller: Caller<'_, Host>, kind: u32, name: u32, size: u32, id: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_define_metric", |call| {
        call.number(kind);
        let name = call.bytes(name, size)?;
        let Ok(kind) = MetricKind::try_from(kind) else {
            judge(call, |_| Some(MetricMisuse::UnknownKind(kind)));
            return Err(Status::BadArgument.into());
        };
        judge(call, |metrics| metrics.misuse_of_define(kind, &name));
        let defined = call.with_world(|world, _| world.metrics.define(kind, &name));
        call.return_u32(id, defined)
    })
}

pub fn increment_metric(caller: Caller<'_, Host>, id: u32, offset: i64) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_increment_metric", |call| {
        call.number(id);
        call.number(offset.cast_unsigned());
        call.touches(|_| Access::Add(Shared::Metric(id)))?;
        if call.profile() == Profile::Kong && MetricKind::try_from(id & 3) == Ok(MetricKind::Gauge) {
            return Err(Refusal::trap("increment_metric on a gauge"));
        }
        judge(call, |metrics| metrics.misuse_of_increment(id, offset));
        Ok(call.with_world(|world, _| world.metrics.increment(id, offset))?)
    })
}

pub fn record_metric(caller: Caller<'_, Host>, id: u32, value: u64) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_record_metric", |call| {
        call.number(id);
        call.number(value);
        call.touches(|_| Access::Write(Shared::Metric(id)))?;
        judge(call, |metrics| metrics.misuse_of_record(id, value));
        Ok(call.with_world(|world, _| world.metrics.record(id, value))?)
    })
}

pub fn get_metric(caller: Caller<'_, Host>, id: u32, result: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_get_metric", |call| {
        call.number(id);
        call.touches(|_| Access::Read(Shared::Metric(id)))?;
        judge(call, |metrics| metrics.misuse_of_get(id));
        let value = match call.with_world(|world, _| world.metrics.get(id)) {
            Err(_) if call.profile() == Profile::Kong => {
                return Err(Refusal::trap("get_metric on a histogram or an unknown id"));
            }
            value => value?,
        };
        call.return_u64(result, value)
    })
}

/// Reports what the metric cannot do.
fn judge(call: &HostCall<'_, '_>, misuse: impl FnOnce(&Metrics) -> Option<MetricMisuse>) {
    if let Some(misuse) = call.with_world(|world, _| misuse(&world.metrics)) {
        call.diagnose(Problem::Metric(misuse));
    }
}
