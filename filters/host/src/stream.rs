//! The chain driver: takes one request through the chain, from its head to its end.
//!
//! A stream walks the filters until one answers or waits; woken, it goes on where it stood. Only after the last
//! filter are the recorded edits written. What has become of the request is a [`Turn`]; the caller resumes it, in one
//! place.

use std::collections::VecDeque;
use std::rc::Rc;

use sluicegate_common::account::Step;
use sluicegate_common::chain::{Chain, Walk};
use sluicegate_common::facts::Facts;
use sluicegate_common::filter::{Answer, Callout, CalloutAnswer, CalloutError, Cx, End, Topic, Wait, Wake};
use sluicegate_common::head::{HeadState, RequestHead, ResponseHead};
use sluicegate_common::module::Module;
use sluicegate_common::reply::Rendered;
use sluicegate_common::request_id;
use sluicegate_common::time::Nanos;

use crate::abi::MapType;
use crate::body::Taken;
use crate::hostcalls::{self, Host, Map};

pub const REQUEST: Map = Map(MapType::RequestHeaders);
pub const RESPONSE: Map = Map(MapType::ResponseHeaders);
const TRAILERS: Map = Map(MapType::ResponseTrailers);

/// What has become of a request after a turn of the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Every filter let it through, and its edits are written.
    Passed,
    /// It was answered here.
    Answered,
    /// It waits for call-outs of its own.
    Waits,
    /// It waits for background work of the filter at `at`, until then.
    Parks { at: usize, topic: Topic, until: Nanos },
}

/// One request on its way through the chain.
pub struct Stream<C: Chain> {
    /// The root context whose configuration it is served by.
    root: u32,
    pub(crate) module: Rc<Module<C>>,
    /// The config of the rule that matched; set when the request's head is seen.
    pub(crate) chain: Option<Rc<C>>,
    /// How many filters have seen the request.
    reached: usize,
    waiting: bool,
    pub(crate) now: Nanos,
    /// The response's body, where a filter takes it.
    pub(crate) taken: Option<Box<Taken>>,
    pub(crate) scratch: Box<Scratch<C>>,
}

/// What a stream keeps of its request: memory that the next stream uses again, when nothing of the request is left.
pub struct Scratch<C: Chain> {
    pub(crate) filters: <C::Filters as Walk>::Stream,
    pub(crate) facts: Facts,
    pub(crate) request: HeadState,
    pub(crate) response: HeadState,
    /// Call-outs under way: the host's token and the filter's number, none where the filter no longer waits for it.
    callouts: Vec<(u32, Option<u32>)>,
    /// Call-outs that the host would not send; the filter has yet to hear of them.
    unsent: VecDeque<CalloutAnswer>,
}

impl<C: Chain> Default for Scratch<C> {
    fn default() -> Self {
        Self {
            filters: <C::Filters as Walk>::Stream::default(),
            facts: Facts::default(),
            request: HeadState::default(),
            response: HeadState::default(),
            callouts: Vec::new(),
            unsent: VecDeque::new(),
        }
    }
}

/// Call-outs of one stream at once that memory is kept for.
const USUAL_CALLOUTS: usize = 16;

impl<C: Chain> Scratch<C> {
    /// Leaves nothing of the request, and no more memory than most requests need.
    fn clear(&mut self) {
        let Self { filters, facts, request, response, callouts, unsent } = self;
        *filters = <C::Filters as Walk>::Stream::default();
        facts.clear();
        for head in [request, response] {
            let mut edits = std::mem::take(&mut head.edits);
            edits.clear();
            *head = HeadState::default();
            head.edits = edits;
        }
        callouts.clear();
        callouts.shrink_to(USUAL_CALLOUTS);
        unsent.clear();
        unsent.shrink_to(USUAL_CALLOUTS);
    }
}

impl<C: Chain> Stream<C> {
    /// A stream of a root context with this configuration; `scratch` is clear.
    pub fn new(root: u32, module: Rc<Module<C>>, scratch: Box<Scratch<C>>) -> Self {
        Self { root, module, chain: None, reached: 0, waiting: false, now: Nanos::default(), taken: None, scratch }
    }

