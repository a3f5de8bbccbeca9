//! Attributes: what `proxy_get_property` finds, in Envoy's encodings. Integers, times and durations
//! are 8 bytes little-endian, booleans 1 byte, strings raw, maps serialized pairs.
//!
//! Source: Envoy, "Attributes" (`intro/arch_overview/advanced/attributes`).

use std::collections::BTreeMap;

use crate::abi::encode_pairs;
use crate::header_map::HeaderMap;
use crate::host::Host;
use crate::message::Headers;
use crate::spec::{Route, RouteAction};
use crate::status::Status;
use crate::stream::outcome::{FLAG_NO_HEALTHY_UPSTREAM, FLAG_UPSTREAM_CONNECTION_FAILURE};
use crate::stream::reply::grpc_status_of;
use crate::stream::{Direction, Filter, Stream};
use crate::world::World;

/// What the harness says of itself where a real proxy has a node.
const NODE: &str = "test-harness";
/// The listener's address.
const LISTENER: (&str, i64) = ("127.0.0.1:10000", 10_000);
/// The upstream host's address.
const UPSTREAM: (&str, i64) = ("127.0.0.1:8080", 8080);
/// The proxy's own address towards the upstream.
const UPSTREAM_LOCAL: &str = "127.0.0.1:50000";
/// The one virtual host.
const VIRTUAL_HOST: &str = "all";

/// The value of an attribute.
///
/// # Errors
/// [`Status::NotFound`], or [`Status::SerializationFailure`] for a whole group such as `request` and for
/// no path at all.
pub fn find(world: &World, host: &Host, path: &[u8]) -> Result<Vec<u8>, Status> {
    if path.is_empty() {
        return Err(Status::SerializationFailure);
    }
    let path = path.strip_suffix(b"\0").unwrap_or(path);
    let segments: Vec<&str> =
        path.split(|byte| *byte == 0).map(std::str::from_utf8).collect::<Result<_, _>>().unwrap_or_default();
    if let ["request" | "response" | "connection" | "source" | "destination" | "upstream" | "xds" | "filter_state"] =
        *segments.as_slice()
    {
        return Err(host.http().map_or(Status::NotFound, |_| Status::SerializationFailure));
    }
    of_plugin(world, host, &segments).or_else(|| of_stream(world, host, &segments)).ok_or(Status::NotFound)
}

fn of_plugin(world: &World, host: &Host, segments: &[&str]) -> Option<Vec<u8>> {
    let plugin = host.context().and_then(|context| world.plugins.get(context.plugin));
    match *segments {
        ["plugin_name"] => plugin.map(|plugin| plugin.name.as_bytes().to_vec()),
        ["plugin_root_id"] => plugin.map(|plugin| plugin.root_id.clone().into_bytes()),
        ["plugin_vm_id"] => Some(host.spec.vm_id.as_bytes().to_vec()),
        ["xds", "node", "id" | "cluster"] => Some(NODE.as_bytes().to_vec()),
        _ => None,
    }
}

fn of_stream(world: &World, host: &Host, segments: &[&str]) -> Option<Vec<u8>> {
    let (stream, filter) = host.http()?;
    let stream = world.streams.get(&stream)?;
    let filter = stream.filters.get(filter)?;
    match *segments {
        ["request", ref rest @ ..] => request(world, stream, filter, rest),
        ["response", ref rest @ ..] => response(stream, filter, rest),
        ["source", rest] => peer(&stream.peer.to_string(), stream.peer.port().into(), rest),
        ["destination", rest] => peer(LISTENER.0, LISTENER.1, rest),
        ["connection", rest] => connection(rest),
        ["connection_id"] => Some(integer(1)),
        ["upstream", rest] => upstream(stream, rest),
        ["xds", ref rest @ ..] => xds(world, rest),
        // Dynamic metadata: no filter of the harness writes any.
        ["metadata"] => Some(Vec::new()),
        ["metadata", "filter_metadata"] => Some(encode_pairs(&Headers::new())),
        [name] | ["filter_state", name] => {
            let name = if segments.len() == 1 { name } else { name.strip_prefix("wasm.")? };
            let state = &stream.filter_state;
            state.iter().find(|(known, _)| known == name.as_bytes()).map(|(_, value)| value.clone())
        }
        _ => None,
    }
}

