//! Buffers: bodies, configurations, call-out bodies.

use wasmtime::Caller;

use crate::abi::call::{Answer, HostCall, host_call};
use crate::diagnostic::Site;
use crate::host::{Host, Received};
use crate::kong;
use crate::profile::Profile;
use crate::status::Status;
use crate::stream::Direction;

/// The buffers, as the ABI numbers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Buffer {
    Body(Direction),
    HttpCallBody,
    GrpcMessage,
    VmConfiguration,
    PluginConfiguration,
    /// Network data, call data: always empty here.
    Empty,
}

impl TryFrom<u32> for Buffer {
    type Error = Status;

    fn try_from(number: u32) -> Result<Self, Status> {
        Ok(match number {
            0 => Buffer::Body(Direction::Request),
            1 => Buffer::Body(Direction::Response),
            2 | 3 | 8 => Buffer::Empty,
            4 => Buffer::HttpCallBody,
            5 => Buffer::GrpcMessage,
            6 => Buffer::VmConfiguration,
            7 => Buffer::PluginConfiguration,
            _ => return Err(Status::BadArgument),
        })
    }
}

impl Buffer {
    fn name(self) -> &'static str {
        match self {
            Buffer::Body(Direction::Request) => "request body",
            Buffer::Body(Direction::Response) => "response body",
            Buffer::HttpCallBody => "call-out response body",
            Buffer::GrpcMessage => "gRPC message",
            Buffer::VmConfiguration => "VM configuration",
            Buffer::PluginConfiguration => "plugin configuration",
            Buffer::Empty => "buffer",
        }
    }
}

/// Copies `[start, start + length)`, cut at the end of the buffer. When that is empty the address is 0,
/// which is what the SDK reads as "no buffer".
pub fn get_buffer_bytes(
    caller: Caller<'_, Host>,
    buffer: u32,
    start: u32,
    length: u32,
    pointer: u32,
    size: u32,
) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_get_buffer_bytes", |call| {
        call.numbers([buffer, start, length]);
        let buffer = call.known("buffer", buffer)?;
        let content = content(call, buffer)?;
        let copied = match call.profile() {
            Profile::Envoy => slice(&content, start, length),
            Profile::Kong => kong::buffers::read(&content, length)?,
        };
        call.return_bytes(pointer, size, copied)
    })
}

pub fn get_buffer_status(caller: Caller<'_, Host>, buffer: u32, length: u32, flags: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_get_buffer_status", |call| {
        call.number(buffer);
        let buffer = call.known("buffer", buffer)?;
        let content = content(call, buffer)?;
        call.return_u32(length, u32::try_from(content.len()).unwrap_or(u32::MAX))?;
        call.return_u32(flags, 0)
    })
}

/// (0, 0) prepends, (0, n) replaces the first n bytes, start at or behind the end appends; a hole in
/// the middle is BadArgument, and so is any buffer but a body.
pub fn set_buffer_bytes(
    caller: Caller<'_, Host>,
    buffer: u32,
    start: u32,
    length: u32,
    data: u32,
    size: u32,
) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_set_buffer_bytes", |call| {
        call.numbers([buffer, start, length]);
        let buffer: Buffer = call.known("buffer", buffer)?;
        let data = call.bytes(data, size)?;
        let Buffer::Body(direction) = buffer else {
            content(call, buffer)?;
            return Err(Status::BadArgument.into());
        };
        let written = call.with_world(|world, host| {
            let (stream, filter) = host.http()?;
            let site = Site::of(host, world, Some("proxy_set_buffer_bytes"));
            let stream = world.streams.get_mut(&stream)?;
            let written = splice(stream.body_mut(filter, direction)?, start, length, &data);
            stream.side_mut(direction).body_changed = Some(site);
            Some(written)
        });
        match written {
            Some(result) => Ok(result?),
            None => {
                call.wrong_phase(buffer.name());
                Err(Status::BadArgument.into())
            }
        }
    })
}

fn slice(content: &[u8], start: u32, length: u32) -> &[u8] {
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let end = start.saturating_add(usize::try_from(length).unwrap_or(usize::MAX)).min(content.len());
    content.get(start..end).unwrap_or_default()
}

fn splice(body: &mut Vec<u8>, start: u32, length: u32, data: &[u8]) -> Result<(), Status> {
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    if start == 0 {
        let replaced = usize::try_from(length).unwrap_or(usize::MAX).min(body.len());
        body.splice(..replaced, data.iter().copied());
    } else if start >= body.len() {
        body.extend_from_slice(data);
    } else {
        return Err(Status::BadArgument);
    }
    Ok(())
}

/// What a buffer holds. A body outside of its phase is empty.
fn content(call: &mut HostCall<'_, '_>, buffer: Buffer) -> Answer<Vec<u8>> {
    let content = match buffer {
        Buffer::Body(direction) => {
            let open = call.with_world(|world, host| {
                let (stream, filter) = host.http()?;
                world.streams.get_mut(&stream)?.body_mut(filter, direction).map(|body| body.clone())
            });
            if open.is_none() {
                call.wrong_phase(buffer.name());
            }
            if call.profile() == Profile::Kong && direction == Direction::Request {
                call.with_world(|world, host| kong::buffers::check_request(world, host))?;
            }
            Some(open.unwrap_or_default())
        }
        Buffer::HttpCallBody => received(call).and_then(|received| received.response.as_ref()).map(|r| r.body.clone()),
        Buffer::GrpcMessage => Some(received(call).and_then(|received| received.message.clone()).unwrap_or_default()),
        Buffer::VmConfiguration => Some(call.host().spec.configuration.to_vec()),
        Buffer::PluginConfiguration => call.with_world(|world, host| {
            let plugin = match world.profile {
                Profile::Envoy => host.configuring?,
                Profile::Kong => host.plugin(),
            };
            world.plugins.get(plugin).map(|plugin| plugin.configuration.clone())
        }),
        Buffer::Empty => Some(Vec::new()),
    };
    if content.is_none() {
        call.wrong_phase(buffer.name());
    }
    Ok(content.ok_or(Status::NotFound)?)
}

fn received<'a>(call: &'a HostCall<'_, '_>) -> Option<&'a Received> {
    call.host().received()
}

#[cfg(test)]
mod tests {
    use super::splice;
    use crate::status::Status;

    #[test]
    fn set_buffer_follows_envoy() {
        struct Case {
            name: &'static str,
            given: (u32, u32),
            want: Result<&'static str, Status>,
        }
        let cases = [
            Case { name: "prepend", given: (0, 0), want: Ok("XYabcd") },
            Case { name: "replace two", given: (0, 2), want: Ok("XYcd") },
            Case { name: "replace all", given: (0, 4), want: Ok("XY") },
            Case { name: "replace more than all", given: (0, u32::MAX), want: Ok("XY") },
            Case { name: "append at the end", given: (4, 0), want: Ok("abcdXY") },
            Case { name: "append behind the end", given: (99, 7), want: Ok("abcdXY") },
            Case { name: "a hole", given: (1, 1), want: Err(Status::BadArgument) },
        ];
        for Case { name, given, want } in cases {
            let mut body = b"abcd".to_vec();
            let result = splice(&mut body, given.0, given.1, b"XY");
            assert_eq!(result.map(|()| String::from_utf8_lossy(&body).into_owned()), want.map(str::to_owned), "{name}");
        }
    }
}
