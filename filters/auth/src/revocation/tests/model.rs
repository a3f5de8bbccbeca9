//! Any history of two workers, against a list of what was revoked.

use proptest::prelude::*;
use sluicegate_common::store::memory::{Dialect, GetFault, SetFault};

use super::fake::{Process, neighbours, revocation};
use super::*;

/// Tokens of a subject, one more than twice what a subject has entries for.
const PER_SUBJECT: usize = 17;

#[derive(Debug, Clone, Copy)]
enum Step {
    Revoke {
        token: usize,
        worker: bool,
        trouble: Option<Trouble>,
    },
    Check {
        token: usize,
        worker: bool,
    },
    /// Seconds.
    Pass(u8),
}

/// What the host does that must not be noticed.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    Mismatch,
    Torn,
}

/// A token, and the seconds from `NOW` to its being issued and to its expiry.
#[derive(Debug, Clone)]
struct Known {
    jti: String,
    sub: Option<String>,
    issued: Option<u64>,
    expires: u64,
    /// Whether it was revoked, and not in vain.
    revoked: bool,
}

impl Known {
    fn id(&self) -> TokenId<'_> {
        TokenId {
            iat: self.issued.map(later),
            exp: Some(later(self.expires)),
            ..token(Some(&self.jti), self.sub.as_deref())
        }
    }

    /// Until the skew is over.
    fn is_good(&self, at: u64) -> bool {
        at < self.expires + 60
    }

    fn is_revoked(&self, at: u64) -> bool {
        self.revoked && self.is_good(at)
    }
}

/// Six subjects and twenty tokens without one, all in one bucket: enough to fill it twice over.
fn universe() -> Vec<Known> {
    let mut all = Vec::new();
    let mut add = |jti: String, sub: Option<&String>| {
        let number = all.len() as u64;
        let issued = (number % 5 != 4).then_some(number * 7 % 50);
        let expires = 100 + number * 13 % 200;
        all.push(Known { jti, sub: sub.cloned(), issued, expires, revoked: false });
    };
    for sub in neighbours("sub", 6) {
        (0..PER_SUBJECT).for_each(|number| add(format!("{sub}-{number}"), Some(&sub)));
    }
    neighbours("jti", 20).into_iter().for_each(|jti| add(jti, None));
    all
}

/// Whether tokens of the subject may have become one entry that refuses this one too.
fn may_be_folded(all: &[Known], token: &Known, at: u64) -> bool {
    let same = |other: &&Known| token.sub.is_some() && other.sub == token.sub && other.revoked;
    let latest = all.iter().filter(same).map(|other| other.issued.unwrap_or(0)).max();
    let folds = all.iter().filter(same).count() > 8 && all.iter().filter(same).any(|other| other.is_good(at));
    folds && latest.is_some_and(|latest| token.issued.unwrap_or(0) <= latest)
}

fn check(all: &[Known], number: usize, at: u64, found: Result<bool, RevocationError>) -> Result<(), TestCaseError> {
    let token = &all[number];
    if token.is_revoked(at) {
        prop_assert_eq!(found, Ok(true), "forgotten at {}: {:?}", at, token);
    } else if !may_be_folded(all, token, at) {
        prop_assert_eq!(found, Ok(false), "never revoked, at {}: {:?}", at, token);
    }
    Ok(())
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let tokens = universe().len();
    let trouble = proptest::option::weighted(0.2, prop_oneof![Just(Trouble::Mismatch), Just(Trouble::Torn)]);
    // Now and then the tokens of one subject in a row, so that they fold.
    let token = prop_oneof![0..tokens, 0..PER_SUBJECT];
    let revoke =
        (token, any::<bool>(), trouble).prop_map(|(token, worker, trouble)| Step::Revoke { token, worker, trouble });
    let check = (0..tokens, any::<bool>()).prop_map(|(token, worker)| Step::Check { token, worker });
    proptest::collection::vec(prop_oneof![6 => revoke, 2 => check, 1 => (0..90_u8).prop_map(Step::Pass)], 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_revoked_is_refused_and_nothing_else(steps in steps(), kong: bool) {
        let process = Process::new(if kong { Dialect::Kong } else { Dialect::Envoy });
        let workers = [revocation("{}"), revocation("{}")];
        let mut all = universe();
        let mut at = 0;
        for step in steps {
            match step {
                Step::Pass(seconds) => at += u64::from(seconds),
                Step::Check { token, worker } => {
                    let found = workers[usize::from(worker)].is_revoked(&process, &all[token].id(), later(at));
                    check(&all, token, at, found)?;
                }
                Step::Revoke { token, worker, trouble } if all[token].is_good(at) => {
                    match trouble {
                        Some(Trouble::Mismatch) => process.shared.fail_set(SetFault::Mismatch),
                        Some(Trouble::Torn) => process.shared.fail_get(GetFault::Torn),
                        None => {}
                    }
                    let answer = workers[usize::from(worker)].revoke(&process, &all[token].id(), later(at));
                    if answer.is_err() {
                        prop_assert_eq!(answer, Err(RevocationError::Full));
                        let revoked = all.iter().filter(|token| token.is_revoked(at)).count();
                        prop_assert!(revoked >= 16, "full of {}", revoked);
                    }
                    all[token].revoked |= answer.is_ok();
                }
                Step::Revoke { .. } => {}
            }
        }
        for token in 0..all.len() {
            let found = workers[0].is_revoked(&process, &all[token].id(), later(at));
            check(&all, token, at, found)?;
        }
        prop_assert!(process.shared.len() <= 2, "one bucket and the seed");
    }
}
