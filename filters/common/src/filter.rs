//! What a filter is: a configuration, a state per request, and decisions. Nothing here calls the proxy.
//!
//! A filter is configured once per rule and VM and never changes; what belongs to one request stands in its
//! [`Filter::Stream`]. The driver owns both, calls the filter, and carries out what it decides.

use std::rc::Rc;
use std::time::Duration;

pub use crate::body::{BodyError, TakeBody};
pub use crate::callout::{Answer, Callout, CalloutAnswer, CalloutError, CalloutRequest};
use crate::config::{ConfigErrors, Env, InternalError, Object};
use crate::facts::Facts;
use crate::head::{HeaderSource, RequestHead, ResponseHead};
use crate::matcher::MatchOptions;
use crate::proxy::Proxy;
use crate::reply::LocalReply;
use crate::settings::Settings;
use crate::time::Nanos;

/// One concern of the gateway: rules on a route.
pub trait Filter: Sized {
    /// The filter's name in metrics, properties and the gateway's config: snake_case.
    const NAME: &'static str;

    /// Fields that exist once, at the top of the config: a rule may not patch them.
    const REGISTRIES: &'static [&'static str] = &[];

    /// Whether paths in rules compare case-sensitively where the config does not say. Filters that guard compare
    /// without regard to case, because some servers do.
    const CASE_SENSITIVE: bool = true;

    /// Whether a module of this filter alone gives requests their id, as the block `request_id` says.
    const MAKES_REQUEST_ID: bool = false;

    /// Whether `on_response` may ask for the body ([`Cx::take_body`]): modules without such a filter have no part in
    /// bodies.
    const TAKES_BODIES: bool = false;

    /// The reason codes of its replies, which `errors` may override.
    const CODES: &'static [&'static str];

    /// What happens to a request when the host fails this filter and the config does not say.
    const ON_INTERNAL_ERROR: InternalError = InternalError::Allow;

    /// What the filter keeps of one request.
    type Stream: Default;

    /// Compiles the filter's own fields. Pure: it runs in every VM, the canary included.
    ///
    /// The filter of a rule is given that of the top, and takes over from it what belongs to the VM and not to the rule:
    /// the registries, which its own fields lack, and what background work has learnt. Only the top's background work
    /// runs.
    ///
    /// # Errors
    /// Everything that is wrong with the config, not only the first.
    fn configure(config: Object, setup: &Setup<'_>, top: Option<&Self>) -> Result<Self, ConfigErrors>;

    /// Prepares shared state. Runs after `configure` in every VM, the canary included, before any request; what it cannot
    /// do is done, or answered for, when a request needs it.
    fn start(&self, _proxy: &dyn Proxy) {}

    /// Takes out of the request what no client may say. Unlike all else it happens in every mode, `off` and `shadow`
    /// included, and before any decision.
    fn cleanse(&self, _head: &mut RequestHead<'_>) {}

    /// What the driver must provide for this filter.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// The request's head is there.
    fn on_request(&self, stream: &mut Self::Stream, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Decision;

    /// What the filter waited for has come, or has not in time. `Decision::Wait` with no call-out waits on.
    fn on_wake(
        &self,
        _stream: &mut Self::Stream,
        _why: &Wake<'_>,
        _head: &mut RequestHead<'_>,
        _cx: &mut Cx<'_>,
    ) -> Decision {
        Decision::Continue
    }

    /// The response's head is there: the upstream's, or a local reply of any filter. Runs for a filter whose
    /// `on_request` ran, and without it for one that [`Needs::decorate`]s.
    fn on_response(&self, _stream: &mut Self::Stream, _head: &mut ResponseHead<'_>, _cx: &mut Cx<'_>) {}

    /// The body that `on_response` asked for is there, or is not to be had. What is returned the client gets in its place.
    ///
    /// # Errors
    /// What the client gets instead of the whole response. Where its head has gone already, the response breaks off; in
    /// Kong's engine, which cannot do that, the reply's body stands under the status that has gone.
    fn on_body(
        &self,
        _stream: &mut Self::Stream,
        _body: Result<&[u8], BodyError>,
        _cx: &mut Cx<'_>,
    ) -> Result<Vec<u8>, Box<LocalReply>> {
        Ok(Vec::new())
    }

    /// Looks at the response's head as the host has it, before any filter of this module decorates it; also in shadow
    /// mode. Runs for a filter whose `on_request` ran, in every mode but `off`.
    fn observe(&self, _stream: &mut Self::Stream, _head: &ResponseHead<'_>, _cx: &mut Cx<'_>) {}

    /// The stream is over. Called exactly once for a filter whose `on_request` ran, whatever happened, in every mode but
    /// `off`.
    fn on_end(&self, _stream: Self::Stream, _end: &End<'_>, _cx: &mut Cx<'_>) {}

    /// Work that belongs to no request.
    fn background(&self) -> Option<Rc<dyn Background>> {
        None
    }
}

/// What a filter may know while it is configured, besides its own fields.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// Where secrets come from.
    pub env: &'a Env,
    /// How matches of its own read paths.
    pub paths: MatchOptions,
    /// Whether the filter is a module of its own; in the gateway the filters behind hear of it in memory.
    pub alone: bool,
}

impl<'a> Setup<'a> {
    /// Of a module of its own; paths are read as by default.
    #[must_use]
    pub fn new(env: &'a Env) -> Self {
        Self { env, paths: MatchOptions::default(), alone: true }
    }
}

/// What is left of a stream when it is over. Each reading costs a host call; how the stream ended the host tells by
/// properties (`response.code_details` and `response.flags` in Envoy).
pub struct End<'a> {
    /// The response's trailers. None in Kong's engine.
    pub trailers: &'a dyn HeaderSource,
}

