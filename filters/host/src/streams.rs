//! The streams of a VM: who they are, what each waits for, and the memory they leave to those that come after them.

use std::rc::Rc;

use sluicegate_common::chain::Chain;
use sluicegate_common::module::Module;

use crate::abi::Action;
use crate::hostcalls;
use crate::park::{ParkList, Parked};
use crate::stream::{Scratch, Stream, Turn};
use crate::table::Table;

/// Blocks of memory that wait for a stream; more than that many at once are freed.
const MAX_IDLE: usize = 64;

/// So many streams at once are worth a look at which of them are gone.
const MANY: usize = 1024;

pub struct Streams<C: Chain> {
    live: Table<Stream<C>>,
    idle: Vec<Box<Scratch<C>>>,
    /// Whose call-outs are under way: the stream's context by the host's token.
    asked: Table<u32>,
    pub parked: ParkList,
    /// How many live streams are too many to believe that the host told the end of all that ended.
    too_many: usize,
}

impl<C: Chain> Default for Streams<C> {
    fn default() -> Self {
        let parked = ParkList::default();
        Self { live: Table::new(), idle: Vec::new(), asked: Table::new(), parked, too_many: MANY }
    }
}

impl<C: Chain> Streams<C> {
    /// How many there are, and how many call-outs of theirs.
    #[cfg(test)]
    pub fn len(&self) -> (usize, usize) {
        (self.live.len(), self.asked.len())
    }

    /// A stream of that root context comes.
    pub fn open(&mut self, context: u32, root: u32, module: &Rc<Module<C>>) {
        if self.live.len() >= self.too_many {
            self.end_those_that_are_gone(context, root);
        }
        if self.live.get(context).is_some() {
            self.end_untold(vec![context], context, root);
        }
        let scratch = self.idle.pop().unwrap_or_default();
        self.live.insert(context, Stream::new(root, Rc::clone(module), scratch));
    }

    /// The head of its request is there. `whole`: there is no more to come.
    pub fn start(&mut self, context: u32, whole: bool) -> Action {
        let Some(stream) = self.live.get_mut(context) else { return Action::Continue };
        let turn = stream.start(whole);
        self.note_callouts(context);
        match turn {
            Turn::Passed => Action::Continue,
            Turn::Answered | Turn::Waits => pause(),
            Turn::Parks { .. } => {
                self.settle(context, turn);
                pause()
            }
        }
    }

    /// The head of the response is there. `whole`: there is no more to come.
    pub fn respond(&mut self, context: u32, whole: bool) -> Action {
        let Some(stream) = self.live.get_mut(context) else { return Action::Continue };
        stream.response(whole);
        stream.after_head()
    }

    /// So many bytes of the response's body.
    pub fn body(&mut self, context: u32, size: usize, last: bool) -> Action {
        self.live.get_mut(context).map_or(Action::Continue, |stream| stream.body(size, last))
    }

    /// The stream is over.
    pub fn end(&mut self, context: u32) {
        let Some(stream) = self.live.remove(context) else { return };
        self.parked.forget(context);
        stream.tokens().for_each(|token| {
            self.asked.remove(token);
        });
        let scratch = stream.end();
        if self.idle.len() < MAX_IDLE {
            self.idle.push(scratch);
        }
    }

    /// Takes the stream that sent this call-out, and asks no more for it.
    pub fn take_asker(&mut self, token: u32) -> Option<u32> {
        self.asked.remove(token)
    }

    /// Lets a stream act in a callback of the context `home`, and carries out what comes of it.
    pub fn on_behalf_of(&mut self, context: u32, home: u32, act: impl FnOnce(&mut Stream<C>) -> Option<Turn>) {
        let Some(stream) = self.live.get_mut(context) else { return };
        if hostcalls::set_effective_context(context).is_err() {
            // Gone: the next calls would act on `home`.
            self.end(context);
            return;
        }
        let turn = act(stream);
        self.note_callouts(context);
        if let Some(turn) = turn {
            self.settle(context, turn);
        }
        if let Err(status) = hostcalls::set_effective_context(home) {
            log::error!("{}: back to the root context: {status}", C::NAME);
        }
    }

    /// The one place where a stream goes on, or to rest, after it was paused.
    fn settle(&mut self, context: u32, turn: Turn) {
        // What it waited for before wakes it no more.
        self.parked.forget(context);
        match turn {
            Turn::Passed => {
                if let Err(status) = hostcalls::continue_request() {
                    log::error!("{}: resuming a request: {status}", C::NAME);
                }
            }
            Turn::Parks { at, topic, until } => {
                let Some(stream) = self.live.get(context) else { return };
                self.parked.add(Parked { context, root: stream.root(), at, topic, until });
            }
            Turn::Answered | Turn::Waits => {}
        }
    }

    /// Answers come with the context of the root, whoever asked: the token tells.
    fn note_callouts(&mut self, context: u32) {
        let Some(stream) = self.live.get(context) else { return };
        for token in stream.tokens() {
            self.asked.insert(token, context);
        }
    }

    /// Hosts tell the end of every stream. Should one not, memory must not grow for ever.
    fn end_those_that_are_gone(&mut self, acting: u32, root: u32) {
        let is_gone = |context: &u32| hostcalls::set_effective_context(*context).is_err();
        let gone: Vec<u32> = self.live.keys().filter(is_gone).collect();
        self.end_untold(gone, acting, root);
        self.too_many = self.live.len().saturating_mul(2).max(MANY);
    }

    /// Ends streams that are no more, in a callback of the context `acting`. What they ask is asked of a root context, which
    /// has no answer: any other stream would answer for itself.
    fn end_untold(&mut self, gone: Vec<u32>, acting: u32, root: u32) {
        if hostcalls::set_effective_context(root).is_ok() {
            gone.into_iter().for_each(|context| self.end(context));
        }
        if let Err(status) = hostcalls::set_effective_context(acting) {
            log::error!("{}: back to context {acting}: {status}", C::NAME);
        }
    }
}

/// Holds a request's head, and what follows it.
fn pause() -> Action {
    if hostcalls::is_envoy() { Action::PauseAll } else { Action::Pause }
}
