//! Hands the host's callbacks to root contexts and streams.
//!
//! A VM has one dispatcher, for the module's one chain, and as many root contexts as plugins share the VM. No callback
//! comes while another one runs, but for memory (`ffi`), which is not asked of the dispatcher.

use std::cell::RefCell;

use sluicegate_common::chain::{Chain, Walk as _};

use crate::abi::Action;
use crate::answers::{self, Ended};
use crate::hostcalls;
use crate::logger;
use crate::root::Root;
use crate::streams::Streams;

/// What the host tells a module; contexts are named by the host's numbers.
pub trait Callbacks {
    /// A root context, or a stream of the root context `parent`.
    fn create(&mut self, context: u32, parent: u32);

    /// The configuration of a root context, of that many bytes. `false`: it is refused.
    fn configure(&mut self, root: u32, size: usize) -> bool;

    fn tick(&mut self, root: u32);

    /// The head of a request. `whole`: there is no more to come.
    fn request(&mut self, context: u32, whole: bool) -> Action;

    /// The head of a response; also without a request, which another filter has answered. `whole`: there is no more to
    /// come.
    fn response(&mut self, context: u32, whole: bool) -> Action;

    /// So many bytes of a response's body. `last`: there are no more; told again where trailers follow.
    fn body(&mut self, context: u32, size: usize, last: bool) -> Action;

    /// The end of a stream; also of one that nothing else was told of.
    fn end(&mut self, context: u32);

    /// A call-out ended. `context` is the root context, whoever sent it.
    fn answered(&mut self, context: u32, token: u32, ended: Ended);
}

thread_local!(static MODULE: RefCell<Option<Box<dyn Callbacks>>> = const { RefCell::new(None) });

/// Serves this chain from now on.
pub fn serve<C: Chain + 'static>() {
    MODULE.with(|module| {
        if let Ok(mut module) = module.try_borrow_mut() {
            *module = Some(Box::new(Dispatcher::<C>::default()));
        }
    });
}

/// Tells the module something. `otherwise` where there is none.
pub fn tell<T>(otherwise: T, what: impl FnOnce(&mut dyn Callbacks) -> T) -> T {
    MODULE.with(|module| match module.try_borrow_mut().as_deref_mut() {
        Ok(Some(module)) => what(&mut **module),
        _ => otherwise,
    })
}

/// The VM starts. One that several plugins share is told so by each.
pub fn start() -> bool {
    logger::install();
    true
}

pub struct Dispatcher<C: Chain> {
    roots: Vec<Root<C>>,
    streams: Streams<C>,
}

impl<C: Chain> Default for Dispatcher<C> {
    fn default() -> Self {
        Self { roots: Vec::new(), streams: Streams::default() }
    }
}

impl<C: Chain> Dispatcher<C> {
    fn root(&mut self, context: u32) -> Option<&mut Root<C>> {
        self.roots.iter_mut().find(|root| root.id() == context)
    }

    /// A VM outlives its plugins: when Envoy takes over a changed configuration, the one before it goes away. It goes
    /// with the next change; Kong's engine answers Ok for all, and starts anew.
    fn forget_roots_that_are_gone(&mut self, acting: u32) {
        if self.roots.len() > 1 {
            self.roots.retain(|root| root.id() == acting || hostcalls::set_effective_context(root.id()).is_ok());
            if let Err(status) = hostcalls::set_effective_context(acting) {
                log::error!("{}: back to the root context: {status}", C::NAME);
            }
        }
    }
}

#[cfg(test)]
impl<C: Chain> Dispatcher<C> {
    pub fn roots(&self) -> Vec<u32> {
        self.roots.iter().map(Root::id).collect()
    }

    pub fn streams(&self) -> (usize, usize) {
        self.streams.len()
    }
}

impl<C: Chain + 'static> Callbacks for Dispatcher<C> {
    fn create(&mut self, context: u32, parent: u32) {
        if parent == 0 {
            self.roots.retain(|root| root.id() != context);
            self.roots.push(Root::new(context));
        } else if let Some(root) = self.roots.iter().find(|root| root.id() == parent)
            && let Some(module) = root.module()
        {
            // Without a module (its configuration was refused) requests pass untouched, as the host decided when it
            // went on without one.
            self.streams.open(context, parent, module);
        }
    }

    fn configure(&mut self, root: u32, size: usize) -> bool {
        self.forget_roots_that_are_gone(root);
        self.root(root).is_some_and(|root| root.configure(size))
    }

    fn tick(&mut self, root: u32) {
        if let Some(root) = self.roots.iter_mut().find(|each| each.id() == root) {
            root.tick(&mut self.streams);
        }
    }

    fn request(&mut self, context: u32, whole: bool) -> Action {
        self.streams.start(context, whole)
    }

    fn response(&mut self, context: u32, whole: bool) -> Action {
        self.streams.respond(context, whole)
    }

    fn body(&mut self, context: u32, size: usize, last: bool) -> Action {
        if C::Filters::TAKES_BODIES { self.streams.body(context, size, last) } else { Action::Continue }
    }

    fn end(&mut self, context: u32) {
        self.streams.end(context);
    }

    fn answered(&mut self, context: u32, token: u32, ended: Ended) {
        if let Some(asker) = self.streams.take_asker(token) {
            let outcome = answers::read(ended);
            self.streams.on_behalf_of(asker, context, |stream| stream.answered(token, outcome));
        } else if let Some(root) = self.roots.iter_mut().find(|root| root.asked(token)) {
            root.answered(token, answers::read(ended), &mut self.streams);
        }
    }
}
