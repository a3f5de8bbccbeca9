use std::collections::BTreeSet;

use wasmtime::{Config, Engine, Module};

use super::{HOST_FUNCTIONS, linker};

/// Imports with the signatures of the specification, in its order.
pub(super) const SPECIFICATION: &str = r#"(module
  (import "env" "proxy_set_effective_context" (func (param i32) (result i32)))
  (import "env" "proxy_done" (func (result i32)))
  (import "env" "proxy_log" (func (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_log_level" (func (param i32) (result i32)))
  (import "env" "proxy_get_current_time_nanoseconds" (func (param i32) (result i32)))
  (import "env" "proxy_set_tick_period_milliseconds" (func (param i32) (result i32)))
  (import "env" "proxy_get_buffer_bytes" (func (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_status" (func (param i32 i32 i32) (result i32)))
  (import "env" "proxy_set_buffer_bytes" (func (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_pairs" (func (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_size" (func (param i32 i32) (result i32)))
  (import "env" "proxy_set_header_map_pairs" (func (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_add_header_map_value" (func (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_replace_header_map_value" (func (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_remove_header_map_value" (func (param i32 i32 i32) (result i32)))
  (import "env" "proxy_continue_stream" (func (param i32) (result i32)))
  (import "env" "proxy_close_stream" (func (param i32) (result i32)))
  (import "env" "proxy_get_status" (func (param i32 i32 i32) (result i32)))
  (import "env" "proxy_send_local_response" (func (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_http_call" (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_grpc_call" (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_grpc_stream" (func (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_grpc_send" (func (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_grpc_cancel" (func (param i32) (result i32)))
  (import "env" "proxy_grpc_close" (func (param i32) (result i32)))
  (import "env" "proxy_set_shared_data" (func (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_shared_data" (func (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_register_shared_queue" (func (param i32 i32 i32) (result i32)))
  (import "env" "proxy_resolve_shared_queue" (func (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_enqueue_shared_queue" (func (param i32 i32 i32) (result i32)))
  (import "env" "proxy_dequeue_shared_queue" (func (param i32 i32 i32) (result i32)))
  (import "env" "proxy_define_metric" (func (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_record_metric" (func (param i32 i64) (result i32)))
  (import "env" "proxy_increment_metric" (func (param i32 i64) (result i32)))
  (import "env" "proxy_get_metric" (func (param i32 i32) (result i32)))
  (import "env" "proxy_set_property" (func (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_property" (func (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_call_foreign_function" (func (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
)"#;

pub(super) fn engine() -> Engine {
    Engine::new(Config::new().consume_fuel(true)).expect("this platform is supported")
}

#[test]
fn the_table_is_the_specification() {
    let engine = engine();
    let module = Module::new(&engine, wat::parse_str(SPECIFICATION).expect("valid")).expect("valid");
    let specified: Vec<(&str, &str)> = module.imports().map(|import| (import.module(), import.name())).collect();
    let offered: Vec<(&str, &str)> = HOST_FUNCTIONS.iter().map(|function| (function.module, function.name)).collect();
    assert_eq!(offered, specified, "same functions, same order");
    assert!(linker(&engine).instantiate_pre(&module).is_ok(), "same signatures");
}

#[test]
fn every_name_is_offered_once() {
    let names: BTreeSet<&str> = HOST_FUNCTIONS.iter().map(|function| function.name).collect();
    assert_eq!(names.len(), HOST_FUNCTIONS.len());
}
