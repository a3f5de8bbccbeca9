//! Streams: resuming, closing, local replies.

use wasmtime::Caller;

use crate::abi::call::host_call;
use crate::diagnostic::Problem;
use crate::host::{Action, Host};
use crate::kong;
use crate::profile::Profile;
use crate::status::Status;
use crate::stream::{BodyAccess, Direction, LocalReply};

/// Resumes a paused direction after the callback. On a root context nothing happens, and the answer
/// is Ok.
pub fn continue_stream(caller: Caller<'_, Host>, stream_type: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_continue_stream", |call| {
        call.number(stream_type);
        let direction = match stream_type {
            0 => Direction::Request,
            1 => Direction::Response,
            2 => return Ok(()),
            3 => return Err(Status::Unimplemented.into()),
            number => {
                call.diagnose(Problem::UnknownNumber { what: "stream type", number });
                return Err(Status::BadArgument.into());
            }
        };
        kong::configure::needs_request(call, "resuming a stream in on_configure crashes the worker");
        let Some((stream, filter)) = call.host().http() else { return Ok(()) };
        // Kong's engine decides by itself, when the last call-out has been answered.
        if call.profile() == Profile::Kong {
            return Ok(());
        }
        let callback = call.host().callback;
        call.host_mut().actions.push(Action::Continue { stream, filter, direction, callback });
        call.with_world(|world, _| {
            // Envoy closes the request maps here, whichever direction is resumed.
            if let Some(state) = world.streams.get_mut(&stream).and_then(|stream| stream.filters.get_mut(filter)) {
                state.request.headers_open = false;
                state.request.trailers_open = false;
                if state.request.body == BodyAccess::InFlight {
                    state.request.body = BodyAccess::Closed;
                }
            }
        });
        Ok(())
    })
}

/// Resets the stream after the callback.
pub fn close_stream(caller: Caller<'_, Host>, stream_type: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_close_stream", |call| {
        call.number(stream_type);
        if stream_type > 3 {
            call.diagnose(Problem::UnknownNumber { what: "stream type", number: stream_type });
            return Err(Status::BadArgument.into());
        }
        if let Some((stream, _)) = call.host().http() {
            call.host_mut().actions.push(Action::Close { stream });
        }
        Ok(())
    })
}

/// The status of the last call-out that failed, and what went with it while its callback runs: for gRPC
/// `grpc-status` and `grpc-message`, for an HTTP call without a response 11 and `reset`.
pub fn get_status(caller: Caller<'_, Host>, code: u32, pointer: u32, size: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_get_status", |call| {
        let received = call.host().received().map(|received| (received.status, received.status_message.clone()));
        let (status, message) = received.unwrap_or_default();
        call.return_u32(code, status)?;
        call.return_bytes(pointer, size, message.as_bytes())
    })
}

/// Replies after the callback, whatever that returns.
#[expect(clippy::too_many_arguments, reason = "the ABI")]
pub fn send_local_response(
    caller: Caller<'_, Host>,
    status: u32,
    details: u32,
    details_size: u32,
    body: u32,
    body_size: u32,
    headers: u32,
    headers_size: u32,
    grpc_status: u32,
) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_send_local_response", |call| {
        call.number(status);
        let details = call.text(details, details_size)?;
        let body = call.bytes(body, body_size)?;
        let headers = call.pairs(headers, headers_size)?;
        call.number(grpc_status);
        call.host_mut().stop_iteration = true;
        let reply = LocalReply {
            status: u16::try_from(status).unwrap_or(u16::MAX),
            body,
            headers,
            // SDKs pass -1 for "none"; Envoy knows the codes 0 to 16.
            grpc_status: Some(grpc_status).filter(|code| *code <= 16),
            details: details.replace(char::is_whitespace, "_"),
        };
        kong::configure::needs_request(call, "a local reply in on_configure crashes the worker");
        let Some((stream, filter)) = call.host().http() else { return Ok(()) };
        if call.profile() == Profile::Kong {
            kong::reply::check(call, stream, &details)?;
        }
        if matches!(call.host().callback, "proxy_on_log" | "proxy_on_done" | "proxy_on_delete") {
            call.diagnose(Problem::ReplyAfterEnd);
            return Ok(());
        }
        let callback = call.host().callback;
        call.host_mut().actions.push(Action::Reply { stream, filter, reply, callback });
        Ok(())
    })
}