    /// Its root context.
    pub fn root(&self) -> u32 {
        self.root
    }

    /// The host's tokens of the call-outs under way.
    pub fn tokens(&self) -> impl Iterator<Item = u32> {
        self.scratch.callouts.iter().map(|(token, _)| *token)
    }

    /// The request's head is there: chooses the rule and walks the chain. `whole`: there is no more to come.
    pub fn start(&mut self, whole: bool) -> Turn {
        self.now = hostcalls::now();
        if whole {
            self.scratch.facts.set_whole();
        }
        let mut head = RequestHead::new(&REQUEST, &mut self.scratch.request);
        let mut cx = Cx::new(self.now, &Host, &mut self.scratch.facts, self.module.settings());
        match self.module.choose(&mut head, &mut cx) {
            Ok(chain) => {
                if chain.reads_headers() {
                    head.prefetch();
                }
                self.chain = Some(Rc::clone(&chain));
                self.walk(&chain, 0)
            }
            Err(reply) => answer(&reply),
        }
    }

    /// The host answered one of this stream's call-outs. `None`: it was not waiting for that.
    pub fn answered(&mut self, token: u32, outcome: Result<Answer, CalloutError>) -> Option<Turn> {
        let at = self.scratch.callouts.iter().position(|(known, _)| *known == token)?;
        let id = self.scratch.callouts.swap_remove(at).1?;
        self.wake(&Wake::Answer(&CalloutAnswer { id, outcome }))
    }

    /// Goes on with a waiting request. `None`: it is not waiting.
    pub fn wake(&mut self, why: &Wake<'_>) -> Option<Turn> {
        if !self.waiting {
            return None;
        }
        let (chain, at) = (self.chain.clone()?, self.reached.checked_sub(1)?);
        self.waiting = false;
        self.now = hostcalls::now();
        let step = self.ask(&chain, at, Some(why));
        Some(match self.carry_out(&chain, at, step) {
            Some(turn) => turn,
            None => self.walk(&chain, self.reached),
        })
    }

    /// The response's head is there: lets the filters decorate it, the last one first.
    /// `whole`: no body follows.
    pub fn response(&mut self, whole: bool) {
        self.waiting = false; // Somebody else answered meanwhile: there is nothing left to resume.
        if self.chain.as_ref().is_none_or(|chain| chain.times()) {
            self.now = hostcalls::now();
        }
        let chain = self.chain.clone().unwrap_or_else(|| self.module.top());
        let mut head = ResponseHead::new(&RESPONSE, &mut self.scratch.response);
        let mut cx = Cx::new(self.now, &Host, &mut self.scratch.facts, self.module.settings());
        chain.filters().observe(self.reached, &mut self.scratch.filters, &head, &mut cx);
        if C::MAKES_REQUEST_ID {
            request_id::echo(&mut head, &mut cx);
        }
        let mut taker = None;
        for at in (0..C::Filters::LEN).rev() {
            if at < self.reached || chain.filters().needs(at).decorate {
                chain.filters().on_response(at, &mut self.scratch.filters, &mut head, &mut cx);
                if C::Filters::TAKES_BODIES && taker.is_none() {
                    taker = cx.taken().map(|how| (at, how));
                }
            }
        }
        if let Some(status) = head.failure() {
            log::error!("{}: reading the response failed: {status}", C::NAME);
        }
        if let Some((at, how)) = taker {
            self.take_body(at, how, whole);
        }
        self.scratch.response.edits.write(&RESPONSE);
    }

    /// The stream is over; its memory is clear, for the next one.
    pub fn end(mut self) -> Box<Scratch<C>> {
        if let Some(chain) = self.chain.take() {
            if chain.times() {
                self.now = hostcalls::now();
            }
            let mut cx = Cx::new(self.now, &Host, &mut self.scratch.facts, self.module.settings());
            let end = End { trailers: &TRAILERS };
            chain.filters().on_end(self.reached, &mut self.scratch.filters, &end, &mut cx);
        }
        self.scratch.clear();
        self.scratch
    }

