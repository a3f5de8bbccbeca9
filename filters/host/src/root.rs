//! The root context: configures the module, drives background work, wakes parked streams.

use std::cell::RefCell;
use std::ffi::OsString;
use std::rc::Rc;
use std::time::Duration;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;
use sluicegate_common::chain::{Chain, Walk};
use sluicegate_common::config::Env;
use sluicegate_common::filter::{Answer, CalloutAnswer, CalloutError, RootCx, Topic, Wake};
use sluicegate_common::module::Module;
use sluicegate_common::time::Nanos;

use crate::hostcalls::{self, Host};
use crate::http::{self, Http};
use crate::logger;
use crate::park::{ParkList, Parked, SharedStream};
use crate::stream::{Stream, Turn};

/// How often the root looks for work: the longest that a parked stream oversleeps its `until`.
const TICK: Duration = Duration::from_millis(100);

/// Streams that the root must find again.
pub struct Streams<C: Chain> {
    pub parked: ParkList<C>,
    /// Streams that sent call-outs while the root was the active context: the SDK hands their answers to the root.
    adopted: Vec<(u32, SharedStream<C>)>,
}

impl<C: Chain> Streams<C> {
    /// The stream of that HTTP context ended by itself.
    pub fn forget(&mut self, context: u32) {
        self.parked.forget(context);
        self.adopted.retain(|(id, _)| *id != context);
    }
}

/// The SDK's root context.
pub struct Root<C: Chain> {
    id: u32,
    module: Option<Rc<Module<C>>>,
    streams: Rc<RefCell<Streams<C>>>,
    /// Call-outs of background work: the host's token, the filter's position, the filter's number.
    callouts: Vec<(u32, usize, u32)>,
    /// When the background work of each filter is due next.
    due: Vec<Nanos>,
    /// When the last tick was.
    ticked: Nanos,
}

