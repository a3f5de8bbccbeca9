//! What ships: every module in `dist/` links in Envoy and in Kong's engine, speaks the right ABI, uses
//! only WebAssembly features that both engines take, and keeps to its size.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use wasmparser::{Parser, Payload, TypeRef, ValType, Validator, WasmFeatures};

/// Functions that both hosts link, with the same types: parameters, then results; `i` = i32, `I` = i64.
///
/// The intersection of proxy-wasm-cpp-host's ABI 0.2.1 (`FOR_ALL_HOST_FUNCTIONS`) and ngx_wasm_module's
/// table (`ngx_proxy_wasm_host.c`). Left out on purpose: `proxy_get_log_level`, which ngx_wasm_module
/// declares with two parameters, so that it does not load a module that imports it.
const PROXY: &[(&str, &str)] = &[
    ("proxy_add_header_map_value", "iiiii:i"),
    ("proxy_call_foreign_function", "iiiiii:i"),
    ("proxy_close_stream", "i:i"),
    ("proxy_continue_stream", "i:i"),
    ("proxy_define_metric", "iiii:i"),
    ("proxy_dequeue_shared_queue", "iii:i"),
    ("proxy_done", ":i"),
    ("proxy_enqueue_shared_queue", "iii:i"),
    ("proxy_get_buffer_bytes", "iiiii:i"),
    ("proxy_get_current_time_nanoseconds", "i:i"),
    ("proxy_get_header_map_pairs", "iii:i"),
    ("proxy_get_header_map_value", "iiiii:i"),
    ("proxy_get_metric", "ii:i"),
    ("proxy_get_property", "iiii:i"),
    ("proxy_get_shared_data", "iiiii:i"),
    ("proxy_get_status", "iii:i"),
    ("proxy_grpc_call", "iiiiiiiiiiii:i"),
    ("proxy_grpc_cancel", "i:i"),
    ("proxy_grpc_close", "i:i"),
    ("proxy_grpc_send", "iiii:i"),
    ("proxy_grpc_stream", "iiiiiiiii:i"),
    ("proxy_http_call", "iiiiiiiiii:i"),
    ("proxy_increment_metric", "iI:i"),
    ("proxy_log", "iii:i"),
    ("proxy_record_metric", "iI:i"),
    ("proxy_register_shared_queue", "iii:i"),
    ("proxy_remove_header_map_value", "iii:i"),
    ("proxy_replace_header_map_value", "iiiii:i"),
    ("proxy_resolve_shared_queue", "iiiii:i"),
    ("proxy_send_local_response", "iiiiiiii:i"),
    ("proxy_set_buffer_bytes", "iiiii:i"),
    ("proxy_set_effective_context", "i:i"),
    ("proxy_set_header_map_pairs", "iii:i"),
    ("proxy_set_property", "iiii:i"),
    ("proxy_set_shared_data", "iiiii:i"),
    ("proxy_set_tick_period_milliseconds", "i:i"),
];

/// The same for WASI preview 1: proxy-wasm-cpp-host's `FOR_ALL_WASI_FUNCTIONS` and ngx_wasm_module's
/// `ngx_wasi_preview1.c`.
const WASI: &[(&str, &str)] = &[
    ("args_get", "ii:i"),
    ("args_sizes_get", "ii:i"),
    ("clock_time_get", "iIi:i"),
    ("environ_get", "ii:i"),
    ("environ_sizes_get", "ii:i"),
    ("fd_close", "i:i"),
    ("fd_fdstat_get", "ii:i"),
    ("fd_prestat_dir_name", "iii:i"),
    ("fd_prestat_get", "ii:i"),
    ("fd_read", "iiii:i"),
    ("fd_seek", "iIii:i"),
    ("fd_write", "iiii:i"),
    ("path_open", "iiiiiIIii:i"),
    ("proc_exit", "i:"),
    ("random_get", "ii:i"),
];

const ABI_VERSIONS: [&str; 2] = ["proxy_abi_version_0_2_0", "proxy_abi_version_0_2_1"];

