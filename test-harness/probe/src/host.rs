//! Every import of the ABI, called by name with the words it takes. No SDK stands between: what the
//! host answers is what is logged.

macro_rules! imports {
    ($($module:literal { $($name:ident($($argument:ident: $type:ty),*);)* })*) => {
        $(
            #[link(wasm_import_module = $module)]
            unsafe extern "C" {
                $(fn $name($($argument: $type),*) -> i32;)*
            }
        )*

        /// Calls an import with one word per parameter.
        ///
        /// # Errors
        /// There is no such import, or it takes another number of words.
        pub fn call(name: &str, words: &[i64]) -> Result<i32, String> {
            match name {
                $($(stringify!($name) => match *words {
                    // SAFETY: the host checks every address; what it writes goes to buffers that live on.
                    [$($argument),*] => Ok(unsafe { $name($($argument as $type),*) }),
                    _ => Err(format!("{} words do not fit", words.len())),
                },)*)*
                _ => Err("no such function".to_owned()),
            }
        }
    };
}

imports! {
    "env" {
        proxy_set_effective_context(a: i32);
        proxy_done();
        proxy_log(a: i32, b: i32, c: i32);
        proxy_get_log_level(a: i32);
        proxy_get_current_time_nanoseconds(a: i32);
        proxy_set_tick_period_milliseconds(a: i32);
        proxy_get_buffer_bytes(a: i32, b: i32, c: i32, d: i32, e: i32);
        proxy_get_buffer_status(a: i32, b: i32, c: i32);
        proxy_set_buffer_bytes(a: i32, b: i32, c: i32, d: i32, e: i32);
        proxy_get_header_map_pairs(a: i32, b: i32, c: i32);
        proxy_get_header_map_size(a: i32, b: i32);
        proxy_set_header_map_pairs(a: i32, b: i32, c: i32);
        proxy_get_header_map_value(a: i32, b: i32, c: i32, d: i32, e: i32);
        proxy_add_header_map_value(a: i32, b: i32, c: i32, d: i32, e: i32);
        proxy_replace_header_map_value(a: i32, b: i32, c: i32, d: i32, e: i32);
        proxy_remove_header_map_value(a: i32, b: i32, c: i32);
        proxy_continue_stream(a: i32);
        proxy_close_stream(a: i32);
        proxy_get_status(a: i32, b: i32, c: i32);
        proxy_send_local_response(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32, g: i32, h: i32);
        proxy_http_call(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32, g: i32, h: i32, i: i32, j: i32);
        proxy_grpc_call(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32, g: i32, h: i32, i: i32, j: i32, k: i32, l: i32);
        proxy_grpc_stream(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32, g: i32, h: i32, i: i32);
        proxy_grpc_send(a: i32, b: i32, c: i32, d: i32);
        proxy_grpc_cancel(a: i32);
        proxy_grpc_close(a: i32);
        proxy_set_shared_data(a: i32, b: i32, c: i32, d: i32, e: i32);
        proxy_get_shared_data(a: i32, b: i32, c: i32, d: i32, e: i32);
        proxy_register_shared_queue(a: i32, b: i32, c: i32);
        proxy_resolve_shared_queue(a: i32, b: i32, c: i32, d: i32, e: i32);
        proxy_enqueue_shared_queue(a: i32, b: i32, c: i32);
        proxy_dequeue_shared_queue(a: i32, b: i32, c: i32);
        proxy_define_metric(a: i32, b: i32, c: i32, d: i32);
        proxy_record_metric(a: i32, b: i64);
        proxy_increment_metric(a: i32, b: i64);
        proxy_get_metric(a: i32, b: i32);
        proxy_set_property(a: i32, b: i32, c: i32, d: i32);
        proxy_get_property(a: i32, b: i32, c: i32, d: i32);
        proxy_call_foreign_function(a: i32, b: i32, c: i32, d: i32, e: i32, f: i32);
    }
    "wasi_snapshot_preview1" {
        args_sizes_get(a: i32, b: i32);
        args_get(a: i32, b: i32);
        environ_sizes_get(a: i32, b: i32);
        environ_get(a: i32, b: i32);
        clock_time_get(a: i32, b: i64, c: i32);
        random_get(a: i32, b: i32);
        fd_write(a: i32, b: i32, c: i32, d: i32);
        fd_read(a: i32, b: i32, c: i32, d: i32);
        fd_seek(a: i32, b: i64, c: i32, d: i32);
        fd_close(a: i32);
        fd_fdstat_get(a: i32, b: i32);
        sched_yield();
    }
}
