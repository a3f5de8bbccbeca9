//! The host side of one VM: its contexts, and what host functions see.

mod conduct;
mod context;
mod vm;

use std::collections::BTreeMap;
use std::sync::Arc;

use atomic_refcell::AtomicRefCell;
use wasmtime::{Memory, StoreLimits, TypedFunc};

use crate::callouts::Pending;
use crate::clock::Ticks;
use crate::diagnostic::{Diagnostic, Problem, Site};
use crate::record::Place;
use crate::stream::{Direction, LocalReply, StreamId};
use crate::world::World;

pub use conduct::Conduct;
pub use context::{Context, ContextKind, Received};
pub use vm::{Call, Vm};

/// Identifies a VM of a proxy; never used twice.
pub type VmId = u64;

/// What a VM is built from.
#[derive(Clone)]
pub struct VmSpec {
    pub vm_id: Arc<str>,
    pub configuration: Arc<[u8]>,
    pub environment: Arc<[(String, String)]>,
}

/// The state behind the host functions of one VM.
pub struct Host {
    pub world: Arc<AtomicRefCell<World>>,
    pub id: VmId,
    pub place: Place,
    pub spec: VmSpec,
    pub contexts: BTreeMap<u32, Context>,
    next_context: u32,
    /// The context whose callback is running; 0 between callbacks and in `_initialize`.
    pub current: u32,
    /// What `proxy_set_effective_context` chose.
    pub effective: Option<u32>,
    /// The plugin whose `proxy_on_configure` is running.
    pub configuring: Option<usize>,
    /// The exported function that is running.
    pub callback: &'static str,
    /// What the guest did in it so far.
    pub conduct: Conduct,
    /// `proxy_send_local_response` was called: whatever the callback returns, iteration stops.
    pub stop_iteration: bool,
    pub limits: StoreLimits,
    pub memory: Option<Memory>,
    pub allocate: Option<TypedFunc<u32, u32>>,
    /// What the guest asked for in the callback that is running; done when it has returned.
    pub actions: Vec<Action>,
    /// The timers of the root contexts.
    pub ticks: Ticks,
    /// Call-outs that wait for their answer.
    pub callouts: Pending,
}

/// What a guest asked for that happens after its callback has returned.
#[derive(Debug)]
pub enum Action {
    /// `proxy_continue_stream`.
    Continue { stream: StreamId, filter: usize, direction: Direction, callback: &'static str },
    /// `proxy_send_local_response`.
    Reply { stream: StreamId, filter: usize, reply: LocalReply, callback: &'static str },
    /// `proxy_close_stream`.
    Close { stream: StreamId },
}

impl Host {
    pub fn new(world: Arc<AtomicRefCell<World>>, id: VmId, place: Place, spec: VmSpec, limits: StoreLimits) -> Self {
        Host {
            world,
            id,
            place,
            spec,
            contexts: BTreeMap::new(),
            next_context: 1,
            current: 0,
            effective: None,
            configuring: None,
            callback: "",
            conduct: Conduct::default(),
            stop_iteration: false,
            limits,
            memory: None,
            allocate: None,
            actions: Vec::new(),
            ticks: Ticks::default(),
            callouts: Pending::default(),
        }
    }

    /// Creates a root context.
    pub fn add_root(&mut self, plugin: usize) -> u32 {
        let id = self.allocate_id();
        self.contexts
            .insert(id, Context { plugin, root: id, kind: ContextKind::Root { received: Received::default() } });
        id
    }

    /// Creates the context of one filter in one stream.
    pub fn add_http(&mut self, plugin: usize, root: u32, stream: u64, filter: usize) -> u32 {
        let id = self.allocate_id();
        self.contexts.insert(id, Context { plugin, root, kind: ContextKind::Http { stream, filter } });
        id
    }

    /// The context host calls act on: the effective one while it lives, else the current one.
    pub fn context(&self) -> Option<&Context> {
        self.effective.and_then(|id| self.contexts.get(&id)).or_else(|| self.contexts.get(&self.current))
    }

    /// The plugin on whose behalf the guest runs; the first of the VM while it initialises.
    pub fn plugin(&self) -> usize {
        self.context().or_else(|| self.contexts.values().next()).map_or(usize::MAX, |context| context.plugin)
    }

    /// The stream and filter of the context, if it is an HTTP context.
    pub fn http(&self) -> Option<(u64, usize)> {
        match self.context()?.kind {
            ContextKind::Http { stream, filter } => Some((stream, filter)),
            ContextKind::Root { .. } => None,
        }
    }

    /// Reports a problem of the callback that is running, and of the import it is in.
    pub fn diagnose(&self, call: Option<&'static str>, problem: Problem) {
        let mut world = self.world.borrow_mut();
        let site = Site::of(self, &world, call);
        world.diagnose(Diagnostic { site, problem });
    }

    /// Judges what the guest did in a callback that has returned.
    fn judge(&mut self, callback: &str, goes_on: bool) {
        for problem in std::mem::take(&mut self.conduct).judge(callback, goes_on) {
            self.diagnose(None, problem);
        }
    }

    /// What the root context of the running context shows of call-out answers.
    pub fn received(&self) -> Option<&Received> {
        match &self.contexts.get(&self.context()?.root)?.kind {
            ContextKind::Root { received } => Some(received),
            ContextKind::Http { .. } => None,
        }
    }

    fn allocate_id(&mut self) -> u32 {
        let id = self.next_context;
        self.next_context += 1;
        id
    }
}
