//! One VM: an instance of a module and the calls into it.

use wasmtime::{Instance, Store, Trap, Val};

use crate::abi;
use crate::diagnostic::{Diagnostic, Problem, Site};
use crate::engine::LoadedModule;
use crate::host::{Conduct, Host};
use crate::interleave::Killed;
use crate::record::{Event, LogLevel, Outcome};

/// An instance of a module with its host state.
pub struct Vm {
    store: Store<Host>,
    instance: Option<Instance>,
    failed: bool,
}

/// How a call into a VM ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// The module does not export the function, or the VM was dead already.
    Skipped,
    /// It returned.
    Returned(Option<u32>),
    /// It trapped; the VM is dead now.
    Trapped(String),
}

impl Vm {
    /// Instantiates a module and runs its start functions.
    ///
    /// # Errors
    /// The function that failed and the engine's words.
    pub fn new(module: &LoadedModule, host: Host) -> Result<Vm, (&'static str, String)> {
        let mut vm = Vm { store: Store::new(module.instance.module().engine(), host), instance: None, failed: false };
        vm.store.limiter(|host| &mut host.limits);
        vm.refuel();
        let instance = module.instance.instantiate(&mut vm.store).map_err(|error| ("instantiation", words(&error)))?;
        vm.instance = Some(instance);
        let memory = instance.get_memory(&mut vm.store, "memory");
        let allocate = ["malloc", "proxy_on_memory_allocate"]
            .iter()
            .find_map(|name| instance.get_typed_func::<u32, u32>(&mut vm.store, name).ok());
        vm.store.data_mut().memory = memory;
        vm.store.data_mut().allocate = allocate;
        let start: &[&str] = if vm.exports("_initialize") { &["_initialize", "main"] } else { &["_start"] };
        for name in start {
            // `main` of a reactor takes (argc, argv).
            let arguments: &[u32] = if *name == "main" { &[0, 0] } else { &[] };
            if let Call::Trapped(message) = vm.enter(0, name_of(name), arguments) {
                return Err((name_of(name), message));
            }
        }
        Ok(vm)
    }

    pub fn host(&self) -> &Host {
        self.store.data()
    }

    pub fn host_mut(&mut self) -> &mut Host {
        self.store.data_mut()
    }

    /// True once a call has trapped: every later call is skipped.
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// Pages of 64 KiB that its linear memory has.
    pub fn memory_pages(&self) -> u64 {
        self.host().memory.map_or(0, |memory| memory.size(&self.store))
    }

    /// Lets the VM die without a trap; what it had asked for is not done.
    pub fn kill(&mut self) {
        self.failed = true;
        self.store.data_mut().ticks.stop();
        self.store.data_mut().actions.clear();
        let host = self.store.data();
        host.world.borrow_mut().note(format!("VM on {} killed by the test", host.place));
    }

    /// Calls an exported function with the context id first.
    pub fn call(&mut self, context: u32, callback: &'static str, arguments: &[u32]) -> Call {
        let mut all = Vec::with_capacity(arguments.len() + 1);
        all.push(context);
        all.extend_from_slice(arguments);
        self.enter(context, callback, &all)
    }

    fn exports(&mut self, name: &str) -> bool {
        self.instance.is_some_and(|instance| instance.get_func(&mut self.store, name).is_some())
    }

    fn enter(&mut self, context: u32, callback: &'static str, arguments: &[u32]) -> Call {
        debug_assert!(abi::is_callback(callback, arguments.len()), "{callback} with {} arguments", arguments.len());
        let function = self.instance.and_then(|instance| instance.get_func(&mut self.store, callback));
        let Some(function) = function.filter(|_| !self.failed) else { return Call::Skipped };
        self.begin(context, callback, arguments);
        let parameters: Vec<Val> = arguments.iter().map(|number| Val::I32(number.cast_signed())).collect();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        let before = self.refuel();
        let result = function.call(&mut self.store, &parameters, &mut results);
        let used = before.saturating_sub(self.store.get_fuel().unwrap_or(0));
        self.host().world.borrow_mut().record.fuel += used;
        let call = match result {
            Ok(()) => Call::Returned(results.first().and_then(Val::i32).map(i32::cast_unsigned)),
            Err(error) => self.fail(callback, &error),
        };
        self.end(callback, &call);
        call
    }

    fn begin(&mut self, context: u32, callback: &'static str, arguments: &[u32]) {
        let host = self.store.data_mut();
        host.current = context;
        host.effective = None;
        host.callback = callback;
        host.conduct = Conduct::default();
        host.stop_iteration = false;
        let plugin = host.plugin();
        let mut world = host.world.borrow_mut();
        let plugin = world.plugin_name(plugin);
        let arguments = arguments.iter().skip(1).copied().collect();
        world.trace(Event::Enter { place: host.place, plugin, context, callback, arguments });
    }

    fn end(&mut self, callback: &'static str, call: &Call) {
        let outcome = match call {
            Call::Skipped | Call::Returned(None) => Outcome::Nothing,
            Call::Returned(Some(value)) => Outcome::Value(*value),
            Call::Trapped(message) => Outcome::Trap(message.clone()),
        };
        let host = self.store.data_mut();
        if let Call::Returned(value) = call {
            let goes_on = value.unwrap_or(0) == 0 && !host.stop_iteration;
            host.judge(callback, goes_on);
        }
        host.current = 0;
        host.effective = None;
        host.callback = "";
        host.world.borrow_mut().trace(Event::Leave { callback, outcome });
    }

    fn fail(&mut self, callback: &'static str, error: &wasmtime::Error) -> Call {
        if let Some(killed) = error.downcast_ref::<Killed>() {
            self.kill();
            return Call::Trapped(killed.to_string());
        }
        self.failed = true;
        let out_of_fuel = error.downcast_ref::<Trap>() == Some(&Trap::OutOfFuel);
        let message = words(error);
        let host = self.store.data();
        let plugin_index = host.plugin();
        let place = host.place;
        let mut world = host.world.borrow_mut();
        let site = Site { callback: Some(callback), ..Site::of(host, &world, None) };
        let problem = if out_of_fuel {
            Problem::FuelExhausted { fuel: world.limits.fuel_per_callback }
        } else {
            Problem::Trap { message: message.clone() }
        };
        world.diagnose(Diagnostic { site, problem });
        world.log(place, plugin_index, LogLevel::Error, format!("Function: {callback} failed: {message}").into_bytes());
        Call::Trapped(message)
    }

    /// Fills the tank for one callback; returns how much is in it.
    fn refuel(&mut self) -> u64 {
        let fuel = self.store.data().world.borrow().limits.fuel_per_callback;
        self.store.set_fuel(fuel).map_or(0, |()| fuel)
    }
}

/// What happened, without the guest's stack.
fn words(error: &wasmtime::Error) -> String {
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => "endless loop: the callback used up its fuel".to_owned(),
        Some(trap) => trap.to_string(),
        None => error.root_cause().to_string(),
    }
}

/// The start functions by their static names.
fn name_of(name: &str) -> &'static str {
    match name {
        "_initialize" => "_initialize",
        "main" => "main",
        _ => "_start",
    }
}
