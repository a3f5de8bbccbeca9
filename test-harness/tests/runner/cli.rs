//! The command line: what it prints, and how it ends.

use std::path::Path;
use std::process::{Command, Output};

use crate::hello;

fn run(folder: &Path, step: &str, arguments: &[&str]) -> (Output, String) {
    let file = folder.join("one.yaml");
    let text = format!("name: one\nplugin: ./hello.wasm\nconfig: {{}}\nsteps:\n- request: {{}}\n  expect: {step}\n");
    std::fs::write(&file, text).expect("a writable folder");
    let command = Command::new(env!("CARGO_BIN_EXE_test-harness")).arg("run").arg(file).args(arguments).output();
    let output = command.expect("it was built");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    (output, printed)
}

#[test]
fn passes() {
    let folder = hello::folder();
    let (output, printed) = run(folder.path(), "{status: 200}", &[]);
    assert!(output.status.success(), "{printed}");
    assert!(printed.contains("passed  one: one") && printed.contains("1 passed, 0 failed, 0 skipped"), "{printed}");
}

#[test]
fn a_bare_file_name_is_of_this_folder() {
    let folder = hello::folder();
    std::fs::create_dir(folder.path().join("dist")).expect("a writable folder");
    std::fs::copy(folder.path().join("hello.wasm"), folder.path().join("dist/hello.wasm")).expect("it is there");
    let text = "name: one\nplugin: hello\nconfig: {}\nsteps: [{request: {}}]\n";
    std::fs::write(folder.path().join("one.yaml"), text).expect("a writable folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_test-harness"));
    let output = command.args(["run", "one.yaml"]).current_dir(folder.path()).output().expect("it was built");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn says_expected_and_found() {
    let folder = hello::folder();
    let (output, printed) = run(folder.path(), "{headers: {x-hello: earth}}", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(printed.contains("step 1: headers.x-hello: expected \"earth\", found \"world\""), "{printed}");
}

#[test]
fn traces_callbacks_and_host_calls() {
    let folder = hello::folder();
    let (_, printed) = run(folder.path(), "{status: 200}", &["--trace"]);
    let lines = ["on_request_headers(", "get_header_map_value(request headers, ", "} -> Continue", "\"x-hello\""];
    assert!(lines.iter().all(|line| printed.contains(line)), "{printed}");
}

#[test]
fn a_file_that_is_no_scenario_fails() {
    let folder = hello::folder();
    let (output, printed) = run(folder.path(), "{stauts: 200}", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(printed.contains("one.yaml") && printed.contains("unknown field `stauts`"), "{printed}");
    let nothing = Command::new(env!("CARGO_BIN_EXE_test-harness")).args(["run", "nosuchfolder"]).output();
    assert_eq!(nothing.expect("it was built").status.code(), Some(1));
}
