//! Modules that are broken or mean harm: a clear error, never a crash, a hang or memory without bound.

use test_harness::{Exchange, Limits, Proxy, ProxySpec, StartError};

use crate::support::{get, kinds, plugin, send};

/// What every module needs, unless it is about that.
const MEMORY: &str = r#"(memory (export "memory") 1)"#;
const ALLOCATOR: &str = r#"(func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024))"#;
const ABI: &str = r#"(func (export "proxy_abi_version_0_2_1"))"#;
const PASSES: &str = r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (i32.const 0))"#;
const FOREVER: &str = "(loop $forever (br $forever))";

fn start_with(text: &str, limits: Limits) -> Result<Proxy, StartError> {
    let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    Proxy::start(ProxySpec { plugins: vec![plugin("hostile", wasm.into())], limits, ..ProxySpec::default() })
}

/// Little fuel, so that an endless loop ends soon.
fn start(text: &str) -> Result<Proxy, StartError> {
    start_with(text, Limits { fuel_per_callback: 1_000_000, ..Limits::default() })
}

fn module(parts: &[&str]) -> String {
    format!("(module {})", parts.join("\n"))
}

/// A sound module with something more in it.
fn sound(part: &str) -> String {
    module(&[part, MEMORY, ALLOCATOR, ABI])
}

fn refusal(text: &str) -> String {
    match start(text) {
        Ok(_) => panic!("started: {text}"),
        Err(error) => error.to_string(),
    }
}

fn one_request(text: &str) -> Exchange {
    send(&mut start(text).unwrap_or_else(|error| panic!("{error}")), get(&[]))
}

