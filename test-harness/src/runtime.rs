//! The running proxy: its VMs per thread, calls into them, and the events of virtual time.

use std::cell::{Ref, RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::callouts::Arrival;
use crate::clock::Instant;
use crate::host::{Call, ContextKind, Vm, VmId};
use crate::lifecycle::{Build, Thread};
use crate::stream::{Direction, Progress, Stream, StreamId};
use crate::world::{Action, World};

/// Everything behind a [`Proxy`](crate::Proxy).
pub struct Runtime {
    pub world: Rc<RefCell<World>>,
    pub(crate) builds: Vec<Build>,
    pub(crate) threads: Vec<Thread>,
    pub(crate) vms: BTreeMap<VmId, Vm>,
    next_vm: VmId,
    next_stream: StreamId,
}

impl Runtime {
    pub fn new(world: World, builds: Vec<Build>) -> Self {
        Runtime {
            world: Rc::new(RefCell::new(world)),
            builds,
            threads: Vec::new(),
            vms: BTreeMap::new(),
            next_vm: 0,
            next_stream: 1,
        }
    }

    pub(crate) fn next_vm_id(&mut self) -> VmId {
        self.next_vm += 1;
        self.next_vm
    }

    pub(crate) fn next_stream_id(&mut self) -> StreamId {
        let id = self.next_stream;
        self.next_stream += 1;
        id
    }

    /// Calls into a VM and does what the guest asked for.
    pub(crate) fn call(&mut self, vm: VmId, context: u32, callback: &'static str, arguments: &[u32]) -> Call {
        let call = self.enter(vm, context, callback, arguments);
        self.run_actions();
        call
    }

    /// Calls into a VM; what the guest asked for is left for [`run_actions`](Self::run_actions).
    pub(crate) fn enter(&mut self, vm: VmId, context: u32, callback: &'static str, arguments: &[u32]) -> Call {
        let Some(instance) = self.vms.get_mut(&vm) else { return Call::Skipped };
        let call = instance.call(context, callback, arguments);
        if let Call::Trapped(_) = call {
            self.world.borrow_mut().ticks.stop(vm);
        }
        call
    }

    /// Does what a guest asked for in the callback that has just returned.
    pub(crate) fn run_actions(&mut self) {
        let actions = std::mem::take(&mut self.world.borrow_mut().actions);
        for action in actions {
            match action {
                Action::Continue { stream, filter, direction } => self.resume(stream, filter, direction),
                Action::Reply { stream, filter, reply } => self.filter_reply(stream, filter, reply),
                Action::Close { stream } => self.reset_stream(stream),
                Action::QueueReady { vm, root, token } => {
                    self.call(vm, root, "proxy_on_queue_ready", &[token]);
                }
            }
        }
    }

    /// When the next timer fires or call-out answer arrives.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let world = self.world.borrow();
        [world.callouts.next_due(), world.ticks.next_due()].into_iter().flatten().min()
    }

    /// Fires one event that is due; false: there is none.
    pub(crate) fn fire_due(&mut self) -> bool {
        let now = self.world.borrow().clock.now();
        let arrival = self.world.borrow_mut().callouts.take_due(now);
        if let Some(arrival) = arrival {
            self.deliver(arrival);
            return true;
        }
        let tick = self.world.borrow_mut().ticks.take_due(now);
        if let Some((vm, root)) = tick {
            self.call(vm, root, "proxy_on_tick", &[]);
        }
        tick.is_some()
    }

    /// Fires everything until an instant, in order of time.
    pub(crate) fn run_until(&mut self, instant: Instant) {
        while let Some(due) = self.next_due().filter(|due| *due <= instant) {
            self.world.borrow_mut().clock.move_to(due);
            self.fire_due();
        }
        self.world.borrow_mut().clock.move_to(instant);
    }

    fn deliver(&mut self, arrival: Arrival) {
        let Arrival { vm, root, token, message } = arrival;
        let size = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let arguments = message.as_ref().map_or([token, 0, 0, 0], |message| {
            let trailers = message.trailers.as_ref().map_or(0, |map| map.len());
            [token, size(message.headers.len()), size(message.body.len()), size(trailers)]
        });
        self.set_answer(vm, root, message);
        self.call(vm, root, "proxy_on_http_call_response", &arguments);
        self.set_answer(vm, root, None);
    }

    fn set_answer(&mut self, vm: VmId, root: u32, message: Option<crate::callouts::Message>) {
        let context = self.vms.get_mut(&vm).and_then(|vm| vm.host_mut().contexts.get_mut(&root));
        if let Some(ContextKind::Root { answer }) = context.map(|context| &mut context.kind) {
            *answer = message;
        }
    }

    pub(crate) fn vm_failed(&self, vm: VmId) -> bool {
        self.vms.get(&vm).is_none_or(Vm::failed)
    }

    pub(crate) fn iteration_stopped(&self, vm: VmId) -> bool {
        self.vms.get(&vm).is_some_and(|vm| vm.host().stop_iteration)
    }

    pub(crate) fn root_of(&self, vm: VmId, context: u32) -> u32 {
        self.vms.get(&vm).and_then(|vm| vm.host().contexts.get(&context)).map_or(0, |context| context.root)
    }

    pub(crate) fn forget_context(&mut self, vm: VmId, context: u32) {
        if let Some(vm) = self.vms.get_mut(&vm) {
            vm.host_mut().contexts.remove(&context);
        }
    }

    pub(crate) fn stream(&self, id: StreamId) -> Option<Ref<'_, Stream>> {
        Ref::filter_map(self.world.borrow(), |world| world.streams.get(&id)).ok()
    }

    pub(crate) fn stream_mut(&self, id: StreamId) -> Option<RefMut<'_, Stream>> {
        RefMut::filter_map(self.world.borrow_mut(), |world| world.streams.get_mut(&id)).ok()
    }

    pub(crate) fn filter_count(&self, id: StreamId) -> usize {
        self.stream(id).map_or(0, |stream| stream.filters.len())
    }

    pub(crate) fn filter_name(&self, id: StreamId, filter: usize) -> Rc<str> {
        self.stream(id).map_or_else(|| "".into(), |stream| Rc::clone(&stream.filters[filter].name))
    }

    pub(crate) fn with_progress(
        &self,
        id: StreamId,
        filter: usize,
        direction: Direction,
        change: impl FnOnce(&mut Progress),
    ) {
        if let Some(mut stream) = self.stream_mut(id) {
            change(stream.filters[filter].progress_mut(direction));
        }
    }
}
