//! Every scenario file in wasmtime, under every profile: one test each, named by its path
//! (`cors::preflight-allowed` as Envoy, `kong::cors::preflight-allowed` as Kong's engine). What a
//! file leaves out is ignored, with its reason.

use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use test_harness::Profile;
use test_harness::backend::wasmtime::Wasmtime;
use test_harness::scenario::{Verdict, find, load, run};

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = find(&root).expect("the folder of scenarios is part of the crate");
    let profiles = Profile::ALL.into_iter();
    let trials = profiles.flat_map(|profile| files.iter().map(|file| trial(&root, file, profile)).collect::<Vec<_>>());
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn trial(root: &Path, file: &Path, profile: Profile) -> Trial {
    let below = file.strip_prefix(root).expect("found below it").with_extension("");
    let name = below.to_string_lossy().replace('/', "::");
    let name = match profile {
        Profile::Envoy => name,
        Profile::Kong => format!("kong::{name}"),
    };
    let (scenario, backend) = (load(root, file), Wasmtime { profile });
    if let Some(why) = scenario.as_ref().ok().and_then(|scenario| scenario.left_out(&backend)) {
        return Trial::test(name, || Ok(())).with_kind(why).with_ignored_flag(true);
    }
    Trial::test(name, move || {
        let scenario = scenario?;
        let report = run(&scenario, &backend);
        match report.verdict() {
            Verdict::Failed => Err(Failed::from(format!("{}\n{report}", scenario.name))),
            Verdict::Passed | Verdict::Skipped(_) => Ok(()),
        }
    })
}
