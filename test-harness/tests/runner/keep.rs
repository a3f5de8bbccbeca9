//! What of a response later requests send, and responses that break off.

use test_harness::backend::wasmtime::Wasmtime;
use test_harness::scenario::run;

use crate::hello;

/// What is wrong with these steps.
fn mismatches(steps: &str) -> Vec<String> {
    let folder = hello::folder();
    let text = format!("name: kept\nplugin: ./hello.wasm\nconfig: {{}}\nsteps:\n{steps}");
    let report = run(&hello::scenario(folder.path(), &text), &Wasmtime::default());
    report.mismatches.iter().map(|(step, mismatch)| format!("step {step}: {mismatch}")).collect()
}

const ANSWER: &str = "- request: {}\n  upstream: {body: {json: {user: {token: abc, n: 1}}}}\n";

#[test]
fn a_later_request_has_it_in_its_headers() {
    let kept = "  keep: {token: /user/token}\n";
    let uses = "- request: {headers: {x-token: 'Bearer {{token}}, {{other}}'}}\n  expect: {saw: {headers: {x-token: 'Bearer abc, {{other}}'}}}\n";
    assert_eq!(mismatches(&format!("{ANSWER}{kept}{uses}")), [""; 0]);
    let without = mismatches(&format!("{ANSWER}{uses}"));
    assert!(matches!(&without[..], [one] if one.contains("x-token")), "{without:?}");
}

#[test]
fn what_is_not_there_is_a_mismatch() {
    let missing = mismatches(&format!("{ANSWER}  keep: {{a: /user/x, b: /user/n}}\n"));
    let want = [
        "step 1: keep.a: expected a text at /user/x, found nothing",
        "step 1: keep.b: expected a text at /user/n, found 1",
    ];
    assert_eq!(missing, want);
    let text = mismatches("- request: {}\n  keep: {a: /user}\n");
    assert_eq!(text, ["step 1: keep.a: expected a text at /user, found nothing"]);
}

#[test]
fn a_response_that_breaks_off_begins_and_does_not_end() {
    let cut = "  expect: {cut: true}\n";
    assert_eq!(
        mismatches(&format!("- request: {{}}\n  upstream: {{fails: reset_after_headers, body: half}}\n{cut}")),
        [""; 0]
    );
    let whole = mismatches(&format!("- request: {{}}\n{cut}"));
    assert!(matches!(&whole[..], [one] if one.starts_with("step 1: cut\n")), "{whole:?}");
    let none = mismatches("- request: {}\n  upstream: {fails: reset}\n  expect: {cut: true, status: 503}\n");
    assert_eq!(none.len(), 1, "{none:?}");
}
