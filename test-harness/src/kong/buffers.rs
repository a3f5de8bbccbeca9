//! Buffers in Kong's engine. Source: `ngx_proxy_wasm_hfuncs_get_buffer` and
//! `ngx_proxy_wasm_get_buffer_helper`.

use crate::host::Host;
use crate::status::Status;
use crate::world::World;

/// Bytes of a request body that nginx keeps in memory: `client_body_buffer_size`, its default.
const BODY_IN_MEMORY: u64 = 16 * 1024;

/// What a guest reads: from the beginning, whatever offset it gave.
///
/// # Errors
/// [`Status::NotFound`] when there is nothing to read.
pub fn read(content: &[u8], length: u32) -> Result<&[u8], Status> {
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(content.len());
    if length == 0 { Err(Status::NotFound) } else { Ok(&content[..length]) }
}

/// Whether the request's body can be read. What nginx has put into a file cannot, until a filter has
/// written a body of its own.
///
/// # Errors
/// [`Status::NotFound`].
pub fn check_request(world: &World, host: &Host) -> Result<(), Status> {
    let side = host.http().and_then(|(stream, _)| world.streams.get(&stream)).map(|stream| &stream.request);
    let in_file = side.is_some_and(|side| side.body_size > BODY_IN_MEMORY && side.body_changed.is_none());
    if in_file { Err(Status::NotFound) } else { Ok(()) }
}
