//! Header maps: headers and trailers of requests, responses and call-out responses.

use wasmtime::Caller;

use crate::abi::call::{Answer, HostCall, host_call};
use crate::diagnostic::Site;
use crate::header_map::HeaderMap;
use crate::host::Host;
use crate::kong;
use crate::profile::Profile;
use crate::status::Status;
use crate::stream::{Direction, Stream};
use crate::world::World;

/// The maps, as the ABI numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Map {
    Headers(Direction),
    Trailers(Direction),
    /// gRPC metadata: Envoy shows a unary call's to no module.
    Grpc,
    HttpCallHeaders,
    HttpCallTrailers,
}

impl TryFrom<u32> for Map {
    type Error = Status;

    fn try_from(number: u32) -> Result<Self, Status> {
        Ok(match number {
            0 => Map::Headers(Direction::Request),
            1 => Map::Trailers(Direction::Request),
            2 => Map::Headers(Direction::Response),
            3 => Map::Trailers(Direction::Response),
            4 | 5 => Map::Grpc,
            6 => Map::HttpCallHeaders,
            7 => Map::HttpCallTrailers,
            _ => return Err(Status::BadArgument),
        })
    }
}

impl Map {
    fn name(self) -> &'static str {
        match self {
            Map::Headers(Direction::Request) => "request headers",
            Map::Headers(Direction::Response) => "response headers",
            Map::Trailers(Direction::Request) => "request trailers",
            Map::Trailers(Direction::Response) => "response trailers",
            Map::Grpc => "gRPC metadata",
            Map::HttpCallHeaders => "call-out response headers",
            Map::HttpCallTrailers => "call-out response trailers",
        }
    }
}

/// What a guest finds when it reads a map.
enum Found<T> {
    Open(T),
    /// Outside of its phase.
    Closed,
    /// In on_log, for a message that never was.
    Absent,
}

pub fn get_header_map_pairs(caller: Caller<'_, Host>, map: u32, pointer: u32, size: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_get_header_map_pairs", |call| {
        call.number(map);
        let map: Map = call.known("header map", map)?;
        let pairs = match read(call, map, |map| map.pairs().clone()) {
            Found::Open(pairs) => pairs,
            Found::Absent => Vec::new(),
            Found::Closed => {
                call.wrong_phase(map.name());
                Vec::new()
            }
        };
        call.return_pairs(pointer, size, &pairs)
    })
}

pub fn get_header_map_value(
    caller: Caller<'_, Host>,
    map: u32,
    name: u32,
    name_size: u32,
    pointer: u32,
    size: u32,
) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_get_header_map_value", |call| {
        call.number(map);
        let map: Map = call.known("header map", map)?;
        let name = call.bytes(name, name_size)?;
        match read(call, map, |map| map.get(&name).map(<[u8]>::to_vec)) {
            Found::Open(Some(value)) => call.return_bytes(pointer, size, &value),
            Found::Open(None) | Found::Absent => Err(Status::NotFound.into()),
            Found::Closed => {
                call.wrong_phase(map.name());
                Err(Status::BadArgument.into())
            }
        }
    })
}

/// The bytes of all names and values: what Envoy calls the size of a map.
pub fn get_header_map_size(caller: Caller<'_, Host>, map: u32, result: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_get_header_map_size", |call| {
        call.number(map);
        let map: Map = call.known("header map", map)?;
        let mut size = 0;
        edit(call, map, b"", |map| size = map.byte_size())?;
        call.return_u32(result, u32::try_from(size).unwrap_or(u32::MAX))
    })
}

pub fn set_header_map_pairs(caller: Caller<'_, Host>, map: u32, pointer: u32, size: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_set_header_map_pairs", |call| {
        call.number(map);
        let map: Map = call.known("header map", map)?;
        let pairs = call.pairs(pointer, size)?;
        edit(call, map, b"", |map| map.replace_all(&pairs))
    })
}

pub fn add_header_map_value(
    caller: Caller<'_, Host>,
    map: u32,
    name: u32,
    name_size: u32,
    value: u32,
    value_size: u32,
) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_add_header_map_value", |call| {
        call.number(map);
        let map: Map = call.known("header map", map)?;
        let (name, value) = (call.bytes(name, name_size)?, call.bytes(value, value_size)?);
        edit(call, map, &name, |map| map.add(&name, &value))
    })
}

pub fn replace_header_map_value(
    caller: Caller<'_, Host>,
    map: u32,
    name: u32,
    name_size: u32,
    value: u32,
    value_size: u32,
) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_replace_header_map_value", |call| {
        call.number(map);
        let map: Map = call.known("header map", map)?;
        let (name, value) = (call.bytes(name, name_size)?, call.bytes(value, value_size)?);
        edit(call, map, &name, |map| map.replace(&name, &value))
    })
}

