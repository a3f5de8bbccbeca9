//! Attributes: what `proxy_get_property` finds, in Envoy's encodings. Integers, times and durations
//! are 8 bytes little-endian, booleans 1 byte, strings raw, maps serialized pairs.
//!
//! Source: Envoy, "Attributes" (`intro/arch_overview/advanced/attributes`).

use crate::abi::encode_pairs;
use crate::host::Host;
use crate::message::Headers;
use crate::stream::{Direction, Filter, Stream};
use crate::world::World;

/// What the harness says of itself where a real proxy has a node.
const NODE: &str = "test-harness";
/// The listener's address.
const LISTENER: (&str, i64) = ("127.0.0.1:10000", 10_000);
/// The upstream host's address.
const UPSTREAM: (&str, i64) = ("127.0.0.1:8080", 8080);

/// The value of an attribute, or None.
pub fn find(world: &World, host: &Host, path: &[u8]) -> Option<Vec<u8>> {
    let segments: Vec<&str> =
        path.split(|byte| *byte == 0).map(std::str::from_utf8).collect::<Result<_, _>>().unwrap_or_default();
    let plugin = host.context().and_then(|context| world.plugins.get(context.plugin));
    match *segments.as_slice() {
        ["plugin_name"] => return plugin.map(|plugin| plugin.name.as_bytes().to_vec()),
        ["plugin_root_id"] => return plugin.map(|plugin| plugin.root_id.clone().into_bytes()),
        ["plugin_vm_id"] => return Some(host.spec.vm_id.as_bytes().to_vec()),
        ["node" | "xds", "id" | "cluster"] | ["xds", "node", "id" | "cluster"] => {
            return Some(NODE.as_bytes().to_vec());
        }
        _ => {}
    }
    let (stream, filter) = host.http()?;
    let stream = world.streams.get(&stream)?;
    let filter = stream.filters.get(filter)?;
    match *segments.as_slice() {
        ["request", ref rest @ ..] => request(world, stream, filter, rest),
        ["response", ref rest @ ..] => response(stream, filter, rest),
        ["source", rest] => peer(&stream.peer.to_string(), stream.peer.port().into(), rest),
        ["destination", rest] => peer(LISTENER.0, LISTENER.1, rest),
        ["connection", rest] => connection(stream, rest),
        ["connection_id"] => Some(integer(1)),
        ["upstream", rest] if stream.upstream.is_some() => peer(UPSTREAM.0, UPSTREAM.1, rest),
        ["xds", ref rest @ ..] => xds(world, rest),
        _ => stream.filter_state.iter().find(|(name, _)| name == path).map(|(_, value)| value.clone()),
    }
}

fn request(world: &World, stream: &Stream, filter: &Filter, rest: &[&str]) -> Option<Vec<u8>> {
    match *rest {
        ["time"] => return Some(integer(stream.started_unix_nanos.cast_signed())),
        ["protocol"] => return Some(b"HTTP/1.1".to_vec()),
        ["size"] => return Some(integer(stream.request.body_size.cast_signed())),
        ["duration"] => {
            let elapsed = world.clock.now().saturating_sub(stream.started);
            return filter.logging.then(|| integer(elapsed.cast_signed()));
        }
        _ => {}
    }
    // The others are read from the headers, hence only where the filter may read those.
    let map = stream.request.headers.as_ref().filter(|_| visible(filter, Direction::Request))?;
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
        ["headers"] => Some(encode_pairs(map.pairs())),
        ["headers", name] => map.get_joined(name.as_bytes()),
        _ => None,
    }
}

fn response(stream: &Stream, filter: &Filter, rest: &[&str]) -> Option<Vec<u8>> {
    match *rest {
        ["code"] => return stream.headers_sent.then(|| integer(stream.downstream.status.into())),
        ["code_details"] => {
            return Some(stream.code_details.clone().into_bytes()).filter(|details| !details.is_empty());
        }
        ["flags"] => return Some(integer(stream.response_flags.cast_signed())),
        ["size"] => {
            return Some(integer(i64::try_from(stream.downstream.body.len()).unwrap_or(i64::MAX)));
        }
        _ => {}
    }
    let side = &stream.response;
    match *rest {
        ["headers", name] => {
            side.headers.as_ref().filter(|_| visible(filter, Direction::Response))?.get_joined(name.as_bytes())
        }
        ["trailers", name] => {
            let open = filter.response.trailers_open || filter.logging;
            side.trailers.as_ref().filter(|_| open)?.get_joined(name.as_bytes())
        }
        ["grpc_status"] => {
            let from = [side.trailers.as_ref(), side.headers.as_ref()];
            let text = from.into_iter().flatten().find_map(|map| map.get(b"grpc-status"))?;
            std::str::from_utf8(text).ok()?.parse().ok().map(integer)
        }
        _ => None,
    }
}

fn connection(stream: &Stream, name: &str) -> Option<Vec<u8>> {
    match name {
        "id" => Some(integer(1)),
        "mtls" => Some(vec![0]),
        "termination_details" if stream.ended && !stream.downstream.complete => Some(b"reset".to_vec()),
        _ => None,
    }
}

fn xds(world: &World, rest: &[&str]) -> Option<Vec<u8>> {
    let metadata = &world.route.metadata;
    match *rest {
        ["route_name"] => Some(world.route.name.clone().into_bytes()),
        ["cluster_name"] => Some(world.route.cluster.clone().into_bytes()),
        ["listener_direction"] => Some(integer(0)),
        ["route_metadata", "filter_metadata", namespace] => {
            let pairs: Headers = metadata
                .get(namespace)?
                .iter()
                .map(|(key, value)| (key.clone().into_bytes(), value.clone().into_bytes()))
                .collect();
            Some(encode_pairs(&pairs))
        }
        ["route_metadata", "filter_metadata", namespace, key] => {
            metadata.get(namespace)?.get(key).map(|value| value.clone().into_bytes())
        }
        _ => None,
    }
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
