//! Properties in Kong's engine: all of them text, most of them variables of nginx. Source:
//! `ngx_proxy_wasm_properties.c`, its table `pw2ngx`.

use crate::host::Host;
use crate::message::Headers;
use crate::status::Status;
use crate::stream::Stream;
use crate::world::World;

/// What can be set, and read by the request's other filters.
const HOST_PREFIX: &[u8] = b"wasmx\0";

/// The value of a property.
///
/// # Errors
/// [`Status::NotFound`].
pub fn find(world: &World, host: &Host, path: &[u8]) -> Result<Vec<u8>, Status> {
    let segments: Vec<&str> =
        path.split(|byte| *byte == 0).map(std::str::from_utf8).collect::<Result<_, _>>().unwrap_or_default();
    let plugin = || host.context().and_then(|context| world.plugins.get(context.plugin));
    let found = match *segments.as_slice() {
        ["plugin_name"] => plugin().map(|plugin| plugin.name.as_bytes().to_vec()),
        ["plugin_root_id"] => Some(b"0".to_vec()),
        _ => host.http().and_then(|(stream, _)| of_stream(world, world.streams.get(&stream)?, &segments, path)),
    };
    found.ok_or(Status::NotFound)
}

/// Sets a property of the request.
///
/// # Errors
/// [`Status::NotFound`] for everything but `wasmx.<name>`.
pub fn set(state: &mut Headers, path: &[u8], value: Vec<u8>) -> Result<(), Status> {
    if !path.starts_with(HOST_PREFIX) {
        return Err(Status::NotFound);
    }
    match state.iter_mut().find(|(name, _)| name == path) {
        Some((_, present)) => *present = value,
        None => state.push((path.to_vec(), value)),
    }
    Ok(())
}

fn of_stream(world: &World, stream: &Stream, segments: &[&str], path: &[u8]) -> Option<Vec<u8>> {
    match *segments {
        ["request", ref rest @ ..] => request(world, stream, rest),
        ["response", ref rest @ ..] => response(stream, rest),
        ["source", "address"] | ["ngx", "remote_addr"] => text(stream.peer.ip()),
        ["source", "port"] | ["ngx", "remote_port"] => text(stream.peer.port()),
        ["connection", "id"] => text(1),
        ["connection", "mtls"] => text(false),
        ["upstream", "address"] if stream.upstream.is_some() => text("127.0.0.1"),
        ["upstream", "port"] if stream.upstream.is_some() => text(8080),
        ["ngx", "upstream_header_time"] => stream.upstream_header_time.clone().map(String::into_bytes),
        ["wasmx", ..] => stream.filter_state.iter().find(|(name, _)| name == path).map(|(_, value)| value.clone()),
        _ => None,
    }
}

fn request(world: &World, stream: &Stream, rest: &[&str]) -> Option<Vec<u8>> {
    let map = stream.request.headers.as_ref()?;
    let value = |name: &str| map.get(name.as_bytes()).map(<[u8]>::to_vec);
    let path = || value(":path").unwrap_or_default();
    let question = |path: &[u8]| path.iter().position(|byte| *byte == b'?');
    match *rest {
        ["path"] => Some(stream.client_target.clone()),
        ["url_path"] => Some(path()).map(|path| path[..question(&path).unwrap_or(path.len())].to_vec()),
        ["query"] => Some(path()).map(|path| question(&path).map_or_else(Vec::new, |at| path[at + 1..].to_vec())),
        // `$hostname`: the machine's name, not the request's.
        ["host"] => Some(b"localhost".to_vec()),
        ["scheme"] => value(":scheme"),
        ["method"] => value(":method"),
        ["protocol"] => Some(b"HTTP/1.1".to_vec()),
        ["useragent"] => value("user-agent"),
        ["referer"] => value("referer"),
        ["id"] => value("x-request-id"),
        ["size"] => value("content-length"),
        ["time"] => text(seconds(stream.started_unix_nanos)),
        ["duration"] => text(seconds(world.clock.now().saturating_sub(stream.started))),
        ["headers", name] => value(name),
        _ => None,
    }
}

fn response(stream: &Stream, rest: &[&str]) -> Option<Vec<u8>> {
    let map = stream.response.headers.as_ref();
    match *rest {
        ["code"] => Some(map.and_then(|map| map.get(b":status")).unwrap_or(b"000").to_vec()),
        ["size"] => text(stream.downstream.body.len()),
        ["headers", name] => map?.get(name.as_bytes()).map(<[u8]>::to_vec),
        _ => None,
    }
}

/// Seconds with milliseconds, as nginx writes times.
fn seconds(nanos: u64) -> String {
    let millis = nanos / 1_000_000;
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

fn text(value: impl ToString) -> Option<Vec<u8>> {
    Some(value.to_string().into_bytes())
}
