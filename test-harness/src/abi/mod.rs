//! The ABI: one table of host functions in the order of the specification, one file per chapter.
//!
//! Source: Proxy-Wasm ABI v0.2.1, <https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1>,
//! and its "Imports" chapters. Behaviour where the text is silent: proxy-wasm-cpp-host and Envoy 1.40.

mod buffers;
mod call;
mod callbacks;
mod callouts;
mod contexts;
mod foreign;
mod grpc;
mod headers;
mod logging;
mod metrics;
mod pairs;
mod properties;
mod queues;
mod shared_data;
mod streams;
mod timers;
mod wasi;

use wasmtime::{Engine, Linker};

use crate::host::Host;

pub use call::{HostCall, Refusal};
pub use callbacks::{CALLBACKS, check_exports, is_callback};
pub use pairs::encode as encode_pairs;

/// One host function.
pub struct HostFunction {
    /// The import module.
    pub module: &'static str,
    /// The import name.
    pub name: &'static str,
    register: fn(&mut Linker<Host>) -> wasmtime::Result<()>,
}

macro_rules! table {
    ($($module:ident { $($name:ident => $function:path),* $(,)? })*) => {
        &[$($(HostFunction {
            module: stringify!($module),
            name: stringify!($name),
            register: |linker| linker.func_wrap(stringify!($module), stringify!($name), $function).map(drop),
        }),*),*]
    };
}

/// Every function a module may import, in the order of the specification.
pub const HOST_FUNCTIONS: &[HostFunction] = table! {
    env {
        proxy_set_effective_context => contexts::set_effective_context,
        proxy_done => contexts::done,
        proxy_log => logging::log,
        proxy_get_log_level => logging::get_log_level,
        proxy_get_current_time_nanoseconds => timers::get_current_time_nanoseconds,
        proxy_set_tick_period_milliseconds => timers::set_tick_period_milliseconds,
        proxy_get_buffer_bytes => buffers::get_buffer_bytes,
        proxy_get_buffer_status => buffers::get_buffer_status,
        proxy_set_buffer_bytes => buffers::set_buffer_bytes,
        proxy_get_header_map_pairs => headers::get_header_map_pairs,
        proxy_get_header_map_size => headers::get_header_map_size,
        proxy_set_header_map_pairs => headers::set_header_map_pairs,
        proxy_get_header_map_value => headers::get_header_map_value,
        proxy_add_header_map_value => headers::add_header_map_value,
        proxy_replace_header_map_value => headers::replace_header_map_value,
        proxy_remove_header_map_value => headers::remove_header_map_value,
        proxy_continue_stream => streams::continue_stream,
        proxy_close_stream => streams::close_stream,
        proxy_get_status => streams::get_status,
        proxy_send_local_response => streams::send_local_response,
        proxy_http_call => callouts::http_call,
        proxy_grpc_call => grpc::grpc_call,
        proxy_grpc_stream => grpc::grpc_stream,
        proxy_grpc_send => grpc::grpc_send,
        proxy_grpc_cancel => grpc::grpc_cancel,
        proxy_grpc_close => grpc::grpc_close,
        proxy_set_shared_data => shared_data::set_shared_data,
        proxy_get_shared_data => shared_data::get_shared_data,
        proxy_register_shared_queue => queues::register_shared_queue,
        proxy_resolve_shared_queue => queues::resolve_shared_queue,
        proxy_enqueue_shared_queue => queues::enqueue_shared_queue,
        proxy_dequeue_shared_queue => queues::dequeue_shared_queue,
        proxy_define_metric => metrics::define_metric,
        proxy_record_metric => metrics::record_metric,
        proxy_increment_metric => metrics::increment_metric,
        proxy_get_metric => metrics::get_metric,
        proxy_set_property => properties::set_property,
        proxy_get_property => properties::get_property,
        proxy_call_foreign_function => foreign::call_foreign_function,
    }
    wasi_snapshot_preview1 {
        args_sizes_get => wasi::args_sizes_get,
        args_get => wasi::args_get,
        environ_sizes_get => wasi::environ_sizes_get,
        environ_get => wasi::environ_get,
        clock_time_get => wasi::clock_time_get,
        random_get => wasi::random_get,
        fd_write => wasi::fd_write,
        fd_read => wasi::fd_read,
        fd_seek => wasi::fd_seek,
        fd_close => wasi::fd_close,
        fd_fdstat_get => wasi::fd_fdstat_get,
        sched_yield => wasi::sched_yield,
        proc_exit => wasi::proc_exit,
    }
};

/// Whether a module may import a function of this name.
pub fn offers(name: &str) -> bool {
    HOST_FUNCTIONS.iter().any(|function| function.name == name)
}

/// A linker that offers the whole table.
pub fn linker(engine: &Engine) -> Linker<Host> {
    let mut linker = Linker::new(engine);
    for function in HOST_FUNCTIONS {
        (function.register)(&mut linker).expect("every name of the table is registered once");
    }
    linker
}

#[cfg(test)]
mod callback_tests;
#[cfg(test)]
mod pointer_tests;
#[cfg(test)]
mod tests;
