//! Clusters as call-outs see them: what they answer, and what was sent to them.

use std::time::Duration;

use crate::message::{Headers, UpstreamRequest, UpstreamResponse};

/// A cluster as call-outs see it.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// False: a dispatch answers InternalFailure.
    pub healthy: bool,
    /// It is reached by HTTP/2, as gRPC wants it; false: by HTTP/1.1.
    pub grpc: bool,
    /// Tried in order; the first that matches and is not used up answers. None: refused.
    pub answers: Vec<ScriptedAnswer>,
}

impl Default for Cluster {
    fn default() -> Self {
        Cluster { healthy: true, grpc: false, answers: Vec::new() }
    }
}

impl Cluster {
    /// The answer to the next call-out with this `:path`; its entry is used once more.
    pub(crate) fn next_answer(&mut self, path: Option<&[u8]>) -> CalloutAnswer {
        let scripted = self.answers.iter_mut().find(|scripted| {
            scripted.times != Some(0) && scripted.path.as_deref().is_none_or(|wanted| Some(wanted) == path)
        });
        let Some(scripted) = scripted else { return CalloutAnswer::Refused };
        if let Some(times) = &mut scripted.times {
            *times -= 1;
        }
        scripted.answer.clone()
    }
}

/// One scripted answer to call-outs.
#[derive(Clone, Debug)]
pub struct ScriptedAnswer {
    /// The `:path` it is for, for gRPC `/package.Service/Method`; None: any.
    pub path: Option<Vec<u8>>,
    /// How often it may be used; None: always.
    pub times: Option<u32>,
    /// The answer.
    pub answer: CalloutAnswer,
}

impl ScriptedAnswer {
    /// An answer to every call-out.
    pub fn always(answer: CalloutAnswer) -> Self {
        ScriptedAnswer { path: None, times: None, answer }
    }
}

/// What a call-out meets. What the guest sees of it is Envoy's: `num_headers` 0 stands for an HTTP
/// call that failed without a response; every failed gRPC call ends with status 14.
#[derive(Clone, Debug)]
pub enum CalloutAnswer {
    /// A response, [`UpstreamResponse::after`] its dispatch.
    Response(UpstreamResponse),
    /// An answer to a unary gRPC call.
    Grpc(GrpcResponse),
    /// Connection refused: 503.
    Refused,
    /// The connection was reset before the response headers: 503.
    Reset,
    /// The connection was reset after the response headers: `num_headers` 0.
    ResetAfterHeaders,
    /// No answer: 504 when the guest's timeout has passed.
    Silent,
    /// A response above the host's buffer limit: `num_headers` 0.
    Oversized,
    /// No answer and no timeout either: the callback never comes. No proxy does this on demand; a
    /// filter must survive it.
    Lost,
}

/// The answer to a unary gRPC call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GrpcResponse {
    /// `grpc-status`, 0..=16; only with 0 does the guest see the message.
    pub status: u32,
    /// `grpc-message`.
    pub status_message: String,
    /// The message, serialized.
    pub message: Vec<u8>,
    /// Virtual time between the dispatch and the answer.
    pub after: Duration,
}

/// A call-out as it was dispatched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalloutRequest {
    /// The cluster named by the guest.
    pub cluster: String,
    /// All fields, pseudo headers included; for gRPC with the initial metadata.
    pub headers: Headers,
    /// The body; for gRPC the message, serialized.
    pub body: Vec<u8>,
    /// Trailers.
    pub trailers: Headers,
    /// The guest's timeout; zero: none.
    pub timeout: Duration,
}

impl CalloutRequest {
    /// The first value of a field; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(field, _)| field == name.as_bytes()).map(|(_, value)| value.as_slice())
    }
}

impl From<CalloutRequest> for UpstreamRequest {
    fn from(call: CalloutRequest) -> Self {
        UpstreamRequest { headers: call.headers, body: call.body, trailers: call.trailers, cluster: call.cluster }
    }
}