/// Bytes a module may have: those with cryptography, whose goal is 1,000,000, and the others, whose goal is 320,000.
fn budget(name: &str) -> usize {
    match name.trim_start_matches("kong/") {
        "auth" => 700_000,
        "gateway" => 1_100_000,
        "header-transform" => 430_000,
        "circuit-breaker" => 420_000,
        "rate-limit" => 450_000,
        _ => 340_000,
    }
}

/// What the tests need of a module.
#[derive(Default)]
struct Module {
    /// (module, name, type as in [`PROXY`]; `not a function` for the rest).
    imports: Vec<(String, String, String)>,
    exports: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

/// The names of the modules: folders `filters/<name>/plugin`, and `examples/<name>` that are no programs.
fn names() -> Vec<String> {
    let folders = |parent: &str| {
        let entries = fs::read_dir(root().join(parent)).unwrap_or_else(|error| panic!("{parent}: {error}"));
        entries.map(|entry| entry.expect("an entry").path()).collect::<Vec<_>>()
    };
    let name = |folder: PathBuf| folder.file_name().expect("a name").to_string_lossy().into_owned();
    let is_module = |folder: &PathBuf| {
        fs::read_to_string(folder.join("Cargo.toml")).is_ok_and(|manifest| manifest.contains("cdylib"))
    };
    let filters = folders("filters").into_iter().filter(|folder| folder.join("plugin/Cargo.toml").is_file()).map(name);
    let examples = folders("examples").into_iter().filter(is_module).map(|folder| format!("examples/{}", name(folder)));
    filters.chain(examples).collect()
}

/// The bytes of `dist/<name>.wasm` and `dist/kong/<name>.wasm`, by name.
fn artifacts() -> BTreeMap<String, Vec<u8>> {
    let artifacts: BTreeMap<_, _> = names()
        .into_iter()
        .flat_map(|name| [format!("kong/{name}"), name])
        .map(|name| {
            let file = root().join("dist").join(&name).with_extension("wasm");
            let bytes = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}; run `make build`", file.display()));
            (name, bytes)
        })
        .collect();
    assert!(!artifacts.is_empty(), "no module");
    artifacts
}

fn letters(types: &[ValType]) -> String {
    let letter = |one: &ValType| match one {
        ValType::I32 => 'i',
        ValType::I64 => 'I',
        _ => '?',
    };
    types.iter().map(letter).collect()
}

fn parse(bytes: &[u8]) -> Module {
    let mut module = Module::default();
    let mut types = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.expect("a well-formed module") {
            Payload::TypeSection(section) => {
                for function in section.into_iter_err_on_gc_types() {
                    let function = function.expect("a function type");
                    types.push(format!("{}:{}", letters(function.params()), letters(function.results())));
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.expect("an import");
                    let kind = match import.ty {
                        TypeRef::Func(index) => types[index as usize].clone(),
                        _ => "not a function".to_owned(),
                    };
                    module.imports.push((import.module.to_owned(), import.name.to_owned(), kind));
                }
            }
            Payload::ExportSection(section) => {
                module.exports.extend(section.into_iter().map(|export| export.expect("an export").name.to_owned()));
            }
            _ => {}
        }
    }
    module
}

/// The imports that one of the two hosts does not link.
fn foreign_imports(module: &Module) -> Vec<String> {
    let known = |(from, name, kind): &&(String, String, String)| {
        let table = match from.as_str() {
            "env" => PROXY,
            "wasi_snapshot_preview1" => WASI,
            _ => &[],
        };
        table.contains(&(name, kind))
    };
    module
        .imports
        .iter()
        .filter(|import| !known(import))
        .map(|(from, name, kind)| format!("{from}.{name} ({kind})"))
        .collect()
}

#[test]
fn imports_link_in_envoy_and_in_kongs_engine() {
    for (name, bytes) in artifacts() {
        let foreign = foreign_imports(&parse(&bytes));
        assert!(foreign.is_empty(), "dist/{name}.wasm imports what a host does not link: {foreign:#?}");
    }
}

