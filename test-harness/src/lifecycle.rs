//! From modules to running plugins: trying out, starting and reloading them on a thread.

use std::sync::Arc;

use wasmtime::StoreLimitsBuilder;

use crate::clock::Instant;
use crate::engine::LoadedModule;
use crate::host::{Call, Host, Vm, VmId, VmSpec};
use crate::kong;
use crate::profile::Profile;
use crate::spec::{FailurePolicy, PluginSpec};
use crate::start::StartFailure;
use crate::stream::{Filter, StreamId};
use crate::thread::Thread;

/// A plugin ready to be instantiated.
pub struct Build {
    pub name: Arc<str>,
    module: LoadedModule,
    vm: VmSpec,
    policy: FailurePolicy,
    /// Plugins of one group share a VM on each thread: equal `vm_id`, VM configuration and module.
    group: usize,
    /// The first plugin that is equal to this one: both are one root context.
    twin: usize,
}

/// A plugin on a thread.
#[derive(Clone, Copy, Debug)]
pub struct Handle {
    vm: VmId,
    root: u32,
    loaded: Instant,
    /// The configuration failed after a trap: this thread never serves the plugin again.
    dead: bool,
}

/// Why a plugin is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Start,
    /// Its instance has trapped, in Kong's engine.
    Trap,
}

impl Handle {
    /// The VM and the root context.
    pub fn root(&self) -> (VmId, u32) {
        (self.vm, self.root)
    }
}

/// How long a failed VM stays dead under [`FailurePolicy::FailReload`], in nanoseconds: the lower
/// bound of Envoy's default backoff (1 s and a jitter of up to half of it), counted from when the
/// VM was loaded.
const RELOAD_BACKOFF: Instant = 1_000_000_000;

impl Build {
    /// Compiles a plugin's module and finds out with whom it shares.
    ///
    /// # Errors
    /// The module does not compile or link.
    pub fn new(profile: Profile, spec: &PluginSpec, earlier: &[(PluginSpec, usize)]) -> Result<Build, StartFailure> {
        let shares = |other: &PluginSpec| match profile {
            Profile::Envoy => {
                other.vm_id == spec.vm_id && other.vm_configuration == spec.vm_configuration && other.wasm == spec.wasm
            }
            Profile::Kong => other.wasm == spec.wasm,
        };
        let group = earlier.iter().find(|(other, _)| shares(other)).map_or(earlier.len(), |(_, group)| *group);
        let equal = |other: &PluginSpec| {
            profile == Profile::Envoy
                && shares(other)
                && other.root_id == spec.root_id
                && other.configuration == spec.configuration
        };
        let twin = earlier.iter().position(|(other, _)| equal(other)).unwrap_or(earlier.len());
        let module = LoadedModule::load(&spec.wasm).map_err(StartFailure::Load)?;
        if profile == Profile::Kong {
            kong::module::check(module.instance.module()).map_err(StartFailure::Load)?;
        }
        Ok(Build {
            name: spec.name.as_str().into(),
            module,
            vm: VmSpec {
                vm_id: spec.vm_id.as_str().into(),
                configuration: spec.vm_configuration.as_slice().into(),
                environment: match profile {
                    Profile::Envoy => spec.environment.as_slice().into(),
                    // Its WASI names no variable (`ngx_wasi_hfuncs_environ_sizes_get`).
                    Profile::Kong => Arc::default(),
                },
            },
            policy: match profile {
                Profile::Envoy => spec.failure_policy,
                // It has no such setting.
                Profile::Kong => FailurePolicy::FailClosed,
            },
            group,
            twin,
        })
    }

    pub fn group(&self) -> usize {
        self.group
    }
}

impl Thread {
    /// Builds, starts and configures every plugin.
    ///
    /// # Errors
    /// The plugin that failed, and how.
    pub fn start(&mut self) -> Result<(), (usize, StartFailure)> {
        for plugin in 0..self.builds.len() {
            let handle = self.load(plugin, Cause::Start).map_err(|failure| (plugin, failure))?;
            self.handles.push(handle);
        }
        Ok(())
    }

    /// Tries a plugin's configuration in a VM of its own.
    ///
    /// # Errors
    /// How it failed.
    pub fn try_out(&mut self, plugin: usize) -> Result<(), StartFailure> {
        let vm = self.new_vm(plugin)?;
        self.start_plugin(vm, plugin, Cause::Start).map(drop)
    }

    /// The filters of a new stream, one per plugin.
    pub(crate) fn create_filters(&mut self, stream: StreamId) -> Vec<Filter> {
        (0..self.builds.len())
            .map(|plugin| {
                self.reload_if_due(plugin);
                let Handle { vm, root, dead, .. } = self.handles[plugin];
                let alive = !dead && !self.vm_failed(vm);
                let context = self
                    .vms
                    .get_mut(&vm)
                    .filter(|_| alive)
                    .map(|instance| (vm, instance.host_mut().add_http(plugin, root, stream, plugin)));
                Filter::new(&self.builds[plugin].name, context, self.builds[plugin].policy)
            })
            .collect()
    }

