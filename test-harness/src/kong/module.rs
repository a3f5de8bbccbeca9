//! What Kong's engine demands of a module.

use wasmtime::Module;

/// Imports whose type it declares otherwise than the ABI: such modules do not link.
const MISDECLARED: &[&str] = &["proxy_get_log_level"];

/// Whether a module loads.
///
/// # Errors
/// The import that keeps it from loading.
pub fn check(module: &Module) -> Result<(), String> {
    let import = module.imports().find(|import| MISDECLARED.contains(&import.name()));
    match import {
        Some(import) => Err(format!("incompatible import type for `env::{}`", import.name())),
        None => Ok(()),
    }
}

/// Imports that link, and trap when they are called (`ngx_proxy_wasm_hfuncs_nop`).
const NOT_IMPLEMENTED: &[&str] = &[
    "proxy_grpc_call",
    "proxy_grpc_stream",
    "proxy_grpc_send",
    "proxy_grpc_cancel",
    "proxy_grpc_close",
    "proxy_get_status",
    "proxy_resolve_shared_queue",
];

/// Whether a call of an import traps.
pub fn lacks(import: &str) -> bool {
    NOT_IMPLEMENTED.contains(&import)
}
