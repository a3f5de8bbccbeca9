//! Budgets: exact in wasmtime.

use std::path::Path;

use test_harness::backend::wasmtime::Wasmtime;
use test_harness::scenario::{parse, run};

/// What a scenario of `spender.wat` finds wrong.
fn breaches(rest: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let module = wat::parse_str(include_str!("spender.wat")).expect("spender.wat is valid");
    std::fs::write(folder.path().join("spender.wasm"), module).expect("a writable folder");
    let text = format!("name: budget\nplugin: ./spender.wasm\n{rest}");
    let scenario = parse("budget", &text, folder.path()).unwrap_or_else(|error| panic!("{error}"));
    let report = run(&scenario, &Wasmtime::default());
    report.mismatches.iter().map(|(step, mismatch)| format!("step {step}: {mismatch}")).collect()
}

fn of_the_request(budget: &str) -> Vec<String> {
    breaches(&format!("steps:\n- request: {{}}\n  budget: {{{budget}}}\n"))
}

fn of_the_state(budget: &str) -> Vec<String> {
    breaches(&format!("budget: {{{budget}}}\nsteps: [{{request: {{}}}}, {{request: {{}}}}]\n"))
}

#[test]
fn what_is_within_passes() {
    let none: [&str; 0] = [];
    assert_eq!(of_the_request("fuel: 1000"), none);
    assert_eq!(of_the_request("host_calls: {proxy_log: 2, proxy_set_shared_data: {max: 3}, proxy_done: 0}"), none);
    assert_eq!(of_the_request("memory_growth: {requests: 3, bytes: 196608}"), none);
    assert_eq!(of_the_state("shared_data: {keys: 1, bytes: 10}, metric_series: 1"), none);
}

#[test]
fn what_is_beyond_says_expected_and_found() {
    // One unit per instruction of the five calls, their drops and arguments.
    let fuel = of_the_request("fuel: 3");
    assert_eq!(fuel.len(), 1);
    assert!(fuel[0].starts_with("step 1: budget.fuel: expected at most 3, found "), "{fuel:?}");
    assert_eq!(
        of_the_request("host_calls: {proxy_log: 1, proxy_set_shared_data: {max: 0}, proxy_done: 1}"),
        [
            "step 1: budget.host_calls.proxy_done: expected 1, found 0",
            "step 1: budget.host_calls.proxy_log: expected 1, found 2",
            "step 1: budget.host_calls.proxy_set_shared_data: expected at most 0, found 1",
        ]
    );
    assert_eq!(
        of_the_request("memory_growth: {requests: 3, bytes: 196607}"),
        ["step 1: budget.memory_growth: expected at most 196607 bytes in 3 requests, found 196608 bytes"]
    );
    assert_eq!(
        of_the_state("shared_data: {keys: 0, bytes: 9}, metric_series: 0"),
        [
            "step 2: budget.shared_data.keys: expected at most 0, found 1",
            "step 2: budget.shared_data.bytes: expected at most 9, found 10",
            "step 2: budget.metric_series: expected at most 0, found 1",
        ]
    );
}

#[test]
fn a_budget_for_nothing_is_an_error() {
    let refused = |rest: &str| parse("x", &format!("name: x\nplugin: ./x.wasm\n{rest}"), Path::new(".")).unwrap_err();
    let error = refused("steps:\n- request: {}\n  budget: {host_calls: {log: 1}}\n");
    assert_eq!(error, "step 1: budget: host_calls: expected names of imports such as proxy_log, found log");
    let error = refused("steps:\n- advance: 1s\n  budget: {fuel: 1}\n");
    assert_eq!(error, "step 1: `upstream`, `expect`, `budget` and `keep` belong to a `request`");
}

#[test]
fn a_trace_tells_what_a_request_cost() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let module = wat::parse_str(include_str!("spender.wat")).expect("spender.wat is valid");
    std::fs::write(folder.path().join("spender.wasm"), module).expect("a writable folder");
    let text = "name: trace\nplugin: ./spender.wasm\nsteps: [{request: {}}]";
    let report = run(&parse("trace", text, folder.path()).expect("valid"), &Wasmtime::default());
    let last = report.timelines[0].1.lines().last().expect("a line");
    assert!(last.starts_with("cost: fuel "), "{last}");
    // Three VMs: the canary's is gone; the main thread has 2 pages, the worker 3.
    assert!(last.ends_with("memory 320 KiB, 4 host calls: define_metric 1, log 2, set_shared_data 1"), "{last}");
}
