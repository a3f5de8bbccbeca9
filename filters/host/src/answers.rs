//! What the host reports of a call-out that ended.

use sluicegate_common::filter::{Answer, CalloutError};
use sluicegate_common::head::{HeaderMap, HeaderSource};
use sluicegate_common::proxy::Status;

use crate::abi::MapType;
use crate::hostcalls::{self, Map};

/// How a call-out ended, as a callback tells it.
#[derive(Debug, Clone, Copy)]
pub enum Ended {
    /// An HTTP answer, or none: then there are no headers, and reading them is an error.
    Http { headers: usize, body: usize },
    /// The message of a gRPC call: it succeeded.
    Message { size: usize },
    /// A gRPC call that did not succeed.
    Grpc { status: u32 },
}

/// Reads the answer, while the host has it: in the callback that tells of it.
pub fn read(ended: Ended) -> Result<Answer, CalloutError> {
    match ended {
        Ended::Http { headers: 0, .. } => Err(CalloutError::Failed),
        Ended::Http { body, .. } => http(body),
        Ended::Message { size } => {
            let body = hostcalls::callout_message(size).map_err(unreadable)?;
            Ok(Answer { status: 200, headers: HeaderMap::default(), body })
        }
        Ended::Grpc { status } => Err(CalloutError::Grpc(status)),
    }
}

fn http(body_size: usize) -> Result<Answer, CalloutError> {
    let headers = Map(MapType::CalloutHeaders).all().map_err(unreadable)?;
    let body = hostcalls::callout_body(body_size).map_err(unreadable)?;
    let status = headers.first(b":status").and_then(|value| std::str::from_utf8(value).ok()?.parse().ok());
    Ok(Answer { status: status.ok_or(CalloutError::Failed)?, headers, body })
}

fn unreadable(status: Status) -> CalloutError {
    log::warn!("reading a call-out's answer: {status}");
    CalloutError::Failed
}