fn request(world: &World, stream: &Stream, filter: &Filter, rest: &[&str]) -> Option<Vec<u8>> {
    match *rest {
        ["time"] => return Some(integer(stream.started_unix_nanos.cast_signed())),
        ["protocol"] => return Some(b"HTTP/1.1".to_vec()),
        ["duration"] => {
            let elapsed = world.clock.now().saturating_sub(stream.started);
            return filter.logging.then(|| integer(elapsed.cast_signed()));
        }
        _ => {}
    }
    // The others are read from the headers, hence only where the filter may read those.
    let map = stream.request.headers.as_ref().filter(|_| visible(filter, Direction::Request));
    let received = stream.request.body_size;
    match *rest {
        // What the client says of its body comes before what of it has come.
        ["size"] => {
            let declared = map.and_then(|map| number(map.get(b"content-length")?));
            return Some(integer(declared.unwrap_or(received.cast_signed())));
        }
        ["total_size"] => return Some(integer(received.cast_signed() + byte_size(map))),
        _ => {}
    }
    if let ["headers"] = *rest {
        return Some(encode_pairs(&map.map(joined).unwrap_or_default()));
    }
    let map = map?;
    let value = |name: &str| map.get(name.as_bytes()).map(<[u8]>::to_vec);
    match *rest {
        ["path"] => value(":path"),
        ["url_path"] => value(":path").map(|path| split_query(&path).0),
        ["query"] => value(":path").map(|path| split_query(&path).1),
        ["host"] => value(":authority"),
        ["scheme"] => value(":scheme"),
        ["method"] => value(":method"),
        ["referer"] => value("referer"),
        ["useragent"] => value("user-agent"),
        ["id"] => value("x-request-id"),
        ["headers", name] => map.get_joined(name.as_bytes()),
        _ => None,
    }
}

fn response(stream: &Stream, filter: &Filter, rest: &[&str]) -> Option<Vec<u8>> {
    match *rest {
        ["code"] => return status(stream).map(|status| integer(status.into())),
        ["code_details"] => return stream.code_details.clone().map(String::into_bytes),
        ["flags"] => return Some(integer(stream.response_flags.cast_signed())),
        _ => {}
    }
    let side = &stream.response;
    let headers = side.headers.as_ref().filter(|_| visible(filter, Direction::Response));
    let trailers = side.trailers.as_ref().filter(|_| filter.response.trailers_open || filter.logging);
    let sent = i64::try_from(stream.downstream.body.len()).unwrap_or(i64::MAX);
    match *rest {
        ["size"] => Some(integer(sent)),
        ["total_size"] => Some(integer(sent + byte_size(headers) + byte_size(trailers))),
        ["headers"] => Some(encode_pairs(&headers.map(joined).unwrap_or_default())),
        ["trailers"] => Some(encode_pairs(&trailers.map(joined).unwrap_or_default())),
        ["headers", name] => headers?.get_joined(name.as_bytes()),
        ["trailers", name] => trailers?.get_joined(name.as_bytes()),
        ["grpc_status"] => {
            let from = [side.trailers.as_ref(), side.headers.as_ref()];
            let given = from.into_iter().flatten().find_map(|map| map.get(b"grpc-status"));
            match given {
                Some(text) => std::str::from_utf8(text).ok()?.parse().ok().map(integer),
                None => status(stream).map(|status| integer(grpc_status_of(status).into())),
            }
        }
        _ => None,
    }
}

/// The status once there is a response.
fn status(stream: &Stream) -> Option<u16> {
    u16::try_from(number(stream.response.headers.as_ref()?.get(b":status")?)?).ok()
}

