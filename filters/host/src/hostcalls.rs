//! The host's functions with our types: bytes in, `Result<_, Status>` out, none of them panics.

use std::cell::OnceCell;
use std::time::Duration;

use sluicegate_common::callout::{Callout, CalloutRequest, grpc_target};
use sluicegate_common::head::{HeaderMap, HeaderSink, HeaderSource};
use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::reply::Rendered;
use sluicegate_common::store::SharedData;
use sluicegate_common::time::Nanos;

use crate::abi::{BufferType, MapType, MetricType, StreamType};
use crate::ffi;

/// The proxy, as rules see it.
pub struct Host;

impl Proxy for Host {
    fn property(&self, path: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        on_stack(path, |path| optional(ffi::property(path)))
    }

    fn set_property(&self, path: &[&str], value: &[u8]) -> Result<(), Status> {
        on_stack(path, |path| ffi::set_property(path, value))
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), Status> {
        getrandom::fill(bytes).map_err(|_| Status::InternalFailure)
    }

    fn define_counter(&self, name: &str) -> Result<u32, Status> {
        ffi::define_metric(MetricType::Counter as u32, name)
    }

    fn increment(&self, counter: u32, by: u32) -> Result<(), Status> {
        ffi::increment_metric(counter, i64::from(by))
    }

    fn define_gauge(&self, name: &str) -> Result<u32, Status> {
        ffi::define_metric(MetricType::Gauge as u32, name)
    }

    fn record(&self, gauge: u32, value: u64) -> Result<(), Status> {
        ffi::record_metric(gauge, value)
    }

    fn is_envoy(&self) -> bool {
        is_envoy()
    }

    fn metric(&self, id: u32) -> Result<u64, Status> {
        ffi::metric(id)
    }

    fn now(&self) -> Option<Nanos> {
        ffi::current_time().ok().map(Nanos)
    }

    fn shared(&self) -> &dyn SharedData {
        self
    }
}

/// One of the host's header maps.
pub struct Map(pub MapType);

impl HeaderSource for Map {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        optional(ffi::header_map_value(self.0 as u32, name))
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        HeaderMap::parse(ffi::header_map_pairs(self.0 as u32)?)
    }
}

impl HeaderSink for Map {
    fn replace(&self, name: &str, value: &[u8]) {
        written(name, ffi::replace_header_map_value(self.0 as u32, name, value));
    }

    fn add(&self, name: &str, value: &[u8]) {
        written(name, ffi::add_header_map_value(self.0 as u32, name, value));
    }

    fn remove(&self, name: &str) {
        written(name, ffi::remove_header_map_value(self.0 as u32, name));
    }
}

/// The host's wall clock.
pub fn now() -> Nanos {
    // Both hosts always answer; without a clock, time stands still at the epoch and the first log says why.
    Nanos(ffi::current_time().unwrap_or_else(|status| {
        log::error!("the host's clock: {status}");
        0
    }))
}

/// Asks for a tick every `period` (whole milliseconds, at least 1). Kong's engine takes one only once.
pub fn set_tick_period(period: Duration) -> Result<(), Status> {
    ffi::set_tick_period(millis(period))
}

/// The plugin's configuration. Envoy answers only in `on_configure`.
pub fn plugin_configuration(size: usize) -> Result<Vec<u8>, Status> {
    buffer(BufferType::PluginConfiguration, size)
}

/// The body of the HTTP call-out that is being answered.
pub fn callout_body(size: usize) -> Result<Vec<u8>, Status> {
    buffer(BufferType::CalloutBody, size)
}

/// The message of the gRPC call-out that is being answered.
pub fn callout_message(size: usize) -> Result<Vec<u8>, Status> {
    buffer(BufferType::GrpcMessage, size)
}

/// Sends a call-out; its answer comes with the token that is returned.
///
/// # Errors
/// HTTP: `BadArgument` for an unknown upstream. gRPC: `BadArgument` where [`grpc_target`] finds no target,
/// `Unimplemented` in Kong's engine. Both: `InternalFailure` where there is no healthy host, and for gRPC no such cluster.
/// No answer comes then.
pub fn dispatch(callout: &Callout) -> Result<u32, Status> {
    let timeout = millis(callout.timeout);
    match &callout.request {
        CalloutRequest::Http { headers, body } => {
            ffi::http_call(&callout.upstream, &HeaderMap::serialize(headers), body, timeout)
        }
        // Kong's engine traps on the call.
        CalloutRequest::Grpc { .. } if !is_envoy() => Err(Status::Unimplemented),
        CalloutRequest::Grpc { authority, service, method, message } => {
            let target = grpc_target(&callout.upstream, authority).ok_or(Status::BadArgument)?;
            ffi::grpc_call(&target, service, method, message, timeout)
        }
    }
}

