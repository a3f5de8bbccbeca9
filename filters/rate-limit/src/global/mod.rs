//! The global tier: Envoy's rate-limit service (RLS v3), which counts for all proxies together.
//!
//! ```json
//! {"service": {"cluster": "ratelimit", "authority": "ratelimit.internal", "timeout": "20ms"}, "domain": "edge",
//!  "descriptors": [[{"key": "user", "value": "consumer"}, {"key": "plan", "value": "group", "default": "free"}],
//!                  [{"key": "remote_address", "value": "ip"}]],
//!  "failure_mode": "allow", "cost": {"fixed": 1}, "mode": "enforce", "request_headers": ["x-tier"]}
//! ```
//!
//! 1. One call of `envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit` asks about all descriptors; what is in
//!    them is what Envoy's own filter would send, so that the service's config may stay as it is.
//! 2. An entry's value is a part of a key ([`crate::key`]) as text: an address as usual, of IPv6 the network's; bytes
//!    that are not UTF-8 as U+FFFD, because services refuse them, and a refusal is a failure.
//! 3. A descriptor that lacks an entry's value is not sent, as in Envoy, and without descriptors nobody is asked. So who
//!    can leave a value out is not limited by it: give the entry a `default`.
//! 4. `cost` is `hits_addend`. The service takes it whether or not the request passes in the end.
//! 5. `OVER_LIMIT` refuses, `OK` allows. All else is a failure: no answer in time, another gRPC status, bytes that are no
//!    answer, and (unlike Envoy) an unknown code, which an answer of another service would have. `failure_mode` says what
//!    becomes of the request then; the default is Envoy's, "allow".
//! 6. Clients are told of every limit that the service tells of with its unit. A month has 30 days, a year 365, as
//!    in Envoy. What does not fit is clipped: the service is trusted to count, not to write fields.
//! 7. Headers that the service wants on the response are added to it, except those of the connection and of the body.
//!    On the request none but those named in `request_headers`; they are the service's alone, a client's own are removed.
//!    A body for refusals, metadata and quotas of the answer are not used.
//!
//! Only Envoy sends gRPC: in Kong's engine every request is a failure of the service.
//!
//! Source: `envoy/service/ratelimit/v3/rls.proto`, Envoy's `envoy.filters.http.ratelimit`.

mod config;
mod headers;
mod message;
mod uses;

use std::fmt;
use std::time::Duration;

use prost::Message;
use sluicegate_common::config::{HeaderName, Mode};
use sluicegate_common::filter::{Callout, CalloutAnswer, CalloutError, CalloutRequest, Cx};
use sluicegate_common::head::RequestHead;
use sluicegate_common::limit_use::LimitUse;
use sluicegate_common::matcher::MatchOptions;
use sluicegate_common::proxy::{Counter, Proxy};

#[cfg(not(target_family = "wasm"))]
pub use config::tables;
use config::{Descriptor, Service};
pub use config::{FailureMode, RawGlobal};
use headers::Field;
use message::{Code, RateLimitRequest, RateLimitResponse};
pub use uses::numbered;

use crate::cost::Cost;

/// An answer longer than this is none: 64 KiB.
const MAX_ANSWER: usize = 65_536;

/// The compiled `global`.
#[derive(Debug)]
pub struct Global {
    service: Service,
    domain: String,
    descriptors: Vec<Descriptor>,
    cost: Cost,
    request_headers: Vec<HeaderName>,
    paths: MatchOptions,
    counted: [Counter; 3],
    /// What becomes of a request about which the service says nothing.
    pub failure_mode: FailureMode,
    /// Whether a refusal is carried out: in shadow mode it is asked for and counted, and no more. Off nobody is asked.
    pub mode: Mode,
}

/// What the service says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may pass.
    Ok,
    /// It may not.
    OverLimit {
        /// How long until it may, as the service says; a second where it does not.
        retry_in: Duration,
    },
    /// Nothing: see [`Global::failure_mode`].
    Unavailable(Failure),
}

/// Why nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// There is no answer.
    Callout(CalloutError),
    /// The answer is no `RateLimitResponse`, or longer than 64 KiB.
    Malformed,
    /// Neither `OK` nor `OVER_LIMIT`.
    UnknownCode(i32),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Callout(error) => error.fmt(f),
            Self::Malformed => f.write_str("the answer is no RateLimitResponse"),
            Self::UnknownCode(code) => write!(f, "expected OK (1) or OVER_LIMIT (2), found {code}"),
        }
    }
}

