//! One thread of the proxy, the main thread or a worker: its VMs, calls into them, and the events of
//! virtual time that belong to them. Threads share nothing but the [`World`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use atomic_refcell::{AtomicRef, AtomicRefCell, AtomicRefMut};

use crate::clock::Instant;
use crate::diagnostic::{Diagnostic, Problem, Site};
use crate::host::{Action, Call, Vm, VmId};
use crate::lifecycle::{Build, Handle};
use crate::profile::Profile;
use crate::queues::QueueReady;
use crate::record::{GuestMemory, Place};
use crate::stream::{Direction, Progress, Stream, StreamId};
use crate::world::World;

/// More queue notifications than this at one instant never end.
const MOST_NOTIFICATIONS: u32 = 10_000;

/// The main thread, a worker, or the short-lived thread of a canary.
pub struct Thread {
    pub profile: Profile,
    pub place: Place,
    pub world: Arc<AtomicRefCell<World>>,
    pub(crate) builds: Arc<[Build]>,
    /// One per plugin.
    pub(crate) handles: Vec<Handle>,
    pub(crate) vms: BTreeMap<VmId, Vm>,
}

impl Thread {
    pub fn new(place: Place, world: &Arc<AtomicRefCell<World>>, builds: &Arc<[Build]>) -> Self {
        Thread {
            profile: world.borrow().profile,
            place,
            world: Arc::clone(world),
            builds: Arc::clone(builds),
            handles: Vec::new(),
            vms: BTreeMap::new(),
        }
    }

    /// Calls into a VM and does what the guest asked for.
    pub(crate) fn call(&mut self, vm: VmId, context: u32, callback: &'static str, arguments: &[u32]) -> Call {
        let call = self.enter(vm, context, callback, arguments);
        self.run_actions(vm);
        call
    }

    /// Calls into a VM; what the guest asked for is left for [`run_actions`](Self::run_actions).
    pub(crate) fn enter(&mut self, vm: VmId, context: u32, callback: &'static str, arguments: &[u32]) -> Call {
        if self.world.borrow_mut().faults.kills(self.place, callback) {
            self.kill();
        }
        let Some(instance) = self.vms.get_mut(&vm) else { return Call::Skipped };
        let call = instance.call(context, callback, arguments);
        if let Call::Trapped(_) = call {
            instance.host_mut().ticks.stop();
        }
        call
    }

    /// Does what a guest asked for in the callback that has just returned.
    pub(crate) fn run_actions(&mut self, vm: VmId) {
        let Some(instance) = self.vms.get_mut(&vm) else { return };
        for action in std::mem::take(&mut instance.host_mut().actions) {
            match action {
                Action::Continue { stream, filter, direction, callback } => {
                    self.resume_paused(stream, filter, direction, callback);
                }
                Action::Reply { stream, filter, reply, callback } => {
                    self.forget_callouts(stream, filter);
                    self.filter_reply(stream, filter, reply, callback);
                }
                Action::Close { stream } => self.close_by_filter(stream),
            }
        }
    }

    /// In Kong's engine a reply cancels the call-outs its filter waits for.
    fn forget_callouts(&mut self, stream: StreamId, filter: usize) {
        let instance = self.stream(stream).and_then(|stream| stream.filters[filter].instance);
        if let Some((vm, context)) = instance
            && let Some(vm) = self.vms.get_mut(&vm)
        {
            vm.host_mut().callouts.forget(context);
        }
    }

