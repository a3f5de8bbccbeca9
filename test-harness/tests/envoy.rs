//! Every scenario file, in real Envoy: the same files, the same expectations. What differs is in
//! `envoy-differences.yaml`, each with its reason, or fails.

use std::path::Path;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use test_harness::backend::envoy::{Envoy, Install};
use test_harness::scenario::{Ledger, Verdict, find, load, run};

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = find(&root).expect("the folder of scenarios is part of the crate");
    let names: Vec<String> = files.iter().map(|file| id(&root, file)).collect();
    let install = Install::find();
    if let Err(why) = &install {
        eprintln!("all scenarios are skipped: {why}");
    }
    let envoy = install.ok().map(|install| Arc::new(Envoy::new(install)));
    let trials = files.into_iter().zip(&names).map(|(file, id)| {
        let name = id.replace('/', "::");
        match &envoy {
            Some(envoy) => {
                let (envoy, root) = (Arc::clone(envoy), root.clone());
                Trial::test(name, move || play(&root, &file, &envoy))
            }
            None => Trial::test(name, || Ok(())).with_ignored_flag(true),
        }
    });
    let mut trials: Vec<Trial> = trials.collect();
    trials.push(Trial::test("the ledger names scenarios that exist", move || {
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        match ledger()?.orphans(&known).next() {
            Some(orphan) => Err(Failed::from(format!("no scenario is named {orphan}"))),
            None => Ok(()),
        }
    }));
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop(envoy); // ends the processes: `exit` runs no destructors
    conclusion.exit();
}

fn id(root: &Path, file: &Path) -> String {
    file.strip_prefix(root).expect("found below it").with_extension("").to_string_lossy().into_owned()
}

fn ledger() -> Result<Ledger, Failed> {
    Ok(Ledger::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy-differences.yaml"))?)
}

fn play(root: &Path, file: &Path, envoy: &Envoy) -> Result<(), Failed> {
    let scenario = load(root, file)?;
    let report = run(&scenario, envoy);
    let wrong = ledger()?.judge(&report);
    if !wrong.is_empty() {
        return Err(Failed::from(format!("{}\n{}", scenario.name, wrong.join("\n"))));
    }
    if let Verdict::Skipped(why) = report.verdict() {
        eprintln!("skipped {}: {why}", report.scenario);
    }
    Ok(())
}