#[test]
fn what_cannot_be_loaded_says_why() {
    struct Case {
        name: &'static str,
        given: String,
        want: &'static [&'static str],
    }
    let memory64 = r#"(memory (export "memory") i64 1)"#;
    let shared = r#"(memory (export "memory") 1 1 shared)"#;
    let cases = [
        Case {
            name: "no ABI",
            given: module(&[MEMORY, ALLOCATOR]),
            want: &["expected an export proxy_abi_version_0_2_0 or _0_2_1, found none"],
        },
        Case {
            name: "ABI 0.1.0",
            given: module(&[MEMORY, ALLOCATOR, r#"(func (export "proxy_abi_version_0_1_0"))"#]),
            want: &["found proxy_abi_version_0_1_0"],
        },
        Case {
            name: "no memory",
            given: module(&[ALLOCATOR, ABI]),
            want: &["export memory: expected a memory, found nothing"],
        },
        Case {
            name: "memory is a function",
            given: module(&[r#"(func (export "memory"))"#, ALLOCATOR, ABI]),
            want: &["export memory: expected a memory, found a function ()"],
        },
        Case {
            name: "memory is imported",
            given: module(&[r#"(import "env" "memory" (memory 1)) (export "memory" (memory 0))"#, ALLOCATOR, ABI]),
            want: &["unknown import: `env::memory` has not been defined"],
        },
        Case { name: "two memories", given: sound("(memory 1)"), want: &["multiple memories"] },
        Case { name: "memory64", given: module(&[memory64, ALLOCATOR, ABI]), want: &["memory64 must be enabled"] },
        Case { name: "threads", given: module(&[shared, ALLOCATOR, ABI]), want: &["threads must be enabled"] },
        Case {
            name: "no allocator",
            given: module(&[MEMORY, ABI]),
            want: &["no allocator: expected an export proxy_on_memory_allocate, or malloc"],
        },
        Case {
            name: "a callback of another type",
            given: sound(r#"(func (export "proxy_on_request_headers") (param i32 i64) (result i32) (i32.const 0))"#),
            want: &[
                "export proxy_on_request_headers: expected a function (i32, i32, i32) -> i32, found a function (i32, i64) -> i32",
            ],
        },
        Case {
            name: "a callback that is a global",
            given: sound(r#"(global (export "proxy_on_log") i32 (i32.const 0))"#),
            want: &["export proxy_on_log: expected a function (i32), found a global"],
        },
        Case {
            name: "a TCP filter",
            given: sound(r#"(func (export "proxy_on_new_connection") (param i32) (result i32) (i32.const 0))"#),
            want: &["a TCP filter (proxy_on_new_connection): only HTTP filters are run"],
        },
        Case {
            name: "an import that is not offered",
            given: sound(r#"(import "env" "proxy_open_the_door" (func))"#),
            want: &["unknown import: `env::proxy_open_the_door` has not been defined"],
        },
        Case {
            name: "an import of another type",
            given: sound(r#"(import "env" "proxy_log" (func (param i32) (result i32)))"#),
            want: &["incompatible import type for `env::proxy_log`"],
        },
        Case {
            name: "a huge memory",
            given: module(&[r#"(memory (export "memory") 10000)"#, ALLOCATOR, ABI]),
            want: &["instantiation trapped", "memory minimum size of 10000 pages exceeds memory limits"],
        },
        Case {
            name: "a huge table",
            given: sound("(table 100000000 funcref)"),
            want: &["instantiation trapped", "table minimum size of 100000000 elements exceeds table limits"],
        },
        Case { name: "no module", given: String::new(), want: &["module not loaded: ", "magic header"] },
    ];
    for Case { name, given, want } in cases {
        let error = match given.as_str() {
            "" => Proxy::start(ProxySpec {
                plugins: vec![plugin("hostile", (*b"no module").into())],
                ..ProxySpec::default()
            })
            .err()
            .expect("refused")
            .to_string(),
            text => refusal(text),
        };
        assert!(error.starts_with("plugin hostile: "), "{name}: {error}");
        for part in want {
            assert!(error.contains(part), "{name}: {error}");
        }
    }
}

#[test]
fn what_is_optional_may_be_missing() {
    let exchange = one_request(&sound(""));
    assert_eq!((exchange.response.status, exchange.diagnostics.len()), (200, 0), "no callback at all");
    let with_malloc =
        module(&[MEMORY, r#"(func (export "malloc") (param i32) (result i32) (i32.const 0))"#, ABI, PASSES]);
    assert_eq!(one_request(&with_malloc).response.status, 200);
    let vectors = sound(r#"(func (drop (i8x16.splat (i32.const 1))))"#);
    assert_eq!(one_request(&vectors).response.status, 200, "SIMD is part of WebAssembly 2.0");
}

#[test]
fn an_endless_loop_at_the_start_ends() {
    let cases = [
        ("instantiation", format!("(func $start {FOREVER}) (start $start)")),
        ("_initialize", format!(r#"(func (export "_initialize") {FOREVER})"#)),
        ("_start", format!(r#"(func (export "_start") {FOREVER})"#)),
        (
            "main",
            format!(
                r#"(func (export "_initialize")) (func (export "main") (param i32 i32) (result i32) {FOREVER} (i32.const 0))"#
            ),
        ),
        ("proxy_on_context_create", format!(r#"(func (export "proxy_on_context_create") (param i32 i32) {FOREVER})"#)),
        (
            "proxy_on_vm_start",
            format!(r#"(func (export "proxy_on_vm_start") (param i32 i32) (result i32) {FOREVER} (i32.const 1))"#),
        ),
        (
            "proxy_on_configure",
            format!(r#"(func (export "proxy_on_configure") (param i32 i32) (result i32) {FOREVER} (i32.const 1))"#),
        ),
    ];
    for (callback, part) in cases {
        let error = refusal(&sound(&part));
        let want = format!("plugin hostile: {callback} trapped: endless loop: the callback used up its fuel");
        assert!(error.starts_with(&want), "{error}");
    }
}

/// A guest that runs this code for each request; `$pairs` reads all request headers, `$log` logs.
fn per_request(code: &str, allocator: &str) -> String {
    module(&[
        r#"(import "env" "proxy_get_header_map_pairs" (func $pairs (param i32 i32 i32) (result i32)))"#,
        r#"(import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))"#,
        r#"(import "env" "proxy_set_header_map_pairs" (func $set_pairs (param i32 i32 i32) (result i32)))"#,
        r#"(import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))"#,
        MEMORY,
        ABI,
        &format!(r#"(func (export "proxy_on_memory_allocate") (param i32) (result i32) {allocator})"#),
        "(func $deep (param i32) (result i32) (call $deep (local.get 0)))",
        &format!(
            r#"(func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) (local $i i32) {code} (i32.const 0))"#
        ),
    ])
}

#[test]
fn what_has_no_end_ends_in_a_trap() {
    let all_pairs = "(drop (call $pairs (i32.const 0) (i32.const 0) (i32.const 4)))";
    let cases = [
        ("deep recursion", "(drop (call $deep (i32.const 0)))", "(i32.const 1024)", "Trap", "call stack exhausted"),
        (
            "a loop in the allocator",
            all_pairs,
            "(loop $forever (br $forever)) (i32.const 0)",
            "FuelExhausted",
            "bound the loop",
        ),
        ("a trap in the allocator", all_pairs, "(unreachable)", "Trap", "unreachable"),
        (
            "host calls without end",
            "(loop $l (drop (call $log (i32.const 2) (i32.const 0) (i32.const 0))) (br $l))",
            "(i32.const 1024)",
            "Trap",
            "more than 1000 host calls in one callback",
        ),
        (
            "bytes without end",
            "(loop $l (drop (call $log (i32.const 2) (i32.const 0) (i32.const 65536))) (br $l))",
            "(i32.const 1024)",
            "Trap",
            "more than 1048576 bytes through host calls in one callback",
        ),
    ];
    for (name, code, allocator, kind, want) in cases {
        let limits = Limits {
            fuel_per_callback: 1_000_000,
            host_calls_per_callback: 1000,
            host_bytes_per_callback: 1 << 20,
            ..Limits::default()
        };
        let mut proxy = start_with(&per_request(code, allocator), limits).unwrap_or_else(|error| panic!("{error}"));
        let exchange = send(&mut proxy, get(&[]));
        assert_eq!(exchange.response.status, 503, "{name}");
        assert_eq!(kinds(&exchange.diagnostics), [kind], "{name}");
        assert!(exchange.diagnostics[0].to_string().contains(want), "{name}: {}", exchange.diagnostics[0]);
    }
}

#[test]
fn memory_beyond_the_limit_is_not_given() {
    // Grows until it is refused: 64 MiB are 1024 pages.
    let code = "(loop $l (br_if $l (i32.ne (memory.grow (i32.const 100)) (i32.const -1))))
        (if (i32.gt_u (memory.size) (i32.const 1024)) (then (unreachable)))
        (if (i32.lt_u (memory.size) (i32.const 900)) (then (unreachable)))";
    let exchange = one_request(&per_request(code, "(i32.const 1024)"));
    assert_eq!((exchange.response.status, exchange.diagnostics.len()), (200, 0));
}

#[test]
fn an_allocator_that_gives_nothing_usable_is_reported() {
    let all_pairs = "(drop (call $pairs (i32.const 0) (i32.const 0) (i32.const 4)))";
    for allocator in ["(i32.const 0)", "(i32.const 0x7fffffff)", "(i32.const -1)", "(i32.const 65535)"] {
        let exchange = one_request(&per_request(all_pairs, allocator));
        assert_eq!(exchange.response.status, 200, "{allocator}");
        assert_eq!(kinds(&exchange.diagnostics), ["BadPointer"], "{allocator}");
    }
    let twice = format!("{all_pairs} {all_pairs}");
    let exchange = one_request(&per_request(&twice, "(i32.const 1024)"));
    assert_eq!(kinds(&exchange.diagnostics), Vec::<String>::new(), "the same address again is the guest's affair");
}

#[test]
fn absurd_counts_in_a_map_are_no_map() {
    for count in ["-1", "0x7fffffff", "0x1fffffff", "0x20000000", "1000000"] {
        let code = format!(
            "(i32.store (i32.const 0) (i32.const {count}))
             (drop (call $set_pairs (i32.const 0) (i32.const 0) (i32.const 65536)))"
        );
        let exchange = one_request(&per_request(&code, "(i32.const 1024)"));
        // Envoy reads an empty map, and a request without a path has no route.
        assert_eq!(exchange.response.status, 404, "{count}");
    }
}

#[test]
fn vectors_that_name_the_same_bytes_again_do_not_add_up() {
    let code = "(loop $l
            (i32.store (i32.mul (local.get $i) (i32.const 8)) (i32.const 0))
            (i32.store offset=4 (i32.mul (local.get $i) (i32.const 8)) (i32.const 65536))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $i) (i32.const 8192))))
        (if (i32.ne (call $fd_write (i32.const 1) (i32.const 0) (i32.const 8192) (i32.const 0)) (i32.const 28))
            (then (unreachable)))";
    let exchange = one_request(&per_request(code, "(i32.const 1024)"));
    assert_eq!((exchange.response.status, exchange.diagnostics.len()), (200, 0), "512 MiB are INVAL");
}
