//! What a server behind Envoy answers.

use super::bootstrap::ANSWER_LIMIT;
use crate::{CalloutAnswer, Cluster, UpstreamAnswer, UpstreamFailure, UpstreamRequest, UpstreamResponse};

/// What a server answers.
pub enum Script {
    /// The same to every request.
    Always(UpstreamAnswer),
    /// By the cluster's list.
    Cluster(Cluster),
}

impl Script {
    /// The answer to an HTTP request. A server that has accepted a connection can no longer refuse it:
    /// it resets.
    pub fn next_http(&mut self, path: &[u8]) -> UpstreamAnswer {
        match self {
            Script::Always(answer) => answer.clone(),
            Script::Cluster(cluster) => http(cluster.next_answer(Some(path))),
        }
    }
}

impl Script {
    /// The answer to a gRPC call.
    pub fn next_grpc(&mut self, call: &UpstreamRequest) -> CalloutAnswer {
        match self {
            Script::Always(_) => CalloutAnswer::Reset,
            Script::Cluster(cluster) => cluster.next_answer(call.header(":path")),
        }
    }
}

fn http(answer: CalloutAnswer) -> UpstreamAnswer {
    match answer {
        CalloutAnswer::Response(response) => response.into(),
        CalloutAnswer::ResetAfterHeaders => UpstreamAnswer::ResetAfterHeaders(UpstreamResponse::default()),
        CalloutAnswer::Silent | CalloutAnswer::Lost => UpstreamFailure::Timeout.into(),
        CalloutAnswer::Oversized => {
            UpstreamResponse { body: vec![vec![b'x'; ANSWER_LIMIT + 1]], ..Default::default() }.into()
        }
        CalloutAnswer::Refused | CalloutAnswer::Reset | CalloutAnswer::Grpc(_) => {
            UpstreamFailure::ResetBeforeHeaders.into()
        }
    }
}
