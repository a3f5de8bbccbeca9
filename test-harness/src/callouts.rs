//! HTTP call-outs: dispatched by a root context, answered from a script, in virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::{Instant, after};
use crate::header_map::{HeaderMap, MapKind};
use crate::host::VmId;
use crate::message::UpstreamResponse;
use crate::spec::{CalloutAnswer, CalloutRequest, Cluster};
use crate::status::Status;

/// Clusters, pending call-outs, and everything dispatched so far.
#[derive(Debug)]
pub struct Callouts {
    clusters: BTreeMap<String, Cluster>,
    pending: Vec<Pending>,
    last_token: u32,
    pub seen: Vec<CalloutRequest>,
}

/// A call-out that waits for its answer.
#[derive(Debug)]
struct Pending {
    due: Instant,
    arrival: Arrival,
}

/// An answer as it arrives at a root context.
#[derive(Debug)]
pub struct Arrival {
    pub vm: VmId,
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
        Callouts { clusters, pending: Vec::new(), last_token: 0, seen: Vec::new() }
    }

    pub fn set_cluster(&mut self, name: String, cluster: Cluster) {
        self.clusters.insert(name, cluster);
    }

    pub fn knows(&self, cluster: &str) -> bool {
        self.clusters.contains_key(cluster)
    }

    /// Sends a call-out; returns its token.
    ///
    /// # Errors
    /// [`Status::BadArgument`] for an unknown cluster, [`Status::InternalFailure`] for one without
    /// a healthy host: no callback follows either.
    pub fn dispatch(&mut self, from: (VmId, u32), request: CalloutRequest, now: Instant) -> Result<u32, Status> {
        let cluster = self.clusters.get_mut(&request.cluster).ok_or(Status::BadArgument)?;
        let path = request.headers.iter().find(|(name, _)| name == b":path").map(|(_, value)| value.clone());
        let timeout = request.timeout;
        self.seen.push(request);
        if !cluster.healthy {
            return Err(Status::InternalFailure);
        }
        let (after_dispatch, message) = answer(cluster, path.as_deref(), timeout);
        self.last_token += 1;
        let arrival = Arrival { vm: from.0, root: from.1, token: self.last_token, message };
        if let Some(wait) = after_dispatch {
            self.pending.push(Pending { due: after(now, wait), arrival });
        }
        Ok(self.last_token)
    }

    /// When the next answer arrives.
    pub fn next_due(&self) -> Option<Instant> {
        self.pending.iter().map(|pending| pending.due).min()
    }

    /// The first answer that is due, in order of time, then dispatch.
    pub fn take_due(&mut self, now: Instant) -> Option<Arrival> {
        let index =
            (0..self.pending.len()).filter(|&i| self.pending[i].due <= now).min_by_key(|&i| self.pending[i].due)?;
        Some(self.pending.remove(index).arrival)
    }

    /// Forgets the call-outs of a VM that is gone.
    pub fn cancel(&mut self, vm: VmId) {
        self.pending.retain(|pending| pending.arrival.vm != vm);
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
