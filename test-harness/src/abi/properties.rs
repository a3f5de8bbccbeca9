//! Properties.

use wasmtime::Caller;

use crate::abi::call::host_call;
use crate::host::Host;
use crate::kong;
use crate::profile::Profile;
use crate::status::Status;
use crate::stream::attributes;

/// Reads an attribute by its path, segments separated by NUL.
pub fn get_property(
    caller: Caller<'_, Host>,
    path: u32,
    size: u32,
    pointer: u32,
    length: u32,
) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_get_property", |call| {
        let path = call.bytes(path, size)?;
        if path == b"plugin_name" {
            kong::configure::needs_request(call, "reading `plugin_name` in on_configure crashes the worker");
        }
        let value = call.with_world(|world, host| match world.profile {
            Profile::Envoy => attributes::find(world, host, &path),
            Profile::Kong => kong::properties::find(world, host, &path),
        })?;
        call.return_bytes(pointer, length, &value)
    })
}

/// Writes filter state of the stream. The whole path is one name, so only a path of one segment can
/// be read back.
pub fn set_property(caller: Caller<'_, Host>, path: u32, size: u32, value: u32, length: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_set_property", |call| {
        let path = call.bytes(path, size)?;
        let value = call.bytes(value, length)?;
        call.with_world(|world, host| {
            let (stream, _) = host.http().ok_or(Status::NotFound)?;
            let profile = world.profile;
            let state = &mut world.streams.get_mut(&stream).ok_or(Status::NotFound)?.filter_state;
            if profile == Profile::Kong {
                return kong::properties::set(state, &path, value);
            }
            match state.iter_mut().find(|(name, _)| *name == path) {
                Some((_, present)) => *present = value,
                None => state.push((path, value)),
            }
            Ok::<(), Status>(())
        })?;
        Ok(())
    })
}
