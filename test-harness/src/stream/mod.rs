//! One HTTP stream: its messages, its filters, and how far each of them is.

pub mod attributes;
mod chain;
mod downstream;
mod end;
mod filter;
mod ingress;
mod outcome;
mod reply;
mod router;

use std::net::SocketAddr;
use std::sync::Arc;

use crate::clock::Instant;
use crate::diagnostic::Site;
use crate::header_map::{HeaderMap, MapKind};
use crate::host::VmId;
use crate::message::{Headers, Response, UpstreamRequest, UpstreamResponse};
use crate::profile::Profile;

pub use reply::{LocalReply, grpc_status_of};
pub use router::Router;

/// Identifies a stream of a proxy.
pub type StreamId = u64;

/// Request or response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Request,
    Response,
}

/// One HTTP stream.
pub struct Stream {
    pub profile: Profile,
    pub peer: SocketAddr,
    pub started: Instant,
    pub started_unix_nanos: u64,
    pub request: Side,
    pub response: Side,
    pub filters: Vec<Filter>,
    /// The direction of the callback that is running.
    pub calling: Option<Direction>,
    pub prepared_reply: Option<LocalReply>,
    /// Encoding stops for good: a local reply went straight to the client.
    pub encoding_aborted: bool,
    pub is_head: bool,
    pub is_grpc: bool,
    pub router: Router,
    pub upstream: Option<UpstreamRequest>,
    pub downstream: Response,
    pub headers_sent: bool,
    pub ended: bool,
    /// Filters get no further callback.
    pub filters_ended: bool,
    pub code_details: Option<String>,
    pub response_flags: u64,
    /// `set_property` values, by their joined path.
    pub filter_state: Vec<(Vec<u8>, Vec<u8>)>,
    /// The request's target as the client sent it.
    pub client_target: Vec<u8>,
    /// nginx's `$upstream_header_time`; None: no upstream took part.
    pub upstream_header_time: Option<String>,
    /// What the client has not sent yet, last first.
    pub client_chunks: Vec<Vec<u8>>,
    pub client_trailers: Headers,
    /// When the client closes its connection.
    pub leaves: Option<Instant>,
    /// What the upstream has not sent yet.
    pub upstream_rest: Option<UpstreamRest>,
}

/// The part of a response that follows its headers.
#[derive(Debug)]
pub struct UpstreamRest {
    /// Chunks, last first.
    pub chunks: Vec<Vec<u8>>,
    pub trailers: Headers,
    /// The connection breaks instead of ending.
    pub reset: bool,
}

/// One direction of a stream.
#[derive(Debug)]
pub struct Side {
    pub headers: Option<HeaderMap>,
    pub trailers: Option<HeaderMap>,
    /// The data on its way through the chain.
    pub in_flight: Vec<u8>,
    /// The data a paused filter holds back.
    pub buffered: Option<Vec<u8>>,
    /// The sender has sent everything.
    pub complete: bool,
    /// Bytes of body received.
    pub body_size: u64,
    /// Who changed the body last.
    pub body_changed: Option<Site>,
    /// Who wrote a field that no codec can send.
    pub headers_spoilt: Option<Site>,
}

impl Side {
    fn new() -> Self {
        Side {
            headers: None,
            trailers: None,
            in_flight: Vec::new(),
            buffered: None,
            complete: false,
            body_size: 0,
            body_changed: None,
            headers_spoilt: None,
        }
    }
}

/// One filter of the chain in one stream.
#[derive(Debug)]
pub struct Filter {
    pub name: Arc<str>,
    /// None: the VM had failed before the stream began.
    pub instance: Option<(VmId, u32)>,
    /// The stream passes by this filter (fail open).
    pub bypassed: bool,
    /// `proxy_on_context_create` was called.
    pub created: bool,
    /// The 503 for a failed VM was sent.
    pub failed_reply: bool,
    pub request: Progress,
    pub response: Progress,
    /// on_log is running.
    pub logging: bool,
    /// The last callback that returned Pause.
    pub paused_in: &'static str,
}

/// How far a filter is in one direction, and what of it the guest may touch.
#[derive(Debug, Default)]
pub struct Progress {
    pub iteration: Iteration,
    pub headers_continued: bool,
    pub end_stream: bool,
    pub headers_open: bool,
    pub trailers_open: bool,
    pub body: BodyAccess,
}

/// Envoy's iteration state of a filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Iteration {
    #[default]
    Continue,
    /// Stopped in a body or trailers callback, or with the headers alone: later frames still reach this filter.
    StopSingle,
    /// Stopped in a headers callback: nothing reaches this filter.
    StopAll,
}

/// What the body buffer of a direction shows to the guest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyAccess {
    #[default]
    Closed,
    /// The data on its way.
    InFlight,
    /// Everything held back so far.
    Buffered,
}

impl Filter {
    pub fn progress(&self, direction: Direction) -> &Progress {
        match direction {
            Direction::Request => &self.request,
            Direction::Response => &self.response,
        }
    }

    pub fn progress_mut(&mut self, direction: Direction) -> &mut Progress {
        match direction {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
        }
    }
}

impl Stream {
    pub fn side(&self, direction: Direction) -> &Side {
        match direction {
            Direction::Request => &self.request,
            Direction::Response => &self.response,
        }
    }

    pub fn side_mut(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::Request => &mut self.request,
            Direction::Response => &mut self.response,
        }
    }

    /// Whether a filter may change headers now: in Envoy while its callback runs or is paused, in nginx
    /// until a response has begun, and until it is sent.
    pub fn headers_writable(&self, filter: usize, direction: Direction) -> bool {
        match (self.profile, direction) {
            (Profile::Envoy, _) => self.filters[filter].progress(direction).headers_open,
            (Profile::Kong, Direction::Request) => self.response.headers.is_none(),
            (Profile::Kong, Direction::Response) => !self.headers_sent,
        }
    }

    /// The body buffer of a direction as the guest of `filter` sees it.
    pub fn body_mut(&mut self, filter: usize, direction: Direction) -> Option<&mut Vec<u8>> {
        let access = self.filters.get(filter)?.progress(direction).body;
        let side = self.side_mut(direction);
        match access {
            BodyAccess::Closed => None,
            BodyAccess::InFlight => Some(&mut side.in_flight),
            BodyAccess::Buffered => Some(side.buffered.get_or_insert_with(Vec::new)),
        }
    }

    /// Adds the trailers a filter creates in the last body callback.
    pub fn create_trailers(&mut self, filter: usize, direction: Direction) {
        let Some(progress) = self.filters.get_mut(filter).map(|filter| filter.progress_mut(direction)) else { return };
        if progress.trailers_open || progress.body == BodyAccess::Closed || !progress.end_stream {
            return;
        }
        progress.trailers_open = true;
        self.side_mut(direction).trailers.get_or_insert_with(|| HeaderMap::new(MapKind::Trailers));
    }
}

/// The headers of a response as a map, `:status` first.
fn response_headers(response: &UpstreamResponse) -> HeaderMap {
    let mut map = HeaderMap::new(MapKind::Response);
    map.add(b":status", response.status.to_string().as_bytes());
    for (name, value) in &response.headers {
        map.receive(name, value);
    }
    map
}
