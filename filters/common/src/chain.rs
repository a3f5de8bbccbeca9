//! A module's filters in their order. A module with one filter is a chain of one.

use std::rc::Rc;

use crate::account::{Account, Step};
use crate::config::{ConfigErrors, Env, Object, Top};
use crate::filter::{Background, BodyError, Cx, End, Needs, Wake};
use crate::head::{RequestHead, ResponseHead};
use crate::proxy::Proxy;
use crate::reply::Rendered;

/// Filters that share a stream: walked from the first to the last on requests and back on responses.
///
/// A position counts from 0; the driver passes none at or above [`Walk::LEN`]. `()` is the end of a chain, a pair puts
/// its second part behind its first, and `None` is a filter that is absent: it keeps its position, so that a position
/// means the same filter under every rule.
pub trait Walk {
    /// What the filters keep of one request.
    type Stream: Default;

    /// How many positions there are.
    const LEN: usize;

    /// See [`Filter::TAKES_BODIES`](crate::filter::Filter::TAKES_BODIES); of any of the filters.
    const TAKES_BODIES: bool;

    /// What the filter at this position needs.
    fn needs(&self, at: usize) -> Needs;

    /// See [`Filter::start`](crate::filter::Filter::start); for all positions.
    fn start(&self, proxy: &dyn Proxy);