#[test]
fn an_import_that_a_host_does_not_link_is_seen() {
    let text = r#"(module
        (import "env" "proxy_log" (func (param i32 i32 i32) (result i32)))
        (import "env" "proxy_get_log_level" (func (param i32) (result i32)))
        (import "env" "proxy_done" (func (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
        (import "env" "memory" (memory 1)))"#;
    let foreign = foreign_imports(&parse(&wat::parse_str(text).expect("text format")));
    let expected = [
        "env.proxy_get_log_level (i:i)",
        "env.proxy_done (i:i)",
        "wasi_snapshot_preview1.sched_yield (:i)",
        "env.memory (not a function)",
    ];
    assert_eq!(foreign, expected);
}

#[test]
fn exports_are_those_of_a_proxy_wasm_module() {
    for (name, bytes) in artifacts() {
        let exports = parse(&bytes).exports;
        let has = |wanted: &str| exports.iter().any(|export| export == wanted);
        let versions: Vec<_> = exports.iter().filter(|export| export.starts_with("proxy_abi_version_")).collect();
        assert!(
            versions.len() == 1 && ABI_VERSIONS.contains(&versions[0].as_str()),
            "dist/{name}.wasm: one of {ABI_VERSIONS:?} expected, found {versions:?}"
        );
        // A stream ends with its log.
        for wanted in ["memory", "proxy_on_memory_allocate", "_initialize", "proxy_on_context_create", "proxy_on_log"] {
            assert!(has(wanted), "dist/{name}.wasm does not export {wanted}; it exports {exports:?}");
        }
    }
}

/// Kong's engine (`ngx_proxy_wasm_filter_resume`, `ngx_proxy_wasm_on_*`) calls these without asking whether they are
/// there.
#[test]
fn modules_for_kongs_engine_have_every_callback_that_it_calls() {
    for (name, bytes) in artifacts().into_iter().filter(|(name, _)| name.starts_with("kong/")) {
        let exports = parse(&bytes).exports;
        for wanted in ["request_headers", "request_body", "response_headers", "response_body", "done", "log", "delete"]
        {
            let wanted = format!("proxy_on_{wanted}");
            assert!(exports.contains(&wanted), "dist/{name}.wasm does not export {wanted}; it exports {exports:?}");
        }
    }
}

/// Each callback that is exported costs every response in Envoy: those of bodies are there where a filter takes them.
#[test]
fn modules_for_envoy_have_the_callbacks_that_do_something() {
    for (name, bytes) in artifacts().into_iter().filter(|(name, _)| !name.starts_with("kong/")) {
        let exports = parse(&bytes).exports;
        let takes_bodies = ["auth", "gateway"].contains(&name.as_str());
        for callback in ["proxy_on_response_body", "proxy_on_response_trailers"] {
            let has = exports.iter().any(|export| export == callback);
            assert_eq!(has, takes_bodies, "dist/{name}.wasm: {callback}; it exports {exports:?}");
        }
        for callback in ["proxy_on_request_body", "proxy_on_request_trailers", "proxy_on_done", "proxy_on_delete"] {
            assert!(!exports.iter().any(|export| export == callback), "dist/{name}.wasm exports {callback}");
        }
    }
}

#[test]
fn features_are_those_of_every_engine() {
    let features = WasmFeatures::WASM2;
    for (name, bytes) in artifacts() {
        if let Err(error) = Validator::new_with_features(features).validate_all(&bytes) {
            panic!("dist/{name}.wasm needs more than WebAssembly 2.0: {error}");
        }
    }
}

#[test]
fn sizes_are_within_the_budget() {
    let over: Vec<_> = artifacts()
        .iter()
        .filter(|(name, bytes)| bytes.len() > budget(name))
        .map(|(name, bytes)| format!("dist/{name}.wasm: {} bytes, at most {}", bytes.len(), budget(name)))
        .collect();
    assert!(over.is_empty(), "{over:#?}");
}