/// What the driver must provide for a filter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// Several request headers will be read: fetch them all at once.
    pub headers: bool,
    /// The filter's own fields look at paths: an ambiguous one is refused before it gets there.
    pub paths: bool,
    /// Call `on_response` even where `on_request` never ran (a reply made before this filter was reached).
    pub decorate: bool,
    /// [`Cx::now`] is read again for the response and for the end; else it stays that of the request.
    pub times: bool,
}

/// What shall become of a request.
#[derive(Debug)]
pub enum Decision {
    /// On to the next filter.
    Continue,
    /// Answer here; the upstream is not reached.
    Respond(LocalReply),
    /// Nothing yet.
    Wait(Wait),
}

/// What a request waits for.
#[derive(Debug)]
pub enum Wait {
    /// The answers to these call-outs: one [`Wake::Answer`] each. An empty list waits for those still under way.
    Callouts(Vec<Callout>),
    /// Background work that will announce `topic`; woken with [`Wake::Timeout`] at `until`, or at once where nothing
    /// would wake it: the filter has no background work, or the host cannot resume a request from there (Kong's engine).
    Background {
        /// What to wait for.
        topic: Topic,
        /// When to give up.
        until: Nanos,
    },
}

/// Why a waiting request was woken.
#[derive(Debug)]
pub enum Wake<'a> {
    /// A call-out ended, well or not.
    Answer(&'a CalloutAnswer),
    /// The topic was announced.
    Background,
    /// The topic was not announced in time.
    Timeout,
}

/// A subject of one filter's background work, of its own numbering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Topic(pub u32);

/// Work of the root context, for all requests of a VM.
pub trait Background {
    /// How often `on_tick` is wanted.
    fn period(&self) -> Duration;

    /// A tick of the host. Runs in every VM, also one that serves no requests.
    fn on_tick(&self, cx: &mut RootCx<'_>);

    /// A call-out of `on_tick` was answered.
    fn on_answer(&self, answer: &CalloutAnswer, cx: &mut RootCx<'_>);
}

/// What background work may use.
pub struct RootCx<'a> {
    /// The host's time.
    pub now: Nanos,
    /// The host.
    pub proxy: &'a dyn Proxy,
    /// Call-outs to be sent when the callback returns.
    pub callouts: Vec<Callout>,
    /// What there is news of: streams that wait for it are woken when the callback returns.
    pub topics: Vec<Topic>,
}

impl<'a> RootCx<'a> {
    /// A context for one callback.
    pub fn new(now: Nanos, proxy: &'a dyn Proxy) -> Self {
        Self { now, proxy, callouts: Vec::new(), topics: Vec::new() }
    }
}

/// What a filter may use while it decides.
pub struct Cx<'a> {
    /// The host's time, read once per callback on the request; on the response and at the end that of the last of them,
    /// unless a filter [`Needs::times`].
    pub now: Nanos,
    /// The host.
    pub proxy: &'a dyn Proxy,
    /// What is known of the request, shared by the chain.
    pub facts: &'a mut Facts,
    /// What the whole module was told.
    pub settings: &'a Settings,
    pub(crate) report: Option<(Outcome, &'static str)>,
    pub(crate) enforces: bool,
    taken: Option<TakeBody>,
}

impl<'a> Cx<'a> {
    /// A context for one callback.
    pub fn new(now: Nanos, proxy: &'a dyn Proxy, facts: &'a mut Facts, settings: &'a Settings) -> Self {
        Self { now, proxy, facts, settings, report: None, enforces: true, taken: None }
    }

    /// Whether what is decided is carried out. In shadow mode edits are taken back; what is no edit of the head (shared
    /// state, properties, facts) the filter leaves alone itself.
    #[must_use]
    pub fn enforces(&self) -> bool {
        self.enforces
    }

    /// Keeps the response's body from the client, for [`Filter::on_body`]. Only in `on_response`, of a filter that
    /// [`Filter::TAKES_BODIES`]; of several filters the first that asks has it. What describes the body is taken out of
    /// the head.
    pub fn take_body(&mut self, how: TakeBody) {
        self.taken.get_or_insert(how);
    }

    /// What [`Cx::take_body`] asked for.
    #[must_use]
    pub fn taken(&self) -> Option<TakeBody> {
        self.taken
    }

    /// Says what this filter did, where `Continue` = allowed and `Respond` = refused do not tell it. `code` becomes
    /// a metric label.
    pub fn report(&mut self, outcome: Outcome, code: &'static str) {
        self.report = Some((outcome, code));
    }
}

/// What a filter did to a request, as metrics and the decision record tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Let it through.
    Allowed,
    /// Turned it down.
    Refused,
    /// Answered it, as it was asked to (a preflight).
    Answered,
    /// The host failed the filter.
    Error,
}

impl Outcome {
    /// The metric label.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
            Self::Answered => "answered",
            Self::Error => "error",
        }
    }
}
