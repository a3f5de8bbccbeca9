//! gRPC call-outs. The harness offers no gRPC upstream: every call fails as one to a cluster that
//! Envoy does not know, and no callback follows.

use wasmtime::Caller;

use crate::abi::call::host_call;
use crate::host::Host;
use crate::status::Status;

#[expect(clippy::too_many_arguments, reason = "the ABI")]
pub fn grpc_call(
    caller: Caller<'_, Host>,
    upstream: u32,
    upstream_size: u32,
    service: u32,
    service_size: u32,
    method: u32,
    method_size: u32,
    _metadata: u32,
    _metadata_size: u32,
    _message: u32,
    _message_size: u32,
    _timeout_milliseconds: u32,
    _token: u32,
) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_grpc_call", |call| {
        call.text(upstream, upstream_size)?;
        call.text(service, service_size)?;
        call.text(method, method_size)?;
        Err(Status::ParseFailure.into())
    })
}

#[expect(clippy::too_many_arguments, reason = "the ABI")]
pub fn grpc_stream(
    caller: Caller<'_, Host>,
    upstream: u32,
    upstream_size: u32,
    service: u32,
    service_size: u32,
    method: u32,
    method_size: u32,
    _metadata: u32,
    _metadata_size: u32,
    _token: u32,
) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_grpc_stream", |call| {
        call.text(upstream, upstream_size)?;
        call.text(service, service_size)?;
        call.text(method, method_size)?;
        Err(Status::ParseFailure.into())
    })
}

/// No stream is ever open.
pub fn grpc_send(caller: Caller<'_, Host>, _token: u32, _message: u32, _size: u32, _end: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_grpc_send", |_| Err(Status::NotFound.into()))
}

pub fn grpc_cancel(caller: Caller<'_, Host>, _token: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_grpc_cancel", |_| Err(Status::NotFound.into()))
}

pub fn grpc_close(caller: Caller<'_, Host>, _token: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_grpc_close", |_| Err(Status::NotFound.into()))
}
