//! HTTP call-outs: dispatched by a root context, answered from a script, in virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::{Instant, after};
use crate::header_map::{HeaderMap, MapKind};
use crate::message::UpstreamResponse;
use crate::spec::{CalloutAnswer, CalloutRequest, Cluster};
use crate::status::Status;

/// Clusters, and everything dispatched so far.
#[derive(Debug)]
pub struct Callouts {
    clusters: BTreeMap<String, Cluster>,
    last_token: u32,
    pub seen: Vec<CalloutRequest>,
}

/// The call-outs of one VM that wait for their answer, in the order of dispatch.
#[derive(Debug, Default)]
pub struct Pending(Vec<(Instant, Arrival)>);

/// An answer as it arrives at a root context.
#[derive(Debug)]
pub struct Arrival {
    pub root: u32,
    pub token: u32,
    /// None: the call failed without a message (`num_headers` 0).
    pub message: Option<Message>,
}

/// The response of a call-out.
#[derive(Clone, Debug)]
pub struct Message {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub trailers: Option<HeaderMap>,
}

impl Callouts {
    pub fn new(clusters: BTreeMap<String, Cluster>) -> Self {
        Callouts { clusters, last_token: 0, seen: Vec::new() }
    }

    pub fn set_cluster(&mut self, name: String, cluster: Cluster) {
        self.clusters.insert(name, cluster);
    }

    pub fn knows(&self, cluster: &str) -> bool {
        self.clusters.contains_key(cluster)
    }

    /// Sends a call-out; returns its token, and its answer with the instant when that arrives. None:
    /// it never does.
    ///
    /// # Errors
    /// [`Status::BadArgument`] for an unknown cluster, [`Status::InternalFailure`] for one without
    /// a healthy host: no callback follows either.
    pub fn dispatch(
        &mut self,
        root: u32,
        request: CalloutRequest,
        now: Instant,
    ) -> Result<(u32, Option<(Instant, Arrival)>), Status> {
        let cluster = self.clusters.get_mut(&request.cluster).ok_or(Status::BadArgument)?;
        let path = request.headers.iter().find(|(name, _)| name == b":path").map(|(_, value)| value.clone());
        let timeout = request.timeout;
        self.seen.push(request);
        if !cluster.healthy {
            return Err(Status::InternalFailure);
        }
        let (after_dispatch, message) = answer(cluster, path.as_deref(), timeout);
        self.last_token += 1;
        let arrival = Arrival { root, token: self.last_token, message };
        Ok((self.last_token, after_dispatch.map(|wait| (after(now, wait), arrival))))
    }
}

impl Pending {
    pub fn push(&mut self, due: Instant, arrival: Arrival) {
        self.0.push((due, arrival));
    }

    /// When the next answer arrives.
    pub fn next_due(&self) -> Option<Instant> {
        self.0.iter().map(|(due, _)| *due).min()
    }

    /// The first answer that is due, in order of time, then dispatch.
    pub fn take_due(&mut self, now: Instant) -> Option<Arrival> {
        let index = (0..self.0.len()).filter(|&i| self.0[i].0 <= now).min_by_key(|&i| self.0[i].0)?;
        Some(self.0.remove(index).1)
    }
}

/// When and what a cluster answers; None: never.
fn answer(cluster: &mut Cluster, path: Option<&[u8]>, timeout: Duration) -> (Option<Duration>, Option<Message>) {
    let scripted = cluster.answers.iter_mut().find(|scripted| {
        scripted.times != Some(0) && scripted.path.as_deref().is_none_or(|wanted| Some(wanted) == path)
    });
    let Some(scripted) = scripted else {
        return (Some(Duration::ZERO), Some(local_reply(503, REFUSED)));
    };
    if let Some(times) = &mut scripted.times {
        *times -= 1;
    }
    let timed_out =
        (Some(timeout).filter(|timeout| !timeout.is_zero()), Some(local_reply(504, "upstream request timeout")));
    match &scripted.answer {
        CalloutAnswer::Response(response) if !timeout.is_zero() && response.after > timeout => timed_out,
        CalloutAnswer::Response(response) => (Some(response.after), Some(message(response))),
        CalloutAnswer::Refused => (Some(Duration::ZERO), Some(local_reply(503, REFUSED))),
        CalloutAnswer::Silent => timed_out,
        CalloutAnswer::Oversized => (Some(Duration::ZERO), None),
    }
}

const REFUSED: &str =
    "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure";

/// The reply Envoy's async client makes itself; it lacks `x-envoy-upstream-service-time`.
fn local_reply(status: u16, body: &str) -> Message {
    let mut headers = HeaderMap::new(MapKind::Response);
    headers.add(b":status", status.to_string().as_bytes());
    headers.add(b"content-length", body.len().to_string().as_bytes());
    headers.add(b"content-type", b"text/plain");
    Message { headers, body: body.as_bytes().to_vec(), trailers: None }
}

fn message(response: &UpstreamResponse) -> Message {
    let mut headers = HeaderMap::new(MapKind::Response);
    headers.add(b":status", response.status.to_string().as_bytes());
    for (name, value) in &response.headers {
        headers.add(name, value);
    }
    headers.set_if_absent("x-envoy-upstream-service-time", response.after.as_millis().to_string().as_bytes());
    let trailers =
        (!response.trailers.is_empty()).then(|| HeaderMap::from_pairs(MapKind::Trailers, &response.trailers));
    Message { headers, body: response.body.concat(), trailers }
}
