//! The WebAssembly engine and its cache of compiled modules.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use wasmtime::{Config, Engine, InstancePre, Linker, Module, OptLevel};

use crate::abi;
use crate::host::Host;

/// The one engine of the process: modules compiled for it are shared by all proxies.
fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let mut config = Config::new();
        config.consume_fuel(true);
        // A scenario executes a module for microseconds; compiling it is what takes time.
        config.cranelift_opt_level(OptLevel::None);
        config.max_wasm_stack(512 << 10);
        // What is not in WebAssembly 2.0 is not in every proxy.
        config.wasm_multi_memory(false).wasm_memory64(false).wasm_relaxed_simd(false).wasm_tail_call(false);
        Engine::new(&config).expect("wasmtime supports this platform")
    })
}

/// A compiled module, linked against the host functions.
#[derive(Clone)]
pub struct LoadedModule {
    pub instance: InstancePre<Host>,
}

impl LoadedModule {
    /// Compiles and links a module, or finds it in the cache.
    ///
    /// # Errors
    /// The bytes are no module, the ABI version is missing or unknown, an export is not what the ABI
    /// says, or an import is not offered.
    pub fn load(wasm: &Arc<[u8]>) -> Result<LoadedModule, String> {
        static CACHE: OnceLock<Mutex<HashMap<Arc<[u8]>, LoadedModule>>> = OnceLock::new();
        let cache = CACHE.get_or_init(Mutex::default);
        let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = cache.get(wasm) {
            return Ok(loaded.clone());
        }
        let module = Module::new(engine(), wasm).map_err(|error| format!("{error:#}"))?;
        check_abi_version(&module)?;
        abi::check_exports(&module)?;
        let instance = linker().instantiate_pre(&module).map_err(|error| format!("{error:#}"))?;
        let loaded = LoadedModule { instance };
        cache.insert(Arc::clone(wasm), loaded.clone());
        Ok(loaded)
    }
}

fn linker() -> &'static Linker<Host> {
    static LINKER: OnceLock<Linker<Host>> = OnceLock::new();
    LINKER.get_or_init(|| abi::linker(engine()))
}

/// The versions whose imports and callbacks the harness knows. Envoy refuses 0.2.100, a vendor's
/// name for 0.2.0.
const ABI_VERSIONS: &[&str] = &["proxy_abi_version_0_2_1", "proxy_abi_version_0_2_0", "proxy_abi_version_0_2_100"];

fn check_abi_version(module: &Module) -> Result<(), String> {
    if ABI_VERSIONS.iter().any(|version| module.get_export(version).is_some()) {
        return Ok(());
    }
    let found =
        module.exports().map(|export| export.name().to_owned()).find(|name| name.starts_with("proxy_abi_version_"));
    let found = found.unwrap_or_else(|| "none".to_owned());
    Err(format!(
        "missing or unknown Proxy-Wasm ABI version: expected an export proxy_abi_version_0_2_0 or _0_2_1, found {found}"
    ))
}
