//! What Kong's engine does otherwise than Envoy, a file per chapter. Source: Kong/ngx_wasm_module at
//! its last commit, whose functions and files the comments name, and measurements of it.

pub mod buffers;
pub mod callouts;
pub mod configure;
pub mod headers;
pub mod module;
pub mod properties;
pub mod reply;
pub mod shm_kv;
pub mod timers;
pub mod upstream;