impl<C: Chain + 'static> Root<C> {
    pub fn new(id: u32) -> Self {
        let streams = Streams { parked: ParkList::default(), adopted: Vec::new() };
        let streams = Rc::new(RefCell::new(streams));
        Self { id, module: None, streams, callouts: Vec::new(), due: Vec::new(), ticked: Nanos::default() }
    }

    /// The context of a new stream.
    pub fn http(&self, id: u32) -> Http<C> {
        Http::new(id, self.module.clone(), Rc::clone(&self.streams))
    }

    fn configure(&mut self, size: usize) -> bool {
        let bytes = match hostcalls::plugin_configuration(size) {
            Ok(bytes) => bytes,
            Err(status) => {
                log::error!("{}: reading the configuration failed: {status}", C::NAME);
                return false;
            }
        };
        match Module::<C>::configure(&bytes, &environment()) {
            Ok(module) => {
                self.schedule(&module);
                module.start(&Host);
                self.module = Some(Rc::new(module));
                true
            }
            Err(errors) => {
                log::error!("{}: the configuration is refused, {} error(s):", C::NAME, errors.len());
                errors.iter().for_each(|error| log::error!("{}: {error}", C::NAME));
                false
            }
        }
    }

    fn schedule(&mut self, module: &Module<C>) {
        let top = module.top();
        self.due = vec![Nanos::default(); C::Filters::LEN];
        if (0..C::Filters::LEN).any(|at| top.background_at(at).is_some())
            && let Err(status) = hostcalls::set_tick_period(TICK)
        {
            log::error!("{}: no ticks, background work stands still: {status}", C::NAME);
        }
    }

    /// A clock that was set back since the last tick holds up neither background work nor parked streams.
    fn follow_clock(&mut self, now: Nanos) {
        let back = std::mem::replace(&mut self.ticked, now).since(now);
        if back > Duration::ZERO {
            self.due.iter_mut().for_each(|due| *due = due.minus(back));
            if let Ok(mut streams) = self.streams.try_borrow_mut() {
                streams.parked.set_back(back);
            }
        }
    }

    /// Sends what background work asked for.
    fn dispatch(&mut self, at: usize, cx: &mut RootCx<'_>) {
        for callout in std::mem::take(&mut cx.callouts) {
            match hostcalls::dispatch_in_background(&callout) {
                Ok(token) => self.callouts.push((token, at, callout.id)),
                Err(status) => {
                    log::warn!("{}: call-out to {}: {status}", C::NAME, callout.upstream);
                    let outcome = Err(CalloutError::NotSent(status));
                    self.background_answered(at, &CalloutAnswer { id: callout.id, outcome });
                }
            }
        }
    }

    fn background_answered(&mut self, at: usize, answer: &CalloutAnswer) {
        let Some(work) = self.module.as_ref().and_then(|module| module.top().background_at(at)) else { return };
        let mut cx = RootCx::new(hostcalls::now(), &Host);
        work.on_answer(answer, &mut cx);
        self.announce(at, &cx.topics);
        if !matches!(answer.outcome, Err(CalloutError::NotSent(_))) {
            self.dispatch(at, &mut cx);
        }
    }

    fn announce(&self, at: usize, topics: &[Topic]) {
        if !topics.is_empty() {
            self.wake(|parked| parked.at == at && topics.contains(&parked.topic), &Wake::Background);
        }
    }

    fn wake(&self, wakes: impl Fn(&Parked<C>) -> bool, why: &Wake<'_>) {
        let Ok(mut streams) = self.streams.try_borrow_mut() else { return };
        let woken = streams.parked.take(wakes);
        drop(streams);
        for Parked { context, stream, .. } in woken {
            self.on_behalf_of(context, &stream, |stream| stream.wake(why));
        }
    }

    /// Lets a stream act from the root's callback, and carries out what comes of it.
    fn on_behalf_of(&self, context: u32, stream: &SharedStream<C>, act: impl FnOnce(&mut Stream<C>) -> Option<Turn>) {
        if hostcalls::set_effective_context(context).is_err() {
            // Gone: the next calls would act on the root.
            if let Ok(mut streams) = self.streams.try_borrow_mut() {
                streams.forget(context);
            }
            return;
        }
        let turn = stream.try_borrow_mut().ok().and_then(|mut stream| act(&mut stream));
        if let Ok(mut streams) = self.streams.try_borrow_mut() {
            streams.adopted.retain(|(id, _)| *id != context);
            if stream.try_borrow().is_ok_and(|stream| stream.has_callouts()) {
                streams.adopted.push((context, Rc::clone(stream)));
            }
        }
        if let Some(turn) = turn {
            http::resume(turn, context, stream, &self.streams);
        }
        if let Err(status) = hostcalls::set_effective_context(self.id) {
            log::error!("{}: back to the root context: {status}", C::NAME);
        }
    }

    /// No token means both: hosts number the call-outs of all protocols together.
    fn answered(&mut self, token: u32, outcome: Result<Answer, CalloutError>) {
        if let Some(found) = self.callouts.iter().position(|(known, ..)| *known == token) {
            let (_, at, id) = self.callouts.swap_remove(found);
            self.background_answered(at, &CalloutAnswer { id, outcome });
        } else if let Some((context, stream)) = self.adopted(token) {
            self.on_behalf_of(context, &stream, |stream| stream.answered(token, outcome));
        }
    }

    fn adopted(&self, token: u32) -> Option<(u32, SharedStream<C>)> {
        let streams = self.streams.try_borrow().ok()?;
        let asked = |stream: &SharedStream<C>| stream.try_borrow().is_ok_and(|stream| stream.asked(token));
        streams.adopted.iter().find(|(_, stream)| asked(stream)).map(|(id, stream)| (*id, Rc::clone(stream)))
    }
}

/// The variables the host gives to the VM; names that are not UTF-8 can be named by no config.
fn environment() -> Env {
    let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_encoded_bytes()));
    std::env::vars_os().filter_map(text).collect()
}

impl<C: Chain + 'static> Context for Root<C> {
    fn on_http_call_response(&mut self, token: u32, num_headers: usize, body_size: usize, _num_trailers: usize) {
        self.answered(token, http::read_answer(num_headers, body_size));
    }

    fn on_grpc_call_response(&mut self, token: u32, status: u32, size: usize) {
        self.answered(token, http::read_message(status, size));
    }
}

impl<C: Chain + 'static> RootContext for Root<C> {
    fn on_vm_start(&mut self, _size: usize) -> bool {
        logger::install();
        true
    }

    fn on_configure(&mut self, size: usize) -> bool {
        self.configure(size)
    }

    fn on_tick(&mut self) {
        let Some(module) = self.module.clone() else { return };
        let now = hostcalls::now();
        self.follow_clock(now);
        let top = module.top();
        for at in 0..C::Filters::LEN {
            let Some(work) = top.background_at(at) else { continue };
            let Some(due) = self.due.get_mut(at) else { continue };
            if now >= *due {
                *due = now.plus(work.period());
                let mut cx = RootCx::new(now, &Host);
                work.on_tick(&mut cx);
                self.announce(at, &cx.topics);
                self.dispatch(at, &mut cx);
            }
        }
        self.wake(|parked| parked.until <= now, &Wake::Timeout);
    }

    fn create_http_context(&self, context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(self.http(context_id)))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
