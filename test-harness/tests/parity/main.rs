//! The harness against real Envoy, host call by host call. A table is a scenario whose requests tell the
//! probe (`test-harness/probe`) which functions to call; what it logged in wasmtime and in Envoy must be the
//! same. What differs is in `differences.yaml`, each with its reason, or fails.

mod compare;
mod ledger;
mod play;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Failed, Trial};
use test_harness::backend::envoy::{Envoy, Install};
use test_harness::backend::wasmtime::Wasmtime;
use test_harness::scenario::{find, load};

use compare::{Difference, compare};
use ledger::Ledger;
use play::{Played, play};

/// What all tables come to.
#[derive(Default)]
struct Tally {
    operations: AtomicUsize,
    explained: AtomicUsize,
    unexplained: AtomicUsize,
}

fn main() {
    let arguments = Arguments::from_args();
    let root = folder().join("tables");
    let files = find(&root).expect("the folder of tables is part of the crate");
    let names: Vec<String> = files.iter().map(|file| name(file)).collect();
    let install = Install::find();
    if let Err(why) = &install {
        eprintln!("parity: all tables are skipped: {why}");
    }
    // One process serves all tables without clusters, one after the other.
    let envoy = install.ok().map(|install| Arc::new(Mutex::new(Envoy::new(install))));
    let tally = Arc::new(Tally::default());
    let mut trials: Vec<Trial> = Vec::new();
    for (file, name) in files.into_iter().zip(&names) {
        let trial = match &envoy {
            Some(envoy) => {
                let (root, envoy, tally) = (root.clone(), Arc::clone(envoy), Arc::clone(&tally));
                Trial::test(name.clone(), move || {
                    check(&root, &file, &envoy.lock().unwrap_or_else(PoisonError::into_inner), &tally)
                })
            }
            None => Trial::test(name.clone(), || Ok(())).with_ignored_flag(true),
        };
        trials.push(trial);
    }
    trials.push(Trial::test("the ledger names tables that exist", move || match ledger()?.orphan(&names) {
        Some(orphan) => Err(Failed::from(format!("no table is named {orphan}"))),
        None => Ok(()),
    }));
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop(envoy); // ends the processes: `exit` runs no destructors
    let [operations, explained, unexplained] =
        [&tally.operations, &tally.explained, &tally.unexplained].map(|count| count.load(Ordering::Relaxed));
    println!("parity: {operations} operations, {} differences ({explained} explained)", explained + unexplained);
    conclusion.exit();
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity")
}

fn name(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn ledger() -> Result<Ledger, Failed> {
    Ledger::load(&folder().join("differences.yaml")).map_err(Failed::from)
}

/// Plays a table in both hosts and judges what differs.
fn check(root: &Path, file: &Path, envoy: &Envoy, tally: &Tally) -> Result<(), Failed> {
    let scenario = load(root, file)?;
    let ours = play(&scenario, &Wasmtime::default(), None).map_err(|why| format!("wasmtime: {why}"))?;
    let theirs = play(&scenario, envoy, Some(&ours)).map_err(|why| format!("envoy: {why}"))?;
    let mut wrong = play::mistakes(&scenario, &theirs);
    let differences = compare(&theirs, &ours);
    let verdict = ledger()?.judge(&name(file), differences);
    tally.operations.fetch_add(theirs.iter().map(Vec::len).sum(), Ordering::Relaxed);
    tally.explained.fetch_add(verdict.explained, Ordering::Relaxed);
    tally.unexplained.fetch_add(verdict.unexplained.len(), Ordering::Relaxed);
    wrong.extend(verdict.unexplained.iter().map(Difference::to_string));
    wrong.extend(verdict.stale);
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}
