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