/// An answer, ready to be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Whether the request may pass.
    pub verdict: Verdict,
    /// What the client is to be told, no name twice.
    pub uses: Vec<LimitUse>,
    /// To be added to the response: names in lower case and values, fit to be written.
    pub response_headers: Vec<Field>,
    /// To be set on the request, once [`Global::request_headers`] are removed from it.
    pub request_headers: Vec<Field>,
}

impl Global {
    /// The question about a request; `None` where there is nothing to ask. Its number tells [`Global::judge`] which
    /// descriptors were sent.
    #[must_use]
    pub fn ask(&self, head: &RequestHead<'_>, cx: &Cx<'_>) -> Option<Callout> {
        if self.mode == Mode::Off {
            return None;
        }
        let (mut sent, mut descriptors) = (0_u32, Vec::new());
        for (bit, descriptor) in self.bits() {
            if let Some(message) = descriptor.of(head, cx, self.paths) {
                sent |= bit;
                descriptors.push(message);
            }
        }
        if descriptors.is_empty() {
            return None;
        }
        let request = RateLimitRequest { domain: self.domain.clone(), descriptors, hits_addend: self.cost.of(head) };
        Some(Callout {
            id: sent,
            upstream: self.service.cluster.clone(),
            request: CalloutRequest::Grpc {
                authority: self.service.authority.clone(),
                service: "envoy.service.ratelimit.v3.RateLimitService",
                method: "ShouldRateLimit",
                message: request.encode_to_vec(),
            },
            timeout: self.service.timeout,
        })
    }

    /// What the answer means.
    #[must_use]
    pub fn judge(&self, answer: &CalloutAnswer) -> Judgement {
        let response = match read(answer) {
            Ok(response) => response,
            Err(failure) => return Judgement::failed(failure),
        };
        let verdict = match Code::try_from(response.overall_code) {
            Ok(Code::Ok) => Verdict::Ok,
            Ok(Code::OverLimit) => Verdict::OverLimit { retry_in: uses::retry_in(&response.statuses) },
            Ok(Code::Unknown) | Err(_) => return Judgement::failed(Failure::UnknownCode(response.overall_code)),
        };
        let names = self.bits().filter(|(bit, _)| answer.id & bit != 0).map(|(_, descriptor)| &descriptor.name);
        let refuses = verdict != Verdict::Ok && self.mode == Mode::Enforce;
        Judgement {
            verdict,
            uses: uses::told(&response.statuses, names, refuses),
            response_headers: headers::of_response(response.response_headers_to_add),
            request_headers: headers::of_request(response.request_headers_to_add, &self.request_headers),
        }
    }

    /// Adds 1 to `sluicegate_rate_limit_global_total` with the outcome `ok`, `over_limit` or `error`.
    pub fn count(&self, verdict: &Verdict, proxy: &dyn Proxy) {
        let [ok, over_limit, error] = &self.counted;
        match verdict {
            Verdict::Ok => ok,
            Verdict::OverLimit { .. } => over_limit,
            Verdict::Unavailable(_) => error,
        }
        .increment(proxy);
    }

    /// The request headers that are the service's alone: no client may say them.
    #[must_use]
    pub fn request_headers(&self) -> &[HeaderName] {
        &self.request_headers
    }

    /// Whether asking reads the request's head.
    #[must_use]
    pub fn reads_headers(&self) -> bool {
        self.cost.reads_headers() || self.parts().any(|part| part.reads_head())
    }

    /// Whether asking looks at the path.
    #[must_use]
    pub fn uses_paths(&self) -> bool {
        self.parts().any(|part| part.uses_paths())
    }

    fn parts(&self) -> impl Iterator<Item = &crate::key::TextPart> {
        self.descriptors.iter().flat_map(Descriptor::parts)
    }

    /// The descriptors and their bits in a question's number.
    fn bits(&self) -> impl Iterator<Item = (u32, &Descriptor)> {
        std::iter::successors(Some(1_u32), |bit| bit.checked_mul(2)).zip(&self.descriptors)
    }
}

impl Judgement {
    fn failed(failure: Failure) -> Self {
        let verdict = Verdict::Unavailable(failure);
        Self { verdict, uses: Vec::new(), response_headers: Vec::new(), request_headers: Vec::new() }
    }
}

fn read(answer: &CalloutAnswer) -> Result<RateLimitResponse, Failure> {
    let answer = answer.outcome.as_ref().map_err(|error| Failure::Callout(*error))?;
    if answer.body.len() > MAX_ANSWER {
        return Err(Failure::Malformed);
    }
    RateLimitResponse::decode(answer.body.as_slice()).map_err(|_| Failure::Malformed)
}

#[cfg(test)]
mod tests;
