use std::fmt::Write as _;

use wasmtime::{Engine, Module};

use super::callbacks::{CALLBACKS, check_exports};

/// Exports with the signatures of the specification, in its order.
const SPECIFICATION: &str = "
    _initialize ()
    main (i32 i32) i32
    _start ()
    proxy_on_memory_allocate (i32) i32
    malloc (i32) i32
    proxy_on_context_create (i32 i32)
    proxy_on_done (i32) i32
    proxy_on_log (i32)
    proxy_on_delete (i32)
    proxy_on_vm_start (i32 i32) i32
    proxy_on_configure (i32 i32) i32
    proxy_on_tick (i32)
    proxy_on_new_connection (i32) i32
    proxy_on_downstream_data (i32 i32 i32) i32
    proxy_on_downstream_connection_close (i32 i32)
    proxy_on_upstream_data (i32 i32 i32) i32
    proxy_on_upstream_connection_close (i32 i32)
    proxy_on_request_headers (i32 i32 i32) i32
    proxy_on_request_body (i32 i32 i32) i32
    proxy_on_request_trailers (i32 i32) i32
    proxy_on_response_headers (i32 i32 i32) i32
    proxy_on_response_body (i32 i32 i32) i32
    proxy_on_response_trailers (i32 i32) i32
    proxy_on_http_call_response (i32 i32 i32 i32 i32)
    proxy_on_grpc_receive_initial_metadata (i32 i32 i32)
    proxy_on_grpc_receive (i32 i32 i32)
    proxy_on_grpc_receive_trailing_metadata (i32 i32 i32)
    proxy_on_grpc_close (i32 i32 i32)
    proxy_on_queue_ready (i32 i32)
    proxy_on_foreign_function (i32 i32 i32)";

/// (name, parameters, result)
fn specified() -> Vec<(&'static str, &'static str, &'static str)> {
    let lines = SPECIFICATION.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let (name, rest) = line.split_once(" (").expect("a list of parameters");
            let (parameters, result) = rest.split_once(')').expect("the end of the list");
            (name, parameters, result.trim())
        })
        .collect()
}

/// A module that exports these functions and a memory.
fn module(exports: &[(&str, &str, &str)]) -> Module {
    let mut wat = "(module (memory (export \"memory\") 1)".to_owned();
    for (name, parameters, result) in exports {
        let result = if result.is_empty() { String::new() } else { format!("(result {result}) ({result}.const 0)") };
        let _ = write!(wat, "(func (export \"{name}\") (param {parameters}) {result})");
    }
    Module::new(&Engine::default(), wat::parse_str(wat + ")").expect("valid text")).expect("a valid module")
}

#[test]
fn the_table_is_the_specification() {
    let specified = specified();
    let names: Vec<&str> = specified.iter().map(|(name, ..)| *name).collect();
    let known: Vec<&str> = CALLBACKS.iter().map(|callback| callback.name).collect();
    assert_eq!(known, names, "same callbacks, same order");
    assert_eq!(check_exports(&module(&specified)), Ok(()), "same signatures");
}

#[test]
fn a_callback_of_another_type_is_named() {
    for (name, parameters, result) in specified() {
        // The one that is called: `_start` and `main` exclude each other.
        let others =
            [("_initialize", "", ""), ("malloc", "i32", "i32"), ("proxy_on_request_headers", "i32 i32 i32", "i32")];
        let others =
            others.into_iter().filter(|other| other.0 != name && (name != "_start" || other.0 != "_initialize"));
        let with = |wrong: (&str, &str, &str)| {
            let exports: Vec<_> =
                others.clone().map(|other| (other.0, other.1, other.2)).chain([(wrong.0, wrong.1, wrong.2)]).collect();
            check_exports(&module(&exports))
        };
        assert_eq!(with((name, parameters, result)), Ok(()), "{name}");
        let one_more = format!("{parameters} i32");
        let other_result = if result.is_empty() { "i32" } else { "i64" };
        for wrong in [(name, one_more.as_str(), result), (name, parameters, other_result)] {
            let error = with(wrong).expect_err(name);
            let start = format!("export {name}: expected a function ({})", parameters.replace(' ', ", "));
            assert!(error.starts_with(&start) && error.contains(", found a function ("), "{error}");
        }
    }
}
