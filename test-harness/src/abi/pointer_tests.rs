//! Every host function with arguments that mean nothing: pointers and sizes outside of memory, sizes
//! that wrap, in every callback, and with allocators that are no better.

use wasmtime::{ExternType, FuncType, Module, ValType};

use super::tests::{SPECIFICATION, engine};
use crate::{Event, Exchange, Limits, PluginSpec, Proxy, ProxySpec, Request, UpstreamRequest, UpstreamResponse};

/// Arguments by turns; the memory has one page. All are in 8 bytes of memory, or none of them.
const PATTERNS: &[[u32; 2]] = &[
    [u32::MAX, u32::MAX],
    [0xFFFF_FFF0, 0xFFFF_FFF0],
    [0x8000_0000, 0x8000_0000],
    [0, 0],
    [8, u32::MAX],
    [u32::MAX, 8],
    [0, u32::MAX],
    [65_535, 2],
    [65_536, 0],
    [8, 65_529],
    [0, 8],
    [8, 8],
];

/// Functions that neither read nor write the guest's memory, or not for these arguments.
const WITHOUT_POINTERS: &[&str] = &[
    "proxy_set_tick_period_milliseconds",
    "args_get",
    "environ_get",
    "fd_seek",
    "fd_close",
    "sched_yield",
    "proc_exit",
];

/// What `proxy_on_memory_allocate` does, and whether the guest may live on.
const ALLOCATORS: &[(&str, bool)] = &[
    ("(i32.const 1024)", true),
    ("(i32.const 0)", true),
    ("(i32.const 0x7fffffff)", true),
    ("(i32.const -1)", true),
    ("(call $all) (i32.const 1024)", false),
    ("(unreachable)", false),
];

/// Module, name and type of every function of the ABI.
fn functions() -> Vec<(String, String, FuncType)> {
    let module = Module::new(&engine(), wat::parse_str(SPECIFICATION).expect("valid text")).expect("valid");
    let functions = module.imports().filter_map(|import| match import.ty() {
        ExternType::Func(function) => Some((import.module().to_owned(), import.name().to_owned(), function)),
        _ => None,
    });
    functions.collect()
}

/// Calls the function with every pattern, in several callbacks.
fn guest((module, name, function): &(String, String, FuncType), allocator: &str) -> Vec<u8> {
    let types =
        |values: &mut dyn Iterator<Item = ValType>| values.map(|value| value.to_string()).collect::<Vec<_>>().join(" ");
    let (parameters, results) = (types(&mut function.params()), types(&mut function.results()));
    let drop = if results.is_empty() { "" } else { "drop" };
    let call = |pattern: &[u32; 2]| {
        let values = function.params().zip(pattern.iter().cycle());
        let arguments: Vec<String> = values.map(|(kind, value)| format!("({kind}.const {value})")).collect();
        format!("(call $f {}) {drop}", arguments.join(" "))
    };
    let calls: Vec<String> = PATTERNS.iter().map(call).collect();
    let text = format!(
        r#"(module
            (import "{module}" "{name}" (func $f (param {parameters}) (result {results})))
            (memory (export "memory") 1)
            (func $all {})
            (func (export "proxy_abi_version_0_2_1"))
            (func (export "proxy_on_memory_allocate") (param i32) (result i32) {allocator})
            (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (call $all) (i32.const 0))
            (func (export "proxy_on_request_body") (param i32 i32 i32) (result i32) (call $all) (i32.const 0))
            (func (export "proxy_on_response_headers") (param i32 i32 i32) (result i32) (call $all) (i32.const 0))
            (func (export "proxy_on_log") (param i32) (call $all)))"#,
        calls.join("\n")
    );
    wat::parse_str(text).expect("valid text")
}

fn play(wasm: Vec<u8>) -> Exchange {
    let limits = Limits { fuel_per_callback: 1_000_000, ..Limits::default() };
    let spec = ProxySpec { plugins: vec![PluginSpec::new("hostile", wasm)], limits, ..ProxySpec::default() };
    let mut proxy = Proxy::start(spec).unwrap_or_else(|error| panic!("{error}"));
    let request = Request { body: vec![b"body".to_vec()], ..Request::default() };
    proxy.exchange(0, request, &mut |_: &UpstreamRequest| UpstreamResponse::default())
}

/// The statuses of the calls, in order.
fn statuses(exchange: &Exchange, function: &str) -> Vec<u32> {
    let calls = exchange.trace.iter().filter_map(|event| match event {
        Event::HostCall { name, status, .. } if *name == function => Some(*status),
        _ => None,
    });
    calls.collect()
}

#[test]
fn no_argument_breaks_the_host() {
    for function in functions() {
        let name = function.1.as_str();
        let exchange = play(guest(&function, ALLOCATORS[0].0));
        let statuses = statuses(&exchange, name);
        assert!(statuses.len() >= 2 * PATTERNS.len(), "{name} was called: {statuses:?}");
        let trapped = exchange.diagnostics.iter().any(|found| matches!(found.problem, crate::Problem::Trap { .. }));
        assert!(!trapped, "{name}: {:?}", exchange.diagnostics);
        if !WITHOUT_POINTERS.contains(&name) {
            assert_eq!(statuses[..3].iter().find(|status| **status == 0), None, "{name}: {statuses:?}");
        }
    }
}

#[test]
fn no_allocator_breaks_the_host() {
    for function in functions() {
        for (allocator, survives) in ALLOCATORS {
            let exchange = play(guest(&function, allocator));
            let trapped = exchange.diagnostics.iter().any(|found| {
                matches!(found.problem, crate::Problem::Trap { .. } | crate::Problem::FuelExhausted { .. })
            });
            assert!(!(trapped && *survives), "{} {allocator}: {:?}", function.1, exchange.diagnostics);
        }
    }
}

#[test]
fn an_allocator_that_calls_the_host_again_ends_in_a_trap() {
    let functions = functions();
    let pairs = functions.iter().find(|(_, name, _)| name == "proxy_get_header_map_pairs").expect("in the table");
    let exchange = play(guest(pairs, "(call $all) (i32.const 1024)"));
    let first = exchange.diagnostics.iter().find(|found| matches!(found.problem, crate::Problem::Trap { .. }));
    assert!(first.expect("a trap").to_string().contains("call stack exhausted"), "{:?}", exchange.diagnostics);
    assert_eq!(exchange.response.status, 503);
}