    /// Rebuilds a failed VM when its policy allows it and the backoff has passed.
    fn reload_if_due(&mut self, plugin: usize) {
        let handle = self.handles[plugin];
        let now = self.world.borrow().clock.now();
        if !self.vm_failed(handle.vm)
            || self.builds[plugin].policy != FailurePolicy::FailReload
            || now.saturating_sub(handle.loaded) < RELOAD_BACKOFF
        {
            return;
        }
        self.handles[plugin].loaded = now;
        if let Ok(handle) = self.load(plugin, Cause::Start) {
            self.handles[plugin] = handle;
        }
    }

    /// Kong's engine builds an instance that has trapped anew at once, and configures its plugins again;
    /// `proxy_on_vm_start` is not called (`ngx_proxy_wasm_create_context`).
    pub(crate) fn rebuild_trapped(&mut self) {
        if self.profile != Profile::Kong {
            return;
        }
        for plugin in 0..self.handles.len() {
            if self.handles[plugin].dead || !self.vm_failed(self.handles[plugin].vm) {
                continue;
            }
            match self.load(plugin, Cause::Trap) {
                Ok(handle) => self.handles[plugin] = handle,
                Err(_) => self.handles[plugin].dead = true,
            }
        }
    }

    /// A plugin: in a VM of its group that is there and alive, else in a new one.
    fn load(&mut self, plugin: usize, cause: Cause) -> Result<Handle, StartFailure> {
        let loaded = self.world.borrow().clock.now();
        let (group, twin) = (self.builds[plugin].group, self.builds[plugin].twin);
        let alive = |handle: &Handle| !self.vm_failed(handle.vm);
        if let Some(handle) = self.handles.get(twin).filter(|handle| twin != plugin && alive(handle)) {
            return Ok(Handle { loaded, ..*handle });
        }
        let shared = self
            .handles
            .iter()
            .enumerate()
            .find(|(other, handle)| self.builds[*other].group == group && alive(handle))
            .map(|(_, handle)| handle.vm);
        let vm = match shared {
            Some(vm) => vm,
            None => self.new_vm(plugin)?,
        };
        let root = self.start_plugin(vm, plugin, cause)?;
        Ok(Handle { vm, root, loaded, dead: false })
    }

    fn new_vm(&mut self, plugin: usize) -> Result<VmId, StartFailure> {
        let id = self.world.borrow_mut().next_vm_id();
        let limit = self.world.borrow().limits.memory_bytes;
        let limits = StoreLimitsBuilder::new().memory_size(limit).table_elements(1 << 20).build();
        let build = &self.builds[plugin];
        let host = Host::new(Arc::clone(&self.world), id, self.place, build.vm.clone(), limits);
        let vm =
            Vm::new(&build.module, host).map_err(|(callback, message)| StartFailure::Trap { callback, message })?;
        self.vms.insert(id, vm);
        Ok(id)
    }

    /// Creates the root context and runs `proxy_on_vm_start` and `proxy_on_configure`.
    fn start_plugin(&mut self, vm: VmId, plugin: usize, cause: Cause) -> Result<u32, StartFailure> {
        let vm_configuration = self.builds[plugin].vm.configuration.len();
        let configuration = self.world.borrow().plugins[plugin].configuration.len();
        let size = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let root = self.vms.get_mut(&vm).map_or(0, |vm| vm.host_mut().add_root(plugin));
        self.must_return(vm, root, "proxy_on_context_create", 0)?;
        if cause == Cause::Start && self.must_return(vm, root, "proxy_on_vm_start", size(vm_configuration))? == Some(0)
        {
            return Err(StartFailure::VmStartRefused);
        }
        self.set_configuring(vm, Some(plugin));
        let configured = self.must_return(vm, root, "proxy_on_configure", size(configuration));
        self.set_configuring(vm, None);
        if configured? == Some(0) {
            return Err(StartFailure::ConfigurationRefused);
        }
        Ok(root)
    }

    fn must_return(
        &mut self,
        vm: VmId,
        root: u32,
        callback: &'static str,
        argument: u32,
    ) -> Result<Option<u32>, StartFailure> {
        match self.call(vm, root, callback, &[argument]) {
            Call::Skipped => Ok(None),
            Call::Returned(value) => Ok(value),
            Call::Trapped(message) => Err(StartFailure::Trap { callback, message }),
        }
    }

    fn set_configuring(&mut self, vm: VmId, plugin: Option<usize>) {
        if let Some(vm) = self.vms.get_mut(&vm) {
            vm.host_mut().configuring = plugin;
        }
    }
}

impl Filter {
    fn new(name: &Arc<str>, instance: Option<(VmId, u32)>, policy: FailurePolicy) -> Self {
        Filter {
            name: Arc::clone(name),
            instance,
            bypassed: instance.is_none() && policy == FailurePolicy::FailOpen,
            created: false,
            failed_reply: false,
            request: Default::default(),
            response: Default::default(),
            logging: false,
            paused_in: "",
        }
    }
}
