//! HTTP call-outs. In Envoy they belong to the root context, whoever dispatches them.

use std::time::Duration;

use wasmtime::Caller;

use crate::abi::call::{Answer, HostCall, host_call};
use crate::callouts::Arrival;
use crate::cluster::CalloutRequest;
use crate::diagnostic::{Diagnostic, Problem, Site};
use crate::header_map::{HeaderMap, MapKind};
use crate::host::Host;
use crate::interleave::{Access, Shared};
use crate::kong;
use crate::message::Headers;
use crate::profile::Profile;
use crate::status::Status;

/// What a guest asks for.
struct Dispatch {
    cluster: String,
    headers: Headers,
    body: Vec<u8>,
    trailers: Headers,
    timeout_milliseconds: u32,
}

/// Sends a request to a cluster. A timeout of 0 is none.
#[expect(clippy::too_many_arguments, reason = "the ABI")]
pub fn http_call(
    caller: Caller<'_, Host>,
    cluster: u32,
    cluster_size: u32,
    headers: u32,
    headers_size: u32,
    body: u32,
    body_size: u32,
    trailers: u32,
    trailers_size: u32,
    timeout_milliseconds: u32,
    token: u32,
) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_http_call", |call| {
        let cluster = call.text(cluster, cluster_size)?;
        let headers = call.pairs(headers, headers_size)?;
        let body = call.bytes(body, body_size)?;
        let trailers = call.pairs(trailers, trailers_size)?;
        call.number(timeout_milliseconds);
        call.touches(|_| Access::Write(Shared::Cluster(cluster.clone())))?;
        let dispatch = Dispatch { cluster, headers, body, trailers, timeout_milliseconds };
        match call.profile() {
            Profile::Envoy => send(call, dispatch, token),
            Profile::Kong => send_in_kong(call, dispatch, token),
        }
    })
}

/// Envoy needs `:method`, `:path` and `:authority`.
fn send(call: &mut HostCall<'_, '_>, dispatch: Dispatch, token: u32) -> Answer {
    let Dispatch { cluster, headers, body, trailers, timeout_milliseconds } = dispatch;
    let mut map = HeaderMap::from_pairs(MapKind::Request, &headers);
    if !body.is_empty() {
        map.set(b"content-length", body.len().to_string().as_bytes());
    }
    let result = call.with_world(|world, host| {
        let context = host.context().ok_or(Status::BadArgument)?;
        if !world.callouts.knows(&cluster) {
            let site = Site::of(host, world, Some("proxy_http_call"));
            world.diagnose(Diagnostic { site, problem: Problem::UnknownCluster { cluster } });
            return Err(Status::BadArgument);
        }
        if timeout_milliseconds.cast_signed() < 0
            || [":method", ":path", ":authority"].iter().any(|name| map.get(name.as_bytes()).is_none())
        {
            return Err(Status::BadArgument);
        }
        let timeout = Duration::from_millis(timeout_milliseconds.into());
        if !timeout.is_zero() {
            map.set(b"x-envoy-expected-rq-timeout-ms", timeout_milliseconds.to_string().as_bytes());
        }
        let request = CalloutRequest { cluster, headers: map.pairs().clone(), body, trailers, timeout };
        Ok((world.clock.now(), context.root, world.callouts.http(request)))
    });
    // Envoy writes the token, 0 when there is none, before it looks at the result.
    let Ok((now, root, sent)) = result else {
        return call.return_u32(token, 0).and(Err(Status::BadArgument.into()));
    };
    let number = call.host_mut().callouts.next_http_token();
    call.return_u32(token, if sent.is_some() { number } else { 0 })?;
    let (wait, answer) = sent.ok_or(Status::InternalFailure)?;
    call.host_mut().callouts.push(now, wait, Arrival { context: root, token: number, answer });
    Ok(())
}

/// Kong's engine tells of every failure by the callback. The answer belongs to the context that asks.
fn send_in_kong(call: &mut HostCall<'_, '_>, dispatch: Dispatch, token: u32) -> Answer {
    let Dispatch { cluster, headers, body, trailers, timeout_milliseconds } = dispatch;
    let map = kong::callouts::request_headers(&cluster, &headers, &body);
    kong::callouts::check(call.host(), &cluster, &map)?;
    if !call.with_world(|world, _| world.callouts.knows(&cluster)) {
        call.diagnose(Problem::UnknownCluster { cluster: cluster.clone() });
    }
    let timeout = kong::callouts::timeout(Duration::from_millis(timeout_milliseconds.into()));
    let request = CalloutRequest { cluster, headers: map.pairs().clone(), body, trailers, timeout };
    let (now, (wait, answer)) = call.with_world(|world, _| (world.clock.now(), world.callouts.http_in_kong(request)));
    let number = call.host_mut().callouts.next_http_token();
    let context = call.host().current;
    call.host_mut().callouts.push(now, wait, Arrival { context, token: number, answer });
    call.return_u32(token, number)
}
