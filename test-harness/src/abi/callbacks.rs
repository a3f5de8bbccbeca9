//! The functions a module may export for the host to call: one table, in the order of the
//! specification. ABI 0.2.0 has the same ones with the same types.

use wasmtime::{ExternType, Module, ValType};

/// One callback. All its parameters, and its result, are `i32`.
pub struct Callback {
    pub name: &'static str,
    pub parameters: usize,
    pub returns: bool,
    pub part: Part,
}

/// What a callback belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Starting, memory, contexts, configuration, timers, calls, queues: every plugin.
    Any,
    /// TCP streams, which the harness does not have.
    Tcp,
    /// HTTP streams.
    Http,
}

macro_rules! table {
    ($($part:ident { $($name:ident($parameters:literal) $(-> $result:ident)?),* $(,)? })*) => {
        &[$($(Callback {
            name: stringify!($name),
            parameters: $parameters,
            returns: table!(@returns $($result)?),
            part: Part::$part,
        }),*),*]
    };
    (@returns) => { false };
    (@returns $result:ident) => { true };
}

/// Every callback, in the order of the specification.
pub const CALLBACKS: &[Callback] = table! {
    Any {
        _initialize(0),
        main(2) -> i32,
        _start(0),
        proxy_on_memory_allocate(1) -> i32,
        malloc(1) -> i32,
        proxy_on_context_create(2),
        proxy_on_done(1) -> i32,
        proxy_on_log(1),
        proxy_on_delete(1),
        proxy_on_vm_start(2) -> i32,
        proxy_on_configure(2) -> i32,
        proxy_on_tick(1),
    }
    Tcp {
        proxy_on_new_connection(1) -> i32,
        proxy_on_downstream_data(3) -> i32,
        proxy_on_downstream_connection_close(2),
        proxy_on_upstream_data(3) -> i32,
        proxy_on_upstream_connection_close(2),
    }
    Http {
        proxy_on_request_headers(3) -> i32,
        proxy_on_request_body(3) -> i32,
        proxy_on_request_trailers(2) -> i32,
        proxy_on_response_headers(3) -> i32,
        proxy_on_response_body(3) -> i32,
        proxy_on_response_trailers(2) -> i32,
    }
    Any {
        proxy_on_http_call_response(5),
        proxy_on_grpc_receive_initial_metadata(3),
        proxy_on_grpc_receive(3),
        proxy_on_grpc_receive_trailing_metadata(3),
        proxy_on_grpc_close(3),
        proxy_on_queue_ready(2),
        proxy_on_foreign_function(3),
    }
};

/// Whether the table has a callback of this name and number of parameters.
pub fn is_callback(name: &str, parameters: usize) -> bool {
    CALLBACKS.iter().any(|callback| callback.name == name && callback.parameters == parameters)
}

/// Whether a host can call this module: as Envoy looks at it when it loads one.
///
/// # Errors
/// The export that is missing or of another type, expected against found.
pub fn check_exports(module: &Module) -> Result<(), String> {
    match module.get_export("memory") {
        Some(ExternType::Memory(_)) => {}
        Some(other) => return Err(format!("export memory: expected a memory, found {}", describe(&other))),
        None => return Err("export memory: expected a memory, found nothing".to_owned()),
    }
    // Whoever has `_initialize` is no command: its `_start` is never called, and `main` is only then.
    let reactor = module.get_export("_initialize").is_some();
    let unused = if reactor { "_start" } else { "main" };
    for callback in CALLBACKS.iter().filter(|callback| callback.name != unused) {
        match module.get_export(callback.name) {
            Some(found) if !callback.fits(&found) => {
                let Callback { name, .. } = callback;
                return Err(format!("export {name}: expected {}, found {}", callback.describe(), describe(&found)));
            }
            _ => {}
        }
    }
    if ["malloc", "proxy_on_memory_allocate"].iter().all(|name| module.get_export(name).is_none()) {
        return Err("no allocator: expected an export proxy_on_memory_allocate, or malloc".to_owned());
    }
    check_kind(module)
}

/// A TCP filter among HTTP filters would be loaded, and never called.
fn check_kind(module: &Module) -> Result<(), String> {
    let exported = |part: Part| {
        let of_part = CALLBACKS.iter().filter(move |callback| callback.part == part);
        of_part.map(|callback| callback.name).filter(|name| module.get_export(name).is_some())
    };
    let tcp: Vec<&str> = exported(Part::Tcp).collect();
    if tcp.is_empty() || exported(Part::Http).next().is_some() {
        return Ok(());
    }
    Err(format!("a TCP filter ({}): only HTTP filters are run", tcp.join(", ")))
}

impl Callback {
    fn fits(&self, found: &ExternType) -> bool {
        let ExternType::Func(function) = found else { return false };
        let is_i32 = |value: ValType| matches!(value, ValType::I32);
        function.params().len() == self.parameters
            && function.results().len() == usize::from(self.returns)
            && function.params().chain(function.results()).all(is_i32)
    }

    fn describe(&self) -> String {
        let parameters = vec!["i32"; self.parameters].join(", ");
        format!("a function ({parameters}){}", if self.returns { " -> i32" } else { "" })
    }
}

fn describe(found: &ExternType) -> String {
    let join = |values: Vec<String>| values.join(", ");
    match found {
        ExternType::Func(function) => {
            let parameters = join(function.params().map(|value| value.to_string()).collect());
            let results = join(function.results().map(|value| value.to_string()).collect());
            let arrow = if results.is_empty() { "" } else { " -> " };
            format!("a function ({parameters}){arrow}{results}")
        }
        ExternType::Global(_) => "a global".to_owned(),
        ExternType::Table(_) => "a table".to_owned(),
        ExternType::Memory(_) => "a memory".to_owned(),
        _ => "something else".to_owned(),
    }
}