pub fn remove_header_map_value(caller: Caller<'_, Host>, map: u32, name: u32, size: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_remove_header_map_value", |call| {
        call.number(map);
        let map: Map = call.known("header map", map)?;
        let name = call.bytes(name, size)?;
        if call.profile() == Profile::Kong && map == Map::Headers(Direction::Request) && name == b":path" {
            call.fatal("removing `:path` crashes the worker");
        }
        edit(call, map, &name, |map| map.remove(&name))
    })
}

/// Reads a map where the context may: in its phase, while its callback is paused, or in on_log.
fn read<T>(call: &HostCall<'_, '_>, map: Map, view: impl FnOnce(&HeaderMap) -> T) -> Found<T> {
    kong::configure::needs_request(call, "a header map in on_configure crashes the worker");
    if let Map::HttpCallHeaders | Map::HttpCallTrailers = map {
        return http_call_map(call.host(), map).map_or(Found::Closed, |map| Found::Open(view(map)));
    }
    call.with_world(|world, host| {
        let Some((stream, filter)) = stream_of(world, host) else { return Found::Closed };
        let state = &stream.filters[filter];
        let open = match map {
            Map::Headers(direction) if state.logging || !stream.profile.closes_headers() => {
                return shown(stream.side(direction).headers.as_ref(), view);
            }
            Map::Trailers(Direction::Response) if state.logging => {
                return shown(stream.response.trailers.as_ref(), view);
            }
            _ if state.logging => return Found::Absent,
            Map::Headers(direction) if state.progress(direction).headers_open => {
                stream.side(direction).headers.as_ref()
            }
            Map::Trailers(direction) if state.progress(direction).trailers_open => {
                stream.side(direction).trailers.as_ref()
            }
            _ => None,
        };
        open.map_or(Found::Closed, |map| Found::Open(view(map)))
    })
}

fn shown<T>(map: Option<&HeaderMap>, view: impl FnOnce(&HeaderMap) -> T) -> Found<T> {
    map.map_or(Found::Absent, |map| Found::Open(view(map)))
}

/// Changes a map where the context may. Trailers that are missing are created in the last body
/// callback.
fn edit(call: &mut HostCall<'_, '_>, map: Map, field: &[u8], change: impl FnOnce(&mut HeaderMap)) -> Answer {
    kong::configure::needs_request(call, "a header map in on_configure crashes the worker");
    let name = call.name();
    let profile = call.profile();
    if profile == Profile::Kong && map == Map::Headers(Direction::Request) && kong::headers::is_read_only(field) {
        return Ok(());
    }
    let edited = call.with_world(|world, host| {
        let site = Site::of(host, world, Some(name));
        let (stream, filter) = stream_of_mut(world, host)?;
        let open = match map {
            Map::Headers(direction) if stream.headers_writable(filter, direction) => {
                stream.side_mut(direction).headers.as_mut()
            }
            Map::Trailers(direction) if profile.shows_trailers() => {
                stream.create_trailers(filter, direction);
                let open = stream.filters[filter].progress(direction).trailers_open;
                stream.side_mut(direction).trailers.as_mut().filter(|_| open)
            }
            _ => None,
        };
        let open = open?;
        change(open);
        if let (Map::Headers(direction), Some(_)) = (map, open.invalid_field()) {
            stream.side_mut(direction).headers_spoilt.get_or_insert(site);
        }
        Some(())
    });
    if edited.is_none() {
        call.wrong_phase(map.name());
    }
    match (edited, profile, map) {
        (Some(()), ..) => Ok(()),
        // nginx only logs that it is too late.
        (None, Profile::Kong, Map::Headers(_)) => Ok(()),
        (None, Profile::Kong, _) => Err(Status::InternalFailure.into()),
        (None, Profile::Envoy, _) => Err(Status::BadArgument.into()),
    }
}

fn stream_of<'a>(world: &'a World, host: &Host) -> Option<(&'a Stream, usize)> {
    let (stream, filter) = host.http()?;
    let stream = world.streams.get(&stream)?;
    (filter < stream.filters.len()).then_some((stream, filter))
}

fn stream_of_mut<'a>(world: &'a mut World, host: &Host) -> Option<(&'a mut Stream, usize)> {
    let (stream, filter) = host.http()?;
    let stream = world.streams.get_mut(&stream)?;
    (filter < stream.filters.len()).then_some((stream, filter))
}

fn http_call_map(host: &Host, map: Map) -> Option<&HeaderMap> {
    let response = host.received()?.response.as_ref()?;
    if map == Map::HttpCallTrailers { response.trailers.as_ref() } else { Some(&response.headers) }
}