    /// See [`Filter::on_request`](crate::filter::Filter::on_request).
    fn on_request(&self, at: usize, stream: &mut Self::Stream, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Step;

    /// See [`Filter::on_wake`](crate::filter::Filter::on_wake).
    fn on_wake(
        &self,
        at: usize,
        stream: &mut Self::Stream,
        why: &Wake<'_>,
        head: &mut RequestHead<'_>,
        cx: &mut Cx<'_>,
    ) -> Step;

    /// The host failed the filter at this position: settled by its `on_internal_error`.
    fn fail(&self, at: usize, stream: &mut Self::Stream, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Step;

    /// See [`Filter::on_response`](crate::filter::Filter::on_response).
    fn on_response(&self, at: usize, stream: &mut Self::Stream, head: &mut ResponseHead<'_>, cx: &mut Cx<'_>);

    /// See [`Filter::on_body`](crate::filter::Filter::on_body). `head` is that of the request.
    ///
    /// # Errors
    /// What the client gets instead of the whole response.
    fn on_body(
        &self,
        at: usize,
        stream: &mut Self::Stream,
        body: Result<&[u8], BodyError>,
        head: &RequestHead<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<Vec<u8>, Rendered>;

    /// See [`Filter::observe`](crate::filter::Filter::observe); for the first `reached` filters.
    fn observe(&self, reached: usize, stream: &mut Self::Stream, head: &ResponseHead<'_>, cx: &mut Cx<'_>);

    /// See [`Filter::on_end`](crate::filter::Filter::on_end); for the first `reached` filters, which take what is theirs.
    fn on_end(&self, reached: usize, stream: &mut Self::Stream, end: &End<'_>, cx: &mut Cx<'_>);

    /// See [`Filter::background`](crate::filter::Filter::background).
    fn background(&self, at: usize) -> Option<Rc<dyn Background>>;
}

/// What makes the filters of a module one.
pub trait Chain: Sized {
    /// The filters in their order.
    type Filters: Walk;

    /// The module's name.
    const NAME: &'static str;

    /// Fields a rule may not patch; a dotted path names a field inside an object (`auth.authenticators`).
    const REGISTRIES: &'static [&'static str];

    /// Whether paths in rules compare case-sensitively where the config does not say.
    const CASE_SENSITIVE: bool;

    /// Whether requests are given their id, as the block `request_id` says.
    const MAKES_REQUEST_ID: bool;

    /// Compiles one rule's whole config object; `rule` becomes the metric label. A rule is given the top, whose
    /// registries its object lacks.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    fn configure(object: Object, rule: &str, env: &Env, top: Option<Top<'_, Self>>) -> Result<Self, ConfigErrors>;

    /// The filters.
    fn filters(&self) -> &Self::Filters;

    /// Whether a filter will read several request headers ([`Needs::headers`]).
    fn reads_headers(&self) -> bool {
        (0..Self::Filters::LEN).any(|at| self.filters().needs(at).headers)
    }

    /// Whether a filter must know when the response came and when the stream ended ([`Needs::times`]).
    fn times(&self) -> bool {
        (0..Self::Filters::LEN).any(|at| self.filters().needs(at).times)
    }

    /// Settles what concerns the chain as a whole.
    fn account(&self) -> &Account;

    /// Work that belongs to no request, of the filter at this position; asked of the top's chain.
    fn background_at(&self, at: usize) -> Option<Rc<dyn Background>> {
        self.filters().background(at)
    }

    /// The last filter let the request through.
    fn on_passed(&self, _cx: &Cx<'_>) {}
}

impl Walk for () {
    type Stream = ();

    const LEN: usize = 0;

    const TAKES_BODIES: bool = false;

    fn start(&self, _: &dyn Proxy) {}

    fn needs(&self, _: usize) -> Needs {
        Needs::default()
    }

    fn on_request(&self, _: usize, (): &mut (), _: &mut RequestHead<'_>, _: &mut Cx<'_>) -> Step {
        Step::Continue
    }

    fn on_wake(&self, _: usize, (): &mut (), _: &Wake<'_>, _: &mut RequestHead<'_>, _: &mut Cx<'_>) -> Step {
        Step::Continue
    }

    fn fail(&self, _: usize, (): &mut (), _: &mut RequestHead<'_>, _: &mut Cx<'_>) -> Step {
        Step::Continue
    }

    fn on_response(&self, _: usize, (): &mut (), _: &mut ResponseHead<'_>, _: &mut Cx<'_>) {}

    fn on_body(
        &self,
        _: usize,
        (): &mut (),
        _: Result<&[u8], BodyError>,
        _: &RequestHead<'_>,
        _: &mut Cx<'_>,
    ) -> Result<Vec<u8>, Rendered> {
        Ok(Vec::new())
    }

    fn observe(&self, _: usize, (): &mut (), _: &ResponseHead<'_>, _: &mut Cx<'_>) {}

    fn on_end(&self, _: usize, (): &mut (), _: &End<'_>, _: &mut Cx<'_>) {}

    fn background(&self, _: usize) -> Option<Rc<dyn Background>> {
        None
    }
}

impl<A: Walk, B: Walk> Walk for (A, B) {
    type Stream = (A::Stream, B::Stream);

    const LEN: usize = A::LEN.saturating_add(B::LEN);

    const TAKES_BODIES: bool = A::TAKES_BODIES || B::TAKES_BODIES;

    fn start(&self, proxy: &dyn Proxy) {
        self.0.start(proxy);
        self.1.start(proxy);
    }

    fn needs(&self, at: usize) -> Needs {
        match at.checked_sub(A::LEN) {
            None => self.0.needs(at),
            Some(at) => self.1.needs(at),
        }
    }

    fn on_request(&self, at: usize, stream: &mut Self::Stream, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Step {
        match at.checked_sub(A::LEN) {
            None => self.0.on_request(at, &mut stream.0, head, cx),
            Some(at) => self.1.on_request(at, &mut stream.1, head, cx),
        }
    }

    fn on_wake(
        &self,
        at: usize,
        stream: &mut Self::Stream,
        why: &Wake<'_>,
        head: &mut RequestHead<'_>,
        cx: &mut Cx<'_>,
    ) -> Step {
        match at.checked_sub(A::LEN) {
            None => self.0.on_wake(at, &mut stream.0, why, head, cx),
            Some(at) => self.1.on_wake(at, &mut stream.1, why, head, cx),
        }
    }

    fn fail(&self, at: usize, stream: &mut Self::Stream, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Step {
        match at.checked_sub(A::LEN) {
            None => self.0.fail(at, &mut stream.0, head, cx),
            Some(at) => self.1.fail(at, &mut stream.1, head, cx),
        }
    }

    fn on_response(&self, at: usize, stream: &mut Self::Stream, head: &mut ResponseHead<'_>, cx: &mut Cx<'_>) {
        match at.checked_sub(A::LEN) {
            None => self.0.on_response(at, &mut stream.0, head, cx),
            Some(at) => self.1.on_response(at, &mut stream.1, head, cx),
        }
    }

    fn on_body(
        &self,
        at: usize,
        stream: &mut Self::Stream,
        body: Result<&[u8], BodyError>,
        head: &RequestHead<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<Vec<u8>, Rendered> {
        match at.checked_sub(A::LEN) {
            None => self.0.on_body(at, &mut stream.0, body, head, cx),
            Some(at) => self.1.on_body(at, &mut stream.1, body, head, cx),
        }
    }

    fn observe(&self, reached: usize, stream: &mut Self::Stream, head: &ResponseHead<'_>, cx: &mut Cx<'_>) {
        self.0.observe(reached.min(A::LEN), &mut stream.0, head, cx);
        self.1.observe(reached.saturating_sub(A::LEN), &mut stream.1, head, cx);
    }

    fn on_end(&self, reached: usize, stream: &mut Self::Stream, end: &End<'_>, cx: &mut Cx<'_>) {
        self.0.on_end(reached.min(A::LEN), &mut stream.0, end, cx);
        self.1.on_end(reached.saturating_sub(A::LEN), &mut stream.1, end, cx);
    }

    fn background(&self, at: usize) -> Option<Rc<dyn Background>> {
        match at.checked_sub(A::LEN) {
            None => self.0.background(at),
            Some(at) => self.1.background(at),
        }
    }
}

impl<A: Walk> Walk for Option<A> {
    type Stream = A::Stream;

    const LEN: usize = A::LEN;

    const TAKES_BODIES: bool = A::TAKES_BODIES;

    fn start(&self, proxy: &dyn Proxy) {
        if let Some(walk) = self {
            walk.start(proxy);
        }
    }

    fn needs(&self, at: usize) -> Needs {
        self.as_ref().map_or_else(Needs::default, |walk| walk.needs(at))
    }

    fn on_request(&self, at: usize, stream: &mut Self::Stream, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Step {
        self.as_ref().map_or(Step::Continue, |walk| walk.on_request(at, stream, head, cx))
    }

    fn on_wake(
        &self,
        at: usize,
        stream: &mut Self::Stream,
        why: &Wake<'_>,
        head: &mut RequestHead<'_>,
        cx: &mut Cx<'_>,
    ) -> Step {
        self.as_ref().map_or(Step::Continue, |walk| walk.on_wake(at, stream, why, head, cx))
    }

    fn fail(&self, at: usize, stream: &mut Self::Stream, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Step {
        self.as_ref().map_or(Step::Continue, |walk| walk.fail(at, stream, head, cx))
    }

    fn on_response(&self, at: usize, stream: &mut Self::Stream, head: &mut ResponseHead<'_>, cx: &mut Cx<'_>) {
        if let Some(walk) = self {
            walk.on_response(at, stream, head, cx);
        }
    }

    fn on_body(
        &self,
        at: usize,
        stream: &mut Self::Stream,
        body: Result<&[u8], BodyError>,
        head: &RequestHead<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<Vec<u8>, Rendered> {
        self.as_ref().map_or(Ok(Vec::new()), |walk| walk.on_body(at, stream, body, head, cx))
    }

    fn observe(&self, reached: usize, stream: &mut Self::Stream, head: &ResponseHead<'_>, cx: &mut Cx<'_>) {
        if let Some(walk) = self {
            walk.observe(reached, stream, head, cx);
        }
    }

    fn on_end(&self, reached: usize, stream: &mut Self::Stream, end: &End<'_>, cx: &mut Cx<'_>) {
        if let Some(walk) = self {
            walk.on_end(reached, stream, end, cx);
        }
    }

    fn background(&self, at: usize) -> Option<Rc<dyn Background>> {
        self.as_ref()?.background(at)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
