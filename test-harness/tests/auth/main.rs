//! The auth filter in a real Envoy with two workers, under load: an issuer that rotates its keys and dies, tokens that
//! name keys nobody has, more waiting requests than may wait, and a full table of revocations.
//!
//! Envoy's wall clock is moved, so that hours pass in seconds. What is missing (Envoy, the library that moves its clock,
//! the module) is told, and the tests are ignored then.

mod client;
mod crowds;
mod gateway;
mod issuer;
mod load;
mod mint;
mod revocations;
mod rotation;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::gateway::Install;

fn main() {
    let install = Install::find();
    if let Err(why) = &install {
        eprintln!("all are skipped: {why}");
    }
    type Test = fn(&Install) -> Result<(), Failed>;
    let tests: [(&str, Test); 4] = [
        ("keys are rotated under load, then their server dies", rotation::rotated_under_load),
        ("kids nobody has make for one fetch per min_refresh", crowds::unknown_kids),
        ("256 requests wait in each worker, the others are refused", crowds::waiting_requests),
        ("a full table of revocations refuses the next and forgets nothing", revocations::full_table),
    ];
    let trial = |(name, test): (&str, Test)| match install.clone() {
        Ok(install) => Trial::test(name, move || test(&install)),
        Err(_) => Trial::test(name, || Ok(())).with_ignored_flag(true),
    };
    libtest_mimic::run(&Arguments::from_args(), tests.into_iter().map(trial).collect()).exit();
}
