//! The host of the driver's tests, in place of `hostcalls`: it keeps a list of what was asked of it.

use std::cell::RefCell;
use std::time::Duration;

use sluicegate_common::filter::{Callout, CalloutRequest};
use sluicegate_common::head::{HeaderMap, HeaderSink, HeaderSource};
use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::reply::Rendered;
use sluicegate_common::time::Nanos;

use crate::abi::MapType;

/// What a test says and sees.
#[derive(Debug, Default)]
pub struct State {
    pub now: Nanos,
    pub config: &'static str,
    pub is_envoy: bool,
    /// Contexts that are there.
    pub contexts: Vec<u32>,
    /// The context that calls act on.
    pub acting: u32,
    /// The status of a call-out's answer.
    pub answer: u16,
    /// What there is of a response's body.
    pub body: &'static str,
    pub unreadable: bool,
    pub unwritable: bool,
    /// The message of a gRPC call-out's answer.
    pub message: &'static str,
    pub tokens: u32,
    pub calls: Vec<String>,
}

thread_local!(static STATE: RefCell<State> = RefCell::default());

/// Looks at the host, or changes it.
pub fn host<T>(act: impl FnOnce(&mut State) -> T) -> T {
    STATE.with_borrow_mut(act)
}

fn note(call: String) -> Result<(), Status> {
    host(|state| state.calls.push(call));
    Ok(())
}

fn acting() -> u32 {
    host(|state| state.acting)
}

pub struct Host;

impl Proxy for Host {
    fn property(&self, _: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        Ok(None)
    }

    fn set_property(&self, _: &[&str], _: &[u8]) -> Result<(), Status> {
        Err(Status::NotFound)
    }

    fn define_counter(&self, _: &str) -> Result<u32, Status> {
        Ok(1)
    }

    fn increment(&self, _: u32, _: u32) -> Result<(), Status> {
        Ok(())
    }
}

pub struct Map(pub MapType);

impl HeaderSource for Map {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        Ok(self.all()?.first(name.as_bytes()).map(<[u8]>::to_vec))
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        let pairs = match self.0 {
            MapType::CalloutHeaders => vec![(":status", host(|state| state.answer).to_string())],
            _ => vec![(":path", format!("/{}", acting()))],
        };
        HeaderMap::parse(HeaderMap::serialize(&pairs))
    }
}

impl HeaderSink for Map {
    fn replace(&self, name: &str, _: &[u8]) {
        let _ = note(format!("{}: set {name}", acting()));
    }

    fn add(&self, name: &str, _: &[u8]) {
        let _ = note(format!("{}: add {name}", acting()));
    }

    fn remove(&self, name: &str) {
        let _ = note(format!("{}: remove {name}", acting()));
    }
}

pub fn now() -> Nanos {
    host(|state| state.now)
}

pub fn set_tick_period(_: Duration) -> Result<(), Status> {
    Ok(())
}

pub fn plugin_configuration(_: usize) -> Result<Vec<u8>, Status> {
    Ok(host(|state| state.config).into())
}

pub fn callout_body(_: usize) -> Result<Vec<u8>, Status> {
    Ok(Vec::new())
}

pub fn callout_message(_: usize) -> Result<Vec<u8>, Status> {
    Ok(host(|state| state.message).into())
}

pub fn dispatch(callout: &Callout) -> Result<u32, Status> {
    match &callout.request {
        _ if callout.upstream == "nowhere" => return Err(Status::BadArgument),
        CalloutRequest::Grpc { .. } if !is_envoy() => return Err(Status::Unimplemented),
        _ => {}
    }
    let token = host(|state| {
        state.tokens += 1;
        state.tokens
    });
    note(format!("{}: ask {} as {token}", acting(), callout.upstream))?;
    Ok(token)
}

pub fn dispatch_in_background(callout: &Callout) -> Result<u32, Status> {
    dispatch(callout)
}

pub fn continue_request() -> Result<(), Status> {
    note(format!("{}: continue", acting()))
}

pub fn response_body(size: usize) -> Result<Vec<u8>, Status> {
    let body = host(|state| state.body);
    assert_eq!(body.len(), size);
    if host(|state| state.unreadable) { Err(Status::BadArgument) } else { Ok(body.into()) }
}

pub fn replace_response_body(size: usize, body: &[u8]) -> Result<(), Status> {
    if host(|state| state.unwritable) {
        return Err(Status::BadArgument);
    }
    note(format!("{}: {size} bytes become {}", acting(), String::from_utf8_lossy(body)))
}

pub fn close_response() -> Result<(), Status> {
    note(format!("{}: close", acting()))
}

pub fn reply(reply: &Rendered) -> Result<(), Status> {
    note(format!("{}: reply {}", acting(), reply.status))
}

pub fn set_effective_context(context: u32) -> Result<(), Status> {
    host(|state| {
        if !state.contexts.contains(&context) {
            return Err(Status::BadArgument); // As Envoy does: calls go on to act on whom they acted on.
        }
        state.acting = context;
        Ok(())
    })
}

pub fn is_envoy() -> bool {
    host(|state| state.is_envoy)
}

/// The root context.
pub const ROOT: u32 = 1;
