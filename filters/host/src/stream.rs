//! The chain driver: takes one request through the chain, from its head to its end.
//!
//! A stream walks the filters until one answers or waits; woken, it goes on where it stood. Only after the last
//! filter are the recorded edits written. What has become of the request is a [`Turn`]; the caller resumes it, in one
//! place.

use std::collections::VecDeque;
use std::rc::Rc;

use proxy_wasm::types::MapType;
use sluicegate_common::account::Step;
use sluicegate_common::chain::{Chain, Walk};
use sluicegate_common::facts::Facts;
use sluicegate_common::filter::{Answer, Callout, CalloutAnswer, CalloutError, Cx, End, Topic, Wait, Wake};
use sluicegate_common::head::{HeadState, RequestHead, ResponseHead};
use sluicegate_common::module::Module;
use sluicegate_common::reply::Rendered;
use sluicegate_common::request_id;
use sluicegate_common::time::Nanos;

use crate::hostcalls::{self, Host, Map};

const REQUEST: Map = Map(MapType::HttpRequestHeaders);
const RESPONSE: Map = Map(MapType::HttpResponseHeaders);
const TRAILERS: Map = Map(MapType::HttpResponseTrailers);

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
    module: Rc<Module<C>>,
    /// The config of the rule that matched; set when the request's head is seen.
    chain: Option<Rc<C>>,
    filters: <C::Filters as Walk>::Stream,
    facts: Facts,
    request: HeadState,
    now: Nanos,
    /// How many filters have seen the request.
    reached: usize,
    waiting: bool,
    /// Call-outs under way: the host's token and the filter's number.
    callouts: Vec<(u32, u32)>,
    /// Call-outs that the host would not send; the filter has yet to hear of them.
    unsent: VecDeque<CalloutAnswer>,
    ended: bool,
}

impl<C: Chain> Stream<C> {
    pub fn new(module: Rc<Module<C>>) -> Self {
        Self {
            module,
            chain: None,
            filters: <C::Filters as Walk>::Stream::default(),
            facts: Facts::default(),
            request: HeadState::default(),
            now: Nanos::default(),
            reached: 0,
            waiting: false,
            callouts: Vec::new(),
            unsent: VecDeque::new(),
            ended: false,
        }
    }

    /// The request's head is there: chooses the rule and walks the chain. `whole`: there is no more to come.
    pub fn start(&mut self, whole: bool) -> Turn {
        self.now = hostcalls::now();
        if whole {
            self.facts.set_whole();
        }
        let mut head = RequestHead::new(&REQUEST, &mut self.request);
        let mut cx = Cx::new(self.now, &Host, &mut self.facts, self.module.settings());
        match self.module.choose(&mut head, &mut cx) {
            Ok(chain) => {
                if (0..C::Filters::LEN).any(|at| chain.filters().needs(at).headers) {
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
        let at = self.callouts.iter().position(|(known, _)| *known == token)?;
        let (_, id) = self.callouts.swap_remove(at);
        self.wake(&Wake::Answer(&CalloutAnswer { id, outcome }))
    }

    /// Whether that call-out is one of this stream's.
    pub fn asked(&self, token: u32) -> bool {
        self.callouts.iter().any(|(known, _)| *known == token)
    }

    /// Whether call-outs are under way.
    pub fn has_callouts(&self) -> bool {
        !self.callouts.is_empty()
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
    pub fn response(&mut self) {
        self.waiting = false; // Somebody else answered meanwhile: there is nothing left to resume.
        self.now = hostcalls::now();
        let chain = self.chain.clone().unwrap_or_else(|| self.module.top());
        let mut state = HeadState::default();
        let mut head = ResponseHead::new(&RESPONSE, &mut state);
        let mut cx = Cx::new(self.now, &Host, &mut self.facts, self.module.settings());
        chain.filters().observe(self.reached, &mut self.filters, &head, &mut cx);
        if C::MAKES_REQUEST_ID {
            request_id::echo(&mut head, &mut cx);
        }
        for at in (0..C::Filters::LEN).rev() {
            if at < self.reached || chain.filters().needs(at).decorate {
                chain.filters().on_response(at, &mut self.filters, &mut head, &mut cx);
            }
        }
        if let Some(status) = head.failure() {
            log::error!("{}: reading the response failed: {status}", C::NAME);
        }
        state.edits.write(&RESPONSE);
    }

    /// The stream is over. Hosts tell it more than once and in different callbacks.
    pub fn end(&mut self) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.waiting = false;
        let Some(chain) = self.chain.take() else { return };
        let mut cx = Cx::new(hostcalls::now(), &Host, &mut self.facts, self.module.settings());
        let end = End { trailers: &TRAILERS };
        chain.filters().on_end(self.reached, std::mem::take(&mut self.filters), &end, &mut cx);
    }

    fn walk(&mut self, chain: &Rc<C>, from: usize) -> Turn {
        for at in from..C::Filters::LEN {
            self.reached = at.saturating_add(1);
            let step = self.ask(chain, at, None);
            if let Some(turn) = self.carry_out(chain, at, step) {
                return turn;
            }
        }
        let cx = Cx::new(self.now, &Host, &mut self.facts, self.module.settings());
        chain.on_passed(&cx);
        self.request.edits.write(&REQUEST);
        Turn::Passed
    }

    fn ask(&mut self, chain: &C, at: usize, why: Option<&Wake<'_>>) -> Step {
        let mut head = RequestHead::new(&REQUEST, &mut self.request);
        let mut cx = Cx::new(self.now, &Host, &mut self.facts, self.module.settings());
        match why {
            None => chain.filters().on_request(at, &mut self.filters, &mut head, &mut cx),
            Some(why) => chain.filters().on_wake(at, &mut self.filters, why, &mut head, &mut cx),
        }
    }

    /// `None`: on to the next filter.
    fn carry_out(&mut self, chain: &C, at: usize, mut step: Step) -> Option<Turn> {
        let mut told = false;
        loop {
            match step {
                Step::Continue => {
                    // Answers to what this filter no longer waits for find no token and are dropped.
                    self.callouts.clear();
                    self.unsent.clear();
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
                    step = match self.unsent.pop_front() {
                        Some(unsent) => self.ask(chain, at, Some(&Wake::Answer(&unsent))),
                        None if self.callouts.is_empty() => self.waits_for_nothing(chain, at),
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
                Ok(token) => self.callouts.push((token, callout.id)),
                Err(status) => {
                    log::warn!("call-out to {}: {status}", callout.upstream);
                    let outcome = Err(CalloutError::NotSent(status));
                    self.unsent.push_back(CalloutAnswer { id: callout.id, outcome });
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
        let mut head = RequestHead::new(&REQUEST, &mut self.request);
        let mut cx = Cx::new(self.now, &Host, &mut self.facts, self.module.settings());
        chain.filters().fail(at, &mut self.filters, &mut head, &mut cx)
    }
}

fn answer(reply: &Rendered) -> Turn {
    if let Err(status) = hostcalls::reply(reply) {
        log::error!("local reply {}: {status}", reply.status);
    }
    Turn::Answered
}