    fn walk(&mut self, chain: &Rc<C>, from: usize) -> Turn {
        for at in from..C::Filters::LEN {
            self.reached = at.saturating_add(1);
            let step = self.ask(chain, at, None);
            if let Some(turn) = self.carry_out(chain, at, step) {
                return turn;
            }
        }
        let cx = Cx::new(self.now, &Host, &mut self.scratch.facts, self.module.settings());
        chain.on_passed(&cx);
        self.scratch.request.edits.write(&REQUEST);
        Turn::Passed
    }

    fn ask(&mut self, chain: &C, at: usize, why: Option<&Wake<'_>>) -> Step {
        let mut head = RequestHead::new(&REQUEST, &mut self.scratch.request);
        let mut cx = Cx::new(self.now, &Host, &mut self.scratch.facts, self.module.settings());
        match why {
            None => chain.filters().on_request(at, &mut self.scratch.filters, &mut head, &mut cx),
            Some(why) => chain.filters().on_wake(at, &mut self.scratch.filters, why, &mut head, &mut cx),
        }
    }

    /// `None`: on to the next filter.
    fn carry_out(&mut self, chain: &C, at: usize, mut step: Step) -> Option<Turn> {
        let mut told = false;
        loop {
            match step {
                Step::Continue => {
                    // Answers to what this filter no longer waits for wake no other.
                    self.scratch.callouts.iter_mut().for_each(|(_, id)| *id = None);
                    self.scratch.unsent.clear();
                    return None;
                }
                Step::Reply(reply) => return Some(answer(&reply)),
                Step::Wait(Wait::Background { topic, until }) => {
                    if self.can_be_woken(at) {
                        self.waiting = true;
                        return Some(Turn::Parks { at, topic, until });
                    }
                    step = match std::mem::replace(&mut told, true) {
                        false => self.ask(chain, at, Some(&Wake::Timeout)),
                        true => self.waits_for_nothing(chain, at),
                    };
                }
                Step::Wait(Wait::Callouts(callouts)) => {
                    self.dispatch(callouts);
                    step = match self.scratch.unsent.pop_front() {
                        Some(unsent) => self.ask(chain, at, Some(&Wake::Answer(&unsent))),
                        None if self.scratch.callouts.iter().all(|(_, id)| id.is_none()) => {
                            self.waits_for_nothing(chain, at)
                        }
                        None => {
                            self.waiting = true;
                            return Some(Turn::Waits);
                        }
                    }
                }
            }
        }
    }

    fn dispatch(&mut self, callouts: Vec<Callout>) {
        for callout in callouts {
            match hostcalls::dispatch(&callout) {
                Ok(token) => self.scratch.callouts.push((token, Some(callout.id))),
                Err(status) => {
                    log::warn!("call-out to {}: {status}", callout.upstream);
                    let outcome = Err(CalloutError::NotSent(status));
                    self.scratch.unsent.push_back(CalloutAnswer { id: callout.id, outcome });
                }
            }
        }
    }

    /// Whether the root can resume a stream that waits for the background work of this filter.
    fn can_be_woken(&self, at: usize) -> bool {
        hostcalls::is_envoy() && self.module.top().background_at(at).is_some()
    }

    /// A filter waits with no call-out under way: nothing would ever wake it.
    fn waits_for_nothing(&mut self, chain: &C, at: usize) -> Step {
        let mut head = RequestHead::new(&REQUEST, &mut self.scratch.request);
        let mut cx = Cx::new(self.now, &Host, &mut self.scratch.facts, self.module.settings());
        chain.filters().fail(at, &mut self.scratch.filters, &mut head, &mut cx)
    }
}

fn answer(reply: &Rendered) -> Turn {
    if let Err(status) = hostcalls::reply(reply) {
        log::error!("local reply {}: {status}", reply.status);
    }
    Turn::Answered
}
