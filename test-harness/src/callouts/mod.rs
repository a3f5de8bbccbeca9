//! Call-outs: dispatched by a root context, answered from a script, in virtual time.

mod delivery;
mod grpc;
mod http;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::{Instant, after};
use crate::cluster::{CalloutAnswer, CalloutRequest, Cluster};
use crate::kong;
use crate::status::Status;

pub use grpc::{GrpcFailure, Target, response as grpc_response, target, unframe};
pub use http::Message;

/// Clusters, and everything dispatched so far.
#[derive(Debug)]
pub struct Callouts {
    clusters: BTreeMap<String, Cluster>,
    pub seen: Vec<CalloutRequest>,
}

/// The call-outs of one VM that wait for their answer, in the order of dispatch, and the numbers
/// they are known by: as in Envoy, the last two bits tell HTTP calls (0) from gRPC calls (1).
#[derive(Debug)]
pub struct Pending {
    waiting: Vec<Waiting>,
    last_http: u32,
    last_grpc: u32,
}

#[derive(Debug)]
struct Waiting {
    /// None: never.
    due: Option<Instant>,
    arrival: Arrival,
}

/// An answer as it arrives.
#[derive(Debug)]
pub struct Arrival {
    /// The context whose callback is told: in Envoy the root, in Kong's engine the one that called.
    pub context: u32,
    pub token: u32,
    pub answer: Answer,
}

/// What comes of a call-out.
#[derive(Debug)]
pub enum Answer {
    /// None: the call failed without a response (`num_headers` 0).
    Http(Option<Message>),
    /// The message, or why there is none.
    Grpc(Result<Vec<u8>, GrpcFailure>),
}

impl Callouts {
    pub fn new(clusters: BTreeMap<String, Cluster>) -> Self {
        Callouts { clusters, seen: Vec::new() }
    }

    pub fn set_cluster(&mut self, name: String, cluster: Cluster) {
        self.clusters.insert(name, cluster);
    }

    pub fn knows(&self, cluster: &str) -> bool {
        self.clusters.contains_key(cluster)
    }

    /// Sends an HTTP call to a cluster that is known; returns what comes of it and when. None: the
    /// cluster has no healthy host, the dispatch fails, and no callback follows.
    pub fn http(&mut self, request: CalloutRequest) -> Option<(Option<Duration>, Answer)> {
        let timeout = request.timeout;
        let (wait, message) = http::answer(self.send(request)?, timeout);
        Some((wait, Answer::Http(message)))
    }

    /// Sends an HTTP call as Kong's engine does: an answer comes from every host, be there one or not.
    pub fn http_in_kong(&mut self, request: CalloutRequest) -> (Option<Duration>, Answer) {
        let timeout = request.timeout;
        let (wait, message) = kong::callouts::answer(self.send(request), timeout);
        (wait, Answer::Http(Some(message)))
    }

    /// Sends a unary gRPC call; returns whether the dispatch succeeds, what comes of it and when. A
    /// callback follows even where the dispatch fails.
    pub fn grpc(&mut self, request: CalloutRequest) -> (Result<(), Status>, Option<Duration>, Answer) {
        let known = self.knows(&request.cluster);
        let timeout = request.timeout;
        match self.send(request) {
            Some(answer) => {
                let (wait, result) = grpc::answer(answer, timeout);
                (Ok(()), wait, Answer::Grpc(result))
            }
            None => {
                (Err(Status::InternalFailure), Some(Duration::ZERO), Answer::Grpc(Err(GrpcFailure::undelivered(known))))
            }
        }
    }

    /// What a cluster answers; None: nobody is there to see the call.
    fn send(&mut self, request: CalloutRequest) -> Option<CalloutAnswer> {
        let cluster = self.clusters.get_mut(&request.cluster).filter(|cluster| cluster.healthy)?;
        let answer = cluster.next_answer(request.header(":path"));
        self.seen.push(request);
        Some(answer)
    }
}

impl Default for Pending {
    fn default() -> Self {
        Pending { waiting: Vec::new(), last_http: 0, last_grpc: 1 }
    }
}

impl Pending {
    pub fn next_http_token(&mut self) -> u32 {
        self.last_http += 4;
        self.last_http
    }

    pub fn next_grpc_token(&mut self) -> u32 {
        self.last_grpc += 4;
        self.last_grpc
    }

    /// Remembers an answer that arrives `wait` from now; None: never.
    pub fn push(&mut self, now: Instant, wait: Option<Duration>, arrival: Arrival) {
        self.waiting.push(Waiting { due: wait.map(|wait| after(now, wait)), arrival });
    }

    /// Forgets the call-out of a token; false: none waits.
    pub fn cancel(&mut self, token: u32) -> bool {
        let before = self.waiting.len();
        self.waiting.retain(|waiting| waiting.arrival.token != token);
        self.waiting.len() < before
    }

    /// Forgets the call-outs whose answers a context waits for.
    pub fn forget(&mut self, context: u32) {
        self.waiting.retain(|waiting| waiting.arrival.context != context);
    }

    /// Whether a context waits for an answer.
    pub fn awaits(&self, context: u32) -> bool {
        self.waiting.iter().any(|waiting| waiting.arrival.context == context)
    }

    /// When the next answer arrives.
    pub fn next_due(&self) -> Option<Instant> {
        self.waiting.iter().filter_map(|waiting| waiting.due).min()
    }

    /// The first answer that is due, in order of time, then dispatch.
    pub fn take_due(&mut self, now: Instant) -> Option<Arrival> {
        let due = |(index, waiting): (usize, &Waiting)| waiting.due.filter(|due| *due <= now).map(|due| (due, index));
        let (_, index) = self.waiting.iter().enumerate().filter_map(due).min()?;
        Some(self.waiting.remove(index).arrival)
    }
}

/// When a timeout ends a call; zero: never.
pub fn limit(timeout: Duration) -> Option<Duration> {
    Some(timeout).filter(|timeout| !timeout.is_zero())
}