/// Sends a call-out of the root context. There no question tells which host this is: what only Envoy takes is sent once
/// a stream has asked.
///
/// # Errors
/// As [`dispatch`], and `Unimplemented` for gRPC before that.
pub fn dispatch_in_background(callout: &Callout) -> Result<u32, Status> {
    let is_grpc = matches!(callout.request, CalloutRequest::Grpc { .. });
    let host_is_known = IS_ENVOY.with(|known| known.get().is_some());
    if is_grpc && !host_is_known { Err(Status::Unimplemented) } else { dispatch(callout) }
}

/// Lets a paused request go on.
pub fn continue_request() -> Result<(), Status> {
    ffi::continue_stream(StreamType::Request as u32)
}

/// What there is of the response's body: `size` bytes.
pub fn response_body(size: usize) -> Result<Vec<u8>, Status> {
    buffer(BufferType::ResponseBody, size)
}

/// Puts another body in place of those `size` bytes.
pub fn replace_response_body(size: usize, body: &[u8]) -> Result<(), Status> {
    ffi::replace_buffer(BufferType::ResponseBody as u32, size, body)
}

/// Breaks the response off. Kong's engine answers Ok, and does nothing.
pub fn close_response() -> Result<(), Status> {
    ffi::close_stream(StreamType::Response as u32)
}

/// Answers the request; the upstream is not reached.
pub fn reply(reply: &Rendered) -> Result<(), Status> {
    // Envoy shows details in `response.code_details`; Kong's engine would put them on the wire as reason phrase.
    let details = if is_envoy() { reply.details } else { "" };
    let headers = HeaderMap::serialize(&reply.headers);
    let grpc = reply.grpc_status.and_then(|status| i32::try_from(status).ok()).unwrap_or(-1);
    ffi::send_local_response(u32::from(reply.status), details, &headers, &reply.body, grpc)
}

/// Makes the following calls act on that stream. `BadArgument`: it is gone, and they would act on the root.
pub fn set_effective_context(context: u32) -> Result<(), Status> {
    ffi::set_effective_context(context)
}

thread_local!(static IS_ENVOY: OnceCell<bool> = const { OnceCell::new() });

/// Whether this is Envoy. Told by a number that every stream has, and streams alone: 8 bytes little-endian in Envoy,
/// decimal digits in Kong's engine; asked once per VM.
pub fn is_envoy() -> bool {
    IS_ENVOY.with(|known| *known.get_or_init(|| is_binary(Host.property(&["connection", "id"]))))
}

fn is_binary(number: Result<Option<Vec<u8>>, Status>) -> bool {
    number.is_ok_and(|number| number.is_some_and(|bytes| !bytes.iter().all(u8::is_ascii_digit)))
}

/// The first `size` bytes; none are not asked for, because hosts differ in what they answer then.
fn buffer(kind: BufferType, size: usize) -> Result<Vec<u8>, Status> {
    if size == 0 { Ok(Vec::new()) } else { ffi::buffer(kind as u32, size) }
}

/// Hands over the path as hosts read it, with a zero byte between its parts. Most are short, and take no memory.
fn on_stack<T>(path: &[&str], act: impl FnOnce(&[u8]) -> T) -> T {
    let mut bytes = [0; 48];
    let mut free = bytes.as_mut_slice();
    for (index, part) in path.iter().enumerate() {
        let at = usize::from(index > 0);
        let end = part.len().saturating_add(at);
        match std::mem::take(&mut free).split_at_mut_checked(end) {
            Some((taken, rest)) => {
                taken.iter_mut().skip(at).zip(part.bytes()).for_each(|(to, byte)| *to = byte);
                free = rest;
            }
            None => return act(path.join("\0").as_bytes()),
        }
    }
    let unused = free.len();
    act(bytes.get(..bytes.len().saturating_sub(unused)).unwrap_or_default())
}

fn optional(found: Result<Vec<u8>, Status>) -> Result<Option<Vec<u8>>, Status> {
    match found {
        Ok(bytes) => Ok(Some(bytes)),
        Err(Status::NotFound) => Ok(None),
        Err(status) => Err(status),
    }
}

fn written(name: &str, result: Result<(), Status>) {
    if let Err(status) = result {
        log::error!("writing header {name}: {status}");
    }
}

/// At least the one millisecond that hosts count in.
fn millis(period: Duration) -> u32 {
    u32::try_from(period.as_millis()).unwrap_or(u32::MAX).max(1)
}
