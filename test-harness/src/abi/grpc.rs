//! Unary gRPC call-outs. They belong to the root context, whoever dispatches them. Streams are not
//! offered: opening one fails as one to a cluster without a healthy host.

use std::time::Duration;

use wasmtime::Caller;

use crate::abi::call::{Answer, HostCall, host_call};
use crate::callouts::{Arrival, Target, target};
use crate::cluster::CalloutRequest;
use crate::diagnostic::Problem;
use crate::header_map::{HeaderMap, MapKind};
use crate::host::Host;
use crate::interleave::{Access, Shared};
use crate::message::Headers;
use crate::status::Status;

/// Sends a message to `/service/method`. `upstream` is a cluster's name or a serialized
/// `envoy.config.core.v3.GrpcService`. A timeout of 0 is none.
#[expect(clippy::too_many_arguments, reason = "the ABI")]
pub fn grpc_call(
    caller: Caller<'_, Host>,
    upstream: u32,
    upstream_size: u32,
    service: u32,
    service_size: u32,
    method: u32,
    method_size: u32,
    metadata: u32,
    metadata_size: u32,
    message: u32,
    message_size: u32,
    timeout_milliseconds: u32,
    token: u32,
) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_grpc_call", |call| {
        let target = target(&call.bytes(upstream, upstream_size)?);
        let path = [call.text(service, service_size)?, call.text(method, method_size)?];
        let metadata = call.pairs(metadata, metadata_size)?;
        let message = call.bytes(message, message_size)?;
        call.number(timeout_milliseconds);
        let timeout = Duration::from_millis(timeout_milliseconds.into());
        let (cluster, authority) = find(call, target)?;
        call.touches(|_| Access::Write(Shared::Cluster(cluster.clone())))?;
        let headers = request_headers(&authority, &path, &metadata, timeout);
        let request = CalloutRequest { cluster, headers, body: message, trailers: Vec::new(), timeout };
        let (root, now, (result, wait, answer)) = call.with_world(|world, host| {
            let context = host.context().ok_or(Status::BadArgument)?;
            Ok::<_, Status>((context.root, world.clock.now(), world.callouts.grpc(request)))
        })?;
        let number = call.host_mut().callouts.next_grpc_token();
        call.host_mut().callouts.push(now, wait, Arrival { context: root, token: number, answer });
        result?;
        call.return_u32(token, number)
    })
}

/// The cluster and authority of a call's target.
fn find(call: &HostCall<'_, '_>, target: Target) -> Result<(String, String), Status> {
    let (cluster, authority, by_name) = match target {
        Target::Cluster(name) => (name.clone(), name, true),
        Target::Service { cluster, authority } if authority.is_empty() => (cluster.clone(), cluster, false),
        Target::Service { cluster, authority } => (cluster, authority, false),
        Target::Nobody => {
            call.diagnose(Problem::NoGrpcTarget);
            return Err(Status::BadArgument);
        }
    };
    if !call.with_world(|world, _| world.callouts.knows(&cluster)) {
        call.diagnose(Problem::UnknownCluster { cluster: cluster.clone() });
        if by_name {
            return Err(Status::ParseFailure);
        }
    }
    Ok((cluster, authority))
}

/// As Envoy's client prepares them, the metadata last.
fn request_headers(authority: &str, path: &[String; 2], metadata: &Headers, timeout: Duration) -> Headers {
    let mut map = HeaderMap::new(MapKind::Request);
    map.add(b":method", b"POST");
    map.add(b":path", format!("/{}/{}", path[0], path[1]).as_bytes());
    map.add(b":authority", authority.as_bytes());
    map.add(b":scheme", b"http");
    map.add(b"te", b"trailers");
    map.add(b"grpc-timeout", format!("{}m", timeout.as_millis()).as_bytes());
    map.add(b"content-type", b"application/grpc");
    for (name, value) in metadata {
        map.add(name, value);
    }
    map.pairs().clone()
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
    metadata: u32,
    metadata_size: u32,
    token: u32,
) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_grpc_stream", |call| {
        let target = target(&call.bytes(upstream, upstream_size)?);
        call.text(service, service_size)?;
        call.text(method, method_size)?;
        call.pairs(metadata, metadata_size)?;
        call.number(token);
        find(call, target)?;
        call.with_world(|world, _| world.note("gRPC stream refused: this host offers unary calls alone"));
        Err(Status::InternalFailure.into())
    })
}

/// No stream is ever open.
pub fn grpc_send(
    caller: Caller<'_, Host>,
    token: u32,
    message: u32,
    size: u32,
    end_of_stream: u32,
) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_grpc_send", |call| {
        call.number(token);
        call.bytes(message, size)?;
        call.number(end_of_stream);
        let stream = token & 3 == 2;
        Err(if stream { Status::NotFound } else { Status::BadArgument }.into())
    })
}

/// No callback follows.
pub fn grpc_cancel(caller: Caller<'_, Host>, token: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_grpc_cancel", |call| cancel(call, token))
}

/// Closing a unary call is cancelling it.
pub fn grpc_close(caller: Caller<'_, Host>, token: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_grpc_close", |call| cancel(call, token))
}

fn cancel(call: &mut HostCall<'_, '_>, token: u32) -> Answer {
    call.number(token);
    match token & 3 {
        1 if call.host_mut().callouts.cancel(token) => Ok(()),
        1 | 2 => Err(Status::NotFound.into()),
        _ => Err(Status::BadArgument.into()),
    }
}
