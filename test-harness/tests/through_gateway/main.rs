//! Every scenario file of a filter, played with the gateway: the filter's config is the gateway's field, the
//! expectations are the same. In wasmtime under every profile, and in real Envoy. What is the gateway's own way stands in
//! `as.yaml`; where it differs in a single scenario, in `differences.yaml`, each with its reason, or fails.

mod wrap;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use test_harness::Profile;
use test_harness::backend::Backend;
use test_harness::backend::envoy::{Envoy, Install};
use test_harness::backend::wasmtime::Wasmtime;
use test_harness::scenario::{Ledger, Scenario, find, load, run};

use wrap::As;

/// All that a trial needs.
struct Bench {
    wrapping: As,
    ledger: Ledger,
    /// None: why the trials in Envoy are ignored.
    envoy: Option<Envoy>,
}

fn main() {
    let arguments = Arguments::from_args();
    let install = Install::find();
    if let Err(why) = &install {
        eprintln!("all scenarios in Envoy are skipped: {why}");
    }
    let bench = Arc::new(Bench {
        wrapping: As::load(&own("as.yaml")).unwrap_or_else(|why| panic!("{why}")),
        ledger: Ledger::load(&own("differences.yaml")).unwrap_or_else(|why| panic!("{why}")),
        envoy: install.ok().map(Envoy::new),
    });
    let files: Vec<PathBuf> = bench.wrapping.modules().flat_map(files).collect();
    let ids: Vec<String> = files.iter().map(|file| id(file)).collect();
    let mut trials: Vec<Trial> = Vec::new();
    for file in &files {
        trials.extend(Profile::ALL.into_iter().map(|profile| in_wasmtime(&bench, file, profile)));
        trials.push(in_envoy(&bench, file));
    }
    let of_ledger = Arc::clone(&bench);
    trials.push(Trial::test("the ledger names scenarios that exist", move || {
        let known: Vec<&str> = ids.iter().map(String::as_str).collect();
        match of_ledger.ledger.orphans(&known).next() {
            Some(orphan) => Err(Failed::from(format!("no scenario is named {orphan}"))),
            None => Ok(()),
        }
    }));
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop(bench); // ends the processes: `exit` runs no destructors
    conclusion.exit();
}

fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/through_gateway").join(name)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn files(module: &str) -> Vec<PathBuf> {
    find(&root().join(module)).unwrap_or_else(|why| panic!("{why}"))
}

fn id(file: &Path) -> String {
    file.strip_prefix(root()).expect("found below it").with_extension("").to_string_lossy().into_owned()
}

fn in_wasmtime(bench: &Arc<Bench>, file: &Path, profile: Profile) -> Trial {
    let name = match profile {
        Profile::Envoy => id(file).replace('/', "::"),
        Profile::Kong => format!("kong::{}", id(file).replace('/', "::")),
    };
    let (scenario, backend) = (load(&root(), file), Wasmtime { profile });
    if let Some(why) = scenario.as_ref().ok().and_then(|scenario| scenario.left_out(&backend)) {
        return Trial::test(name, || Ok(())).with_kind(why).with_ignored_flag(true);
    }
    let bench = Arc::clone(bench);
    Trial::test(name, move || bench.play(scenario?, &backend))
}

fn in_envoy(bench: &Arc<Bench>, file: &Path) -> Trial {
    let name = format!("envoy::{}", id(file).replace('/', "::"));
    let scenario = load(&root(), file);
    let Some(envoy) = &bench.envoy else {
        return Trial::test(name, || Ok(())).with_ignored_flag(true);
    };
    if let Some(why) = scenario.as_ref().ok().and_then(|scenario| scenario.left_out(envoy)) {
        return Trial::test(name, || Ok(())).with_kind(why).with_ignored_flag(true);
    }
    let bench = Arc::clone(bench);
    Trial::test(name, move || match &bench.envoy {
        Some(envoy) => bench.play(scenario?, envoy),
        None => Ok(()),
    })
}

impl Bench {
    fn play(&self, scenario: Scenario, backend: &dyn Backend) -> Result<(), Failed> {
        let scenario = self.wrapping.wrap(scenario)?;
        let report = run(&scenario, backend);
        if let Some(why) = &report.skipped {
            eprintln!("skipped {}: {why}", report.scenario);
        }
        match self.ledger.judge(&report).as_slice() {
            [] => Ok(()),
            wrong => Err(Failed::from(format!("{}\n{}", scenario.name, wrong.join("\n")))),
        }
    }
}
