//! Every scenario file, in wasmtime: one test each, named by its path (`cors::preflight-allowed`).

use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use test_harness::backend::wasmtime::Wasmtime;
use test_harness::scenario::{Verdict, find, load, run};

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = find(&root).expect("the folder of scenarios is part of the crate");
    let trials = files.into_iter().map(|file| {
        let below = file.strip_prefix(&root).expect("found below it").with_extension("");
        let name = below.to_string_lossy().replace('/', "::");
        let root = root.clone();
        Trial::test(name, move || {
            let scenario = load(&root, &file)?;
            let report = run(&scenario, &Wasmtime);
            match report.verdict() {
                Verdict::Failed => Err(Failed::from(format!("{}\n{report}", scenario.name))),
                Verdict::Passed | Verdict::Skipped(_) => Ok(()),
            }
        })
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}