fn number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn byte_size(map: Option<&HeaderMap>) -> i64 {
    map.map_or(0, |map| i64::try_from(map.byte_size()).unwrap_or(i64::MAX))
}

/// Each name once, its values joined.
fn joined(map: &HeaderMap) -> Headers {
    let mut pairs: Headers = Vec::new();
    for (name, _) in map.pairs() {
        if pairs.iter().all(|(known, _)| known != name) {
            pairs.push((name.clone(), map.get_joined(name).unwrap_or_default()));
        }
    }
    pairs
}

fn upstream(stream: &Stream, name: &str) -> Option<Vec<u8>> {
    let reached = stream.upstream.is_some();
    match name {
        "request_attempt_count" => {
            Some(integer((reached || stream.response_flags & FLAG_NO_HEALTHY_UPSTREAM != 0).into()))
        }
        _ if !reached => None,
        "local_address" => Some(UPSTREAM_LOCAL.as_bytes().to_vec()),
        "cx_pool_ready_duration" => Some(integer(0)),
        "transport_failure_reason" if stream.response_flags & FLAG_UPSTREAM_CONNECTION_FAILURE != 0 => {
            Some(b"delayed connect error: Connection refused".to_vec())
        }
        "transport_failure_reason" => Some(Vec::new()),
        _ => peer(UPSTREAM.0, UPSTREAM.1, name),
    }
}

fn connection(name: &str) -> Option<Vec<u8>> {
    match name {
        "id" => Some(integer(1)),
        "mtls" => Some(vec![0]),
        "requested_server_name" => Some(Vec::new()),
        _ => None,
    }
}

fn xds(world: &World, rest: &[&str]) -> Option<Vec<u8>> {
    let Route { name, cluster, metadata, action } = &world.route;
    match *rest {
        ["route_name" | "route_metadata", ..] if *action == RouteAction::NoRoute => None,
        ["route_name"] => Some(name.clone().into_bytes()),
        ["cluster_name"] => action.has_cluster().then(|| cluster.clone().into_bytes()),
        ["virtual_host_name"] => Some(VIRTUAL_HOST.as_bytes().to_vec()),
        ["listener_direction"] => Some(integer(0)),
        // Serialized messages without a field.
        ["filter_chain_name" | "cluster_metadata" | "listener_metadata"] => Some(Vec::new()),
        ["route_metadata", "filter_metadata"] => {
            let of = |(name, pairs): (&String, &BTreeMap<_, _>)| (name.clone().into_bytes(), namespace_pairs(pairs));
            Some(encode_pairs(&metadata.iter().map(of).collect()))
        }
        ["route_metadata", "filter_metadata", namespace] => metadata.get(namespace).map(namespace_pairs),
        ["route_metadata", "filter_metadata", namespace, key] => {
            metadata.get(namespace)?.get(key).map(|value| value.clone().into_bytes())
        }
        _ => None,
    }
}

fn namespace_pairs(namespace: &BTreeMap<String, String>) -> Vec<u8> {
    let bytes = |text: &String| text.clone().into_bytes();
    encode_pairs(&namespace.iter().map(|(key, value)| (bytes(key), bytes(value))).collect())
}

fn peer(address: &str, port: i64, name: &str) -> Option<Vec<u8>> {
    match name {
        "address" => Some(address.as_bytes().to_vec()),
        "port" => Some(integer(port)),
        _ => None,
    }
}

fn visible(filter: &Filter, direction: Direction) -> bool {
    filter.logging || filter.progress(direction).headers_open
}

fn integer(number: i64) -> Vec<u8> {
    number.to_le_bytes().to_vec()
}

fn split_query(path: &[u8]) -> (Vec<u8>, Vec<u8>) {
    match path.iter().position(|byte| *byte == b'?') {
        Some(at) => (path[..at].to_vec(), path[at + 1..].to_vec()),
        None => (path.to_vec(), Vec::new()),
    }
}
