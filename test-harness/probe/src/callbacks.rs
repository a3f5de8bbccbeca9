//! Every callback of the ABI.

use crate::{begin_http, begin_root, run};

/// Continue, for headers, bodies and trailers.
const CONTINUE: u32 = 0;
const TRUE: u32 = 1;

/// `export => name(arguments after the context)`; with `-> answer` where the host wants one.
macro_rules! callbacks {
    ($($export:ident => $name:literal ($($argument:ident),*) $(-> $answer:ident)?;)*) => {
        $(callbacks! { @one $export $name ($($argument),*) $($answer)? })*
    };
    (@one $export:ident $name:literal ($($argument:ident),*)) => {
        #[doc = concat!("`", stringify!($export), "`.")]
        #[unsafe(no_mangle)]
        pub extern "C" fn $export(context: u32 $(, $argument: u32)*) {
            run(context, $name, &[$($argument),*], 0);
        }
    };
    (@one $export:ident $name:literal ($($argument:ident),*) $answer:ident) => {
        #[doc = concat!("`", stringify!($export), "`.")]
        #[unsafe(no_mangle)]
        pub extern "C" fn $export(context: u32 $(, $argument: u32)*) -> u32 {
            run(context, $name, &[$($argument),*], $answer)
        }
    };
}

callbacks! {
    proxy_on_vm_start => "vm_start" (size) -> TRUE;
    proxy_on_configure => "configure" (size) -> TRUE;
    proxy_on_tick => "tick" ();
    proxy_on_new_connection => "new_connection" () -> CONTINUE;
    proxy_on_downstream_data => "downstream_data" (size, end) -> CONTINUE;
    proxy_on_downstream_connection_close => "downstream_connection_close" (peer);
    proxy_on_upstream_data => "upstream_data" (size, end) -> CONTINUE;
    proxy_on_upstream_connection_close => "upstream_connection_close" (peer);
    proxy_on_request_body => "request_body" (size, end) -> CONTINUE;
    proxy_on_request_trailers => "request_trailers" (count) -> CONTINUE;
    proxy_on_response_headers => "response_headers" (count, end) -> CONTINUE;
    proxy_on_response_body => "response_body" (size, end) -> CONTINUE;
    proxy_on_response_trailers => "response_trailers" (count) -> CONTINUE;
    proxy_on_log => "log" ();
    proxy_on_done => "done" () -> TRUE;
    proxy_on_http_call_response => "http_call_response" (token, headers, size, trailers);
    proxy_on_grpc_receive_initial_metadata => "grpc_receive_initial_metadata" (token, count);
    proxy_on_grpc_receive => "grpc_receive" (token, size);
    proxy_on_grpc_receive_trailing_metadata => "grpc_receive_trailing_metadata" (token, count);
    proxy_on_grpc_close => "grpc_close" (token, status);
    proxy_on_queue_ready => "queue_ready" (token);
    proxy_on_foreign_function => "foreign_function" (function, size);
}

unsafe extern "C" {
    #[cfg(target_os = "wasi")]
    fn __wasm_call_ctors();
}

/// Runs once, before anything else.
#[unsafe(no_mangle)]
pub extern "C" fn _initialize() {
    #[cfg(target_os = "wasi")]
    // SAFETY: the linker's own function, called once.
    unsafe {
        __wasm_call_ctors();
    }
}

/// The version of the ABI, by its name.
#[unsafe(no_mangle)]
pub extern "C" fn proxy_abi_version_0_2_1() {}

/// A root context (`parent` 0), or that of a stream.
#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_context_create(context: u32, parent: u32) {
    if parent == 0 {
        begin_root(context);
    }
    run(context, "context_create", &[parent], 0);
}

/// Learns what to do, then does it.
#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_request_headers(context: u32, count: u32, end: u32) -> u32 {
    begin_http(context);
    run(context, "request_headers", &[count, end], CONTINUE)
}

/// The context is gone.
#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_delete(context: u32) {
    run(context, "delete", &[], 0);
}