    /// When the next timer fires or call-out answer arrives.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let of_vm = |vm: &Vm| [vm.host().callouts.next_due(), vm.host().ticks.next_due()].into_iter().flatten().min();
        self.vms.values().filter_map(of_vm).min()
    }

    /// Fires one event that is due; false: there is none.
    pub(crate) fn fire_due(&mut self) -> bool {
        self.notify_queue() || self.deliver_due() || self.tick_due()
    }

    /// Whether [`fire_due`](Self::fire_due) has something to fire.
    pub(crate) fn has_due(&self) -> bool {
        let world = self.world.borrow();
        let posted = world.posted.iter().any(|ready| self.vms.contains_key(&ready.vm));
        posted || self.next_due().is_some_and(|due| due <= world.clock.now())
    }

    /// Calls `proxy_on_tick` of every plugin, whatever the timers say.
    pub(crate) fn tick_all(&mut self) {
        let mut roots: Vec<(VmId, u32)> = self.handles.iter().map(Handle::root).collect();
        let mut seen = BTreeSet::new();
        roots.retain(|root| seen.insert(*root));
        for (vm, root) in roots {
            if !self.world.borrow_mut().faults.drops_tick() {
                self.call(vm, root, "proxy_on_tick", &[]);
            }
        }
    }

    /// Lets all VMs die between two callbacks.
    pub(crate) fn kill(&mut self) {
        for vm in self.vms.values_mut() {
            vm.kill();
        }
    }

    fn notify_queue(&mut self) -> bool {
        let mut world = self.world.borrow_mut();
        let Some(at) = world.posted.iter().position(|ready| self.vms.contains_key(&ready.vm)) else { return false };
        let ready = world.posted.remove(at);
        let now = world.clock.now();
        let count = if world.notified.0 == now { world.notified.1 + 1 } else { 1 };
        world.notified = (now, count);
        if count > MOST_NOTIFICATIONS {
            world.posted.clear();
            drop(world);
            self.diagnose_at(None, Problem::EndlessQueue);
            return true;
        }
        drop(world);
        if let Some(QueueReady { vm, root, token }) = ready {
            self.call(vm, root, "proxy_on_queue_ready", &[token]);
        }
        true
    }

    fn deliver_due(&mut self) -> bool {
        let now = self.world.borrow().clock.now();
        let first = |(&id, vm): (&VmId, &Vm)| vm.host().callouts.next_due().map(|due| (due, id));
        let Some((_, vm)) = self.vms.iter().filter_map(first).min() else { return false };
        let arrival = self.vms.get_mut(&vm).and_then(|vm| vm.host_mut().callouts.take_due(now));
        let Some(arrival) = arrival else { return false };
        self.deliver(vm, arrival);
        self.rebuild_trapped();
        true
    }

    fn tick_due(&mut self) -> bool {
        let now = self.world.borrow().clock.now();
        let first = |(&id, vm): (&VmId, &Vm)| vm.host().ticks.next_due().map(|due| (due, id));
        let Some((_, vm)) = self.vms.iter().filter_map(first).min() else { return false };
        let root = self.vms.get_mut(&vm).and_then(|vm| vm.host_mut().ticks.take_due(now));
        let Some(root) = root else { return false };
        if !self.world.borrow_mut().faults.drops_tick() {
            self.call(vm, root, "proxy_on_tick", &[]);
            self.rebuild_trapped();
        }
        true
    }

    /// Reports a problem that a guest made at a site, or the proxy itself met.
    pub(crate) fn diagnose_at(&self, site: Option<Site>, problem: Problem) {
        let site = site.unwrap_or(Site::proxy(self.place));
        self.world.borrow_mut().diagnose(Diagnostic { site, problem });
    }

    /// Reports a problem of a filter in a stream, made in a callback.
    pub(crate) fn diagnose_filter(
        &self,
        id: StreamId,
        filter: usize,
        callback: Option<&'static str>,
        problem: Problem,
    ) {
        let site = Site { plugin: Some(self.filter_name(id, filter)), callback, ..Site::proxy(self.place) };
        self.world.borrow_mut().diagnose(Diagnostic { site, problem });
    }

    /// The linear memory of each VM.
    pub(crate) fn guest_memory(&self) -> impl Iterator<Item = GuestMemory> {
        self.vms.values().map(|vm| {
            let plugin = self.world.borrow().plugin_name(vm.host().plugin());
            GuestMemory { place: self.place, plugin, pages: vm.memory_pages() }
        })
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
            // Envoy's answers wait for the root, Kong's go with the stream.
            vm.host_mut().callouts.forget(context);
        }
    }

    pub(crate) fn stream(&self, id: StreamId) -> Option<AtomicRef<'_, Stream>> {
        AtomicRef::filter_map(self.world.borrow(), |world| world.streams.get(&id))
    }

    pub(crate) fn stream_mut(&self, id: StreamId) -> Option<AtomicRefMut<'_, Stream>> {
        AtomicRefMut::filter_map(self.world.borrow_mut(), |world| world.streams.get_mut(&id))
    }

    pub(crate) fn filter_count(&self, id: StreamId) -> usize {
        self.stream(id).map_or(0, |stream| stream.filters.len())
    }

    pub(crate) fn filter_name(&self, id: StreamId, filter: usize) -> Arc<str> {
        self.stream(id).map_or_else(|| "".into(), |stream| Arc::clone(&stream.filters[filter].name))
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
