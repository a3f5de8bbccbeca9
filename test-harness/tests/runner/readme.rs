//! Every scenario in the README is one that holds, in both backends.

use test_harness::backend::Backend;
use test_harness::backend::envoy::{Envoy, Install};
use test_harness::backend::wasmtime::Wasmtime;
use test_harness::scenario::{Verdict, run};

use crate::hello;

const README: &str = include_str!("../../README.md");

fn examples() -> Vec<&'static str> {
    let blocks = README.split("```yaml\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap_or_default()).collect()
}

fn hold_in(backend: &dyn Backend) {
    let folder = hello::folder();
    std::fs::rename(folder.path().join("hello.wasm"), folder.path().join("my-filter.wasm")).expect("a writable folder");
    let examples = examples();
    assert_eq!(examples.len(), 6);
    for text in examples {
        let report = run(&hello::scenario(folder.path(), text), backend);
        assert_eq!(report.verdict(), Verdict::Passed, "{text}\n{report}");
    }
}

#[test]
fn examples_hold_in_wasmtime() {
    hold_in(&Wasmtime::default());
}

#[test]
fn examples_hold_in_envoy() {
    match Install::find() {
        Ok(install) if install.clock.is_some() => hold_in(&Envoy::new(install)),
        Ok(_) => println!("SKIPPED: {}", Install::NO_CLOCK),
        Err(why) => println!("SKIPPED: {why}"),
    }
}
