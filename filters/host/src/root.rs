//! The root context: configures the module, drives background work, wakes parked streams.

use std::ffi::OsString;
use std::rc::Rc;
use std::time::Duration;

use sluicegate_common::chain::{Chain, Walk};
use sluicegate_common::config::Env;
use sluicegate_common::filter::{Answer, CalloutAnswer, CalloutError, RootCx, Topic, Wake};
use sluicegate_common::module::Module;
use sluicegate_common::time::Nanos;

use crate::hostcalls::{self, Host};
use crate::park::Parked;
use crate::streams::Streams;

/// How often the root looks for work: the longest that a parked stream oversleeps its `until`.
const TICK: Duration = Duration::from_millis(100);

/// A root context: a plugin's configuration, and what works for it without a request.
pub struct Root<C: Chain> {
    id: u32,
    module: Option<Rc<Module<C>>>,
    /// Call-outs of background work: the host's token, the filter's position, the filter's number.
    callouts: Vec<(u32, usize, u32)>,
    /// When the background work of each filter is due next.
    due: Vec<Nanos>,
    /// When the last tick was.
    ticked: Nanos,
}

impl<C: Chain> Root<C> {
    pub fn new(id: u32) -> Self {
        Self { id, module: None, callouts: Vec::new(), due: Vec::new(), ticked: Nanos::default() }
    }

    pub fn id(&self) -> u32 {
        self.id
    }

    /// What its streams are served by; `None` before it is configured, and when its configuration was refused.
    pub fn module(&self) -> Option<&Rc<Module<C>>> {
        self.module.as_ref()
    }

    /// Whether that call-out is of background work of this root.
    pub fn asked(&self, token: u32) -> bool {
        self.callouts.iter().any(|(known, ..)| *known == token)
    }

    /// Takes the plugin's configuration, of `size` bytes. `false`: it is refused.
    pub fn configure(&mut self, size: usize) -> bool {
        let bytes = match hostcalls::plugin_configuration(size) {
            Ok(bytes) => bytes,
            Err(status) => {
                log::error!("{}: reading the configuration failed: {status}", C::NAME);
                return false;
            }
        };
        match Module::<C>::configure(bytes, &environment()) {
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
    fn follow_clock(&mut self, now: Nanos, streams: &mut Streams<C>) {
        let back = std::mem::replace(&mut self.ticked, now).since(now);
        if back > Duration::ZERO {
            self.due.iter_mut().for_each(|due| *due = due.minus(back));
            streams.parked.set_back(self.id, back);
        }
    }

    /// Sends what background work asked for.
    fn dispatch(&mut self, at: usize, cx: &mut RootCx<'_>, streams: &mut Streams<C>) {
        for callout in std::mem::take(&mut cx.callouts) {
            match hostcalls::dispatch_in_background(&callout) {
                Ok(token) => self.callouts.push((token, at, callout.id)),
                Err(status) => {
                    log::warn!("{}: call-out to {}: {status}", C::NAME, callout.upstream);
                    let outcome = Err(CalloutError::NotSent(status));
                    self.background_answered(at, &CalloutAnswer { id: callout.id, outcome }, streams);
                }
            }
        }
    }

    fn background_answered(&mut self, at: usize, answer: &CalloutAnswer, streams: &mut Streams<C>) {
        let Some(work) = self.module.as_ref().and_then(|module| module.top().background_at(at)) else { return };
        let mut cx = RootCx::new(hostcalls::now(), &Host);
        work.on_answer(answer, &mut cx);
        self.announce(at, &cx.topics, streams);
        if !matches!(answer.outcome, Err(CalloutError::NotSent(_))) {
            self.dispatch(at, &mut cx, streams);
        }
    }

    fn announce(&self, at: usize, topics: &[Topic], streams: &mut Streams<C>) {
        if !topics.is_empty() {
            self.wake(|parked| parked.at == at && topics.contains(&parked.topic), &Wake::Background, streams);
        }
    }

    fn wake(&self, wakes: impl Fn(&Parked) -> bool, why: &Wake<'_>, streams: &mut Streams<C>) {
        for Parked { context, .. } in streams.parked.take(|parked| parked.root == self.id && wakes(parked)) {
            streams.on_behalf_of(context, self.id, |stream| stream.wake(why));
        }
    }

    /// A call-out of background work ended.
    pub fn answered(&mut self, token: u32, outcome: Result<Answer, CalloutError>, streams: &mut Streams<C>) {
        if let Some(found) = self.callouts.iter().position(|(known, ..)| *known == token) {
            let (_, at, id) = self.callouts.swap_remove(found);
            self.background_answered(at, &CalloutAnswer { id, outcome }, streams);
        }
    }

    /// Background work that is due, and streams that have waited long enough.
    pub fn tick(&mut self, streams: &mut Streams<C>) {
        let Some(module) = self.module.clone() else { return };
        let now = hostcalls::now();
        self.follow_clock(now, streams);
        let top = module.top();
        for at in 0..C::Filters::LEN {
            let Some(work) = top.background_at(at) else { continue };
            let Some(due) = self.due.get_mut(at) else { continue };
            if now >= *due {
                *due = now.plus(work.period());
                let mut cx = RootCx::new(now, &Host);
                work.on_tick(&mut cx);
                self.announce(at, &cx.topics, streams);
                self.dispatch(at, &mut cx, streams);
            }
        }
        self.wake(|parked| parked.until <= now, &Wake::Timeout, streams);
    }
}

/// The variables the host gives to the VM; names that are not UTF-8 can be named by no config.
fn environment() -> Env {
    let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_encoded_bytes()));
    std::env::vars_os().filter_map(text).collect()
}
