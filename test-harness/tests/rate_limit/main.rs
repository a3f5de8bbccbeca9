//! The rate-limit filter in a real Envoy with two workers, under load: what scenario files cannot express.
//!
//! What is missing (Envoy, the library that moves its clock, the module) is told, and the tests are ignored then.
//! `SLUICEGATE_RATE_LIMIT_RUNS` (5) says how often what depends on luck is done, `SLUICEGATE_RATE_LIMIT_FLOOD`
//! (20000) how many clients the flood has.

mod client;
mod clock;
mod exact;
mod flood;
mod gateway;
mod load;
mod sliding;
mod two_keys;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::gateway::Install;

fn main() {
    let install = Install::find();
    if let Err(why) = &install {
        eprintln!("all are skipped: {why}");
    }
    type Test = fn(&Install) -> Result<(), Failed>;
    let tests: [(&str, Test); 7] = [
        ("a fixed window admits exactly its limit", exact::fixed_window),
        ("a token bucket admits exactly its burst", exact::token_bucket),
        ("many small limits admit exactly their limits", exact::small_limits),
        ("two limits with two keys never admit more, and what they gave up is there", two_keys::two_keys),
        ("a sliding window stays within its bound", sliding::stays_within_its_bound),
        ("a flood of clients frees nobody and costs no memory", flood::flood),
        ("a clock that jumps under load refills what is due, and nothing else", clock::jumps_under_load),
    ];
    let trial = |(name, test): (&str, Test)| match install.clone() {
        Ok(install) => Trial::test(name, move || test(&install)),
        Err(_) => Trial::test(name, || Ok(())).with_ignored_flag(true),
    };
    libtest_mimic::run(&Arguments::from_args(), tests.into_iter().map(trial).collect()).exit();
}

/// A whole number from the environment.
fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// How often to do what depends on luck.
fn runs() -> usize {
    setting("SLUICEGATE_RATE_LIMIT_RUNS", 5)
}

/// # Errors
/// The two differ.
fn expect<T: PartialEq + std::fmt::Debug>(found: T, want: T, what: impl std::fmt::Display) -> Result<(), String> {
    if found == want { Ok(()) } else { Err(format!("{what}: expected {want:?}, found {found:?}")) }
}
