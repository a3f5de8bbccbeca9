//! Revocations as a worker makes them and sees them.

mod fake;
mod interleaving;
mod model;

use std::time::Duration;

use fake::{BOTH, Process, revocation};
use sluicegate_common::proxy::Status;
use sluicegate_common::store::memory::{GetFault, SetFault};
use sluicegate_common::store::{SharedStore as _, StoreError};
use sluicegate_common::time::Nanos;

use super::*;

const NOW: Nanos = Nanos(1_700_000_000_000_000_000);

fn later(seconds: u64) -> Nanos {
    NOW.plus(Duration::from_secs(seconds))
}

/// Issued a minute ago, good for an hour.
fn token<'a>(jti: Option<&'a str>, sub: Option<&'a str>) -> TokenId<'a> {
    TokenId {
        issuer: "own",
        jti,
        sub,
        consumer: None,
        iat: Some(Nanos(NOW.0 - 60_000_000_000)),
        exp: Some(later(3600)),
        max_lifetime: None,
        signing_input: b"header.payload",
    }
}

#[test]
fn a_token_is_known_by_jti_or_by_what_was_signed() {
    let signed = |jti, signing_input| TokenId { signing_input, ..token(jti, Some("john")) };
    struct Case<'a> {
        name: &'static str,
        revoked: TokenId<'a>,
        asked: TokenId<'a>,
        want: bool,
    }
    let by_jti = signed(Some("a"), b"h.1");
    let without = signed(None, b"h.1");
    let cases = [
        Case { name: "the same jti", revoked: by_jti, asked: signed(Some("a"), b"h.2"), want: true },
        Case { name: "another jti", revoked: by_jti, asked: signed(Some("b"), b"h.1"), want: false },
        Case { name: "no jti", revoked: by_jti, asked: without, want: false },
        Case { name: "another issuer", revoked: by_jti, asked: TokenId { issuer: "idp", ..by_jti }, want: false },
        Case { name: "the same was signed", revoked: without, asked: without, want: true },
        Case { name: "something else was signed", revoked: without, asked: signed(None, b"h.2"), want: false },
        Case { name: "an empty jti is none", revoked: signed(Some(""), b"h.1"), asked: without, want: true },
        Case {
            name: "an empty jti is not shared",
            revoked: signed(Some(""), b"h.1"),
            asked: signed(Some(""), b"h.2"),
            want: false,
        },
        Case { name: "without a subject", revoked: token(Some("a"), None), asked: token(Some("a"), None), want: true },
        Case {
            name: "an empty subject is none",
            revoked: token(Some("a"), Some("")),
            asked: token(Some("a"), None),
            want: true,
        },
        Case {
            name: "the parts have borders",
            revoked: TokenId { issuer: "ow", ..token(Some("na"), None) },
            asked: token(Some("a"), None),
            want: false,
        },
    ];
    for dialect in BOTH {
        for Case { name, revoked, asked, want } in &cases {
            let process = Process::new(dialect);
            let (here, there) = (revocation("{}"), revocation("{}"));
            assert_eq!(there.is_revoked(&process, asked, NOW), Ok(false), "{name}, before");
            assert_eq!(here.revoke(&process, revoked, NOW), Ok(()), "{name}");
            assert_eq!(there.is_revoked(&process, asked, NOW), Ok(*want), "{name}, {dialect:?}");
        }
    }
}

#[test]
fn the_config_revokes_too() {
    struct Case<'a> {
        name: &'static str,
        config: &'static str,
        token: TokenId<'a>,
        want: bool,
    }
    let john = token(Some("a"), Some("john"));
    let nameless = token(None, None);
    let issued = |iat| TokenId { iat, ..john };
    let before = r#"{"issued_before": "2023-11-14T22:13:20Z"}"#;
    let cases = [
        Case { name: "nothing", config: "{}", token: john, want: false },
        Case { name: "its jti", config: r#"{"jti": ["b", "a"]}"#, token: john, want: true },
        Case { name: "of any issuer", config: r#"{"jti": ["a"]}"#, token: TokenId { issuer: "x", ..john }, want: true },
        Case { name: "another jti", config: r#"{"jti": ["A", "aa"]}"#, token: john, want: false },
        Case { name: "its subject", config: r#"{"sub": ["john"]}"#, token: john, want: true },
        Case { name: "a jti is no subject", config: r#"{"sub": ["a"], "jti": ["john"]}"#, token: john, want: false },
        Case { name: "it names nothing", config: r#"{"sub": ["a"], "jti": ["b"]}"#, token: nameless, want: false },
        Case { name: "issued before", config: before, token: issued(Some(Nanos(NOW.0 - 1))), want: true },
        Case { name: "issued then", config: before, token: issued(Some(NOW)), want: false },
        Case { name: "issued who knows when", config: before, token: issued(None), want: true },
    ];
    for Case { name, config, token, want } in cases {
        let process = Process::new(BOTH[0]);
        assert_eq!(revocation(config).is_revoked(&process, &token, NOW), Ok(want), "{name}");
    }
}

#[test]
fn what_the_config_revokes_needs_no_store() {
    let process = Process::new(BOTH[0]);
    process.shared.fail_get(GetFault::Fails(Status::InternalFailure));
    let revoked = revocation(r#"{"jti": ["a"]}"#).is_revoked(&process, &token(Some("a"), None), NOW);
    assert_eq!(revoked, Ok(true));
}

#[test]
fn an_entry_lives_as_long_as_any_authenticator_takes_the_token() {
    let process = Process::new(BOTH[0]);
    // Its clock skew is a minute.
    let revocation = revocation("{}");
    let (an_hour, for_ever) = (token(Some("a"), None), TokenId { exp: None, ..token(Some("b"), None) });
    revocation.revoke(&process, &an_hour, NOW).unwrap();
    revocation.revoke(&process, &for_ever, NOW).unwrap();
    for (seconds, want) in [(0, true), (3600, true), (3659, true), (3660, false)] {
        assert_eq!(revocation.is_revoked(&process, &an_hour, later(seconds)), Ok(want), "after {seconds} s");
    }
    assert_eq!(revocation.is_revoked(&process, &for_ever, Nanos(u64::MAX - 1)), Ok(true));
}

#[test]
fn a_subject_who_logs_out_often_has_one_entry() {
    let process = Process::new(BOTH[0]);
    let revocation = revocation("{}");
    let names: Vec<String> = (0..100).map(|n| format!("jti-{n}")).collect();
    for name in &names {
        revocation.revoke(&process, &token(Some(name), Some("john")), NOW).unwrap();
    }
    for name in &names {
        assert_eq!(revocation.is_revoked(&process, &token(Some(name), Some("john")), NOW), Ok(true), "{name}");
    }
    let new = TokenId { iat: Some(NOW), ..token(Some("new"), Some("john")) };
    assert_eq!(revocation.is_revoked(&process, &new, NOW), Ok(false), "a later login");
    let other = TokenId { issuer: "idp", ..token(Some("other"), Some("john")) };
    assert_eq!(revocation.is_revoked(&process, &other, NOW), Ok(false), "john of another issuer");
    assert_eq!(process.shared.len(), 2, "one bucket and the seed");
}

#[test]
fn a_bounded_life_bounds_what_a_fold_refuses() {
    let process = Process::new(BOTH[0]);
    let revocation = revocation("{}");
    let of_john = |jti| TokenId { max_lifetime: Some(Duration::from_secs(7200)), ..token(Some(jti), Some("john")) };
    for jti in ["1", "2", "3", "4", "5", "6", "7", "8", "9"] {
        revocation.revoke(&process, &of_john(jti), NOW).unwrap();
    }
    // Issued with the others, a minute before now: no token of then is good after 7200 s and the skew of 60 s.
    let longest = TokenId { exp: Some(later(7140)), ..of_john("10") };
    for (seconds, want) in [(3661, true), (7199, true), (7200, false)] {
        assert_eq!(revocation.is_revoked(&process, &longest, later(seconds)), Ok(want), "after {seconds} s");
    }
}

#[test]
fn the_table_is_bounded_and_a_full_bucket_says_so() {
    for dialect in BOTH {
        let process = Process::new(dialect);
        let revocation = revocation("{}");
        let names: Vec<String> = (0..6000).map(|n| format!("jti-{n}")).collect();
        let (mut revoked, mut refused) = (Vec::new(), 0);
        for name in &names {
            let token = token(Some(name), None);
            let moved = process.counted();
            match revocation.revoke(&process, &token, NOW) {
                Ok(()) => revoked.push(token),
                Err(error) => {
                    assert_eq!(error, RevocationError::Full);
                    assert_eq!(process.counted(), moved, "nothing to tell other workers");
                    assert_eq!(revocation.is_revoked(&process, &token, NOW), Ok(false));
                    refused += 1;
                }
            }
        }
        assert!(revoked.len() <= 4096 && revoked.len() > 3900, "{} of 4096 places taken", revoked.len());
        assert_eq!(refused + revoked.len(), 6000);
        assert_eq!(process.shared.len(), 257);
        assert!(revoked.iter().all(|token| revocation.is_revoked(&process, token, NOW) == Ok(true)));
        // They have expired: there is room again.
        let late = TokenId { exp: Some(later(9000)), ..token(Some("late"), None) };
        assert_eq!(revocation.revoke(&process, &late, later(3660)), Ok(()));
    }
}

#[test]
fn what_cannot_be_known_is_an_error() {
    struct Case {
        name: &'static str,
        spoil: fn(&Process),
        want: Result<bool, RevocationError>,
    }
    let failed = Err(RevocationError::Store(StoreError::Host(Status::InternalFailure)));
    const FAILS: GetFault = GetFault::Fails(Status::InternalFailure);
    let cases = [
        Case { name: "nothing wrong", spoil: |_| (), want: Ok(true) },
        Case { name: "the seed", spoil: |process| process.shared.fail_get(FAILS), want: failed },
        Case { name: "a torn seed", spoil: |process| process.shared.fail_get(GetFault::Torn), want: Ok(true) },
        Case { name: "the bucket", spoil: |process| process.buckets.set(Some(FAILS)), want: failed },
        Case { name: "a torn bucket", spoil: |process| process.buckets.set(Some(GetFault::Torn)), want: Ok(true) },
    ];
    for dialect in BOTH {
        for Case { name, spoil, want } in &cases {
            let process = Process::new(dialect);
            let revocation = revocation("{}");
            let token = token(Some("a"), Some("john"));
            revocation.revoke(&process, &token, NOW).unwrap();
            spoil(&process);
            assert_eq!(revocation.is_revoked(&process, &token, NOW), *want, "{name}, {dialect:?}");
        }
    }
}

#[test]
fn a_revocation_that_fails_says_so() {
    struct Case {
        name: &'static str,
        spoil: fn(&Process),
        want: Result<(), RevocationError>,
        /// Whether the token is refused afterwards.
        revoked: bool,
    }
    const STATUS: Status = Status::InternalFailure;
    let store = |error| Err(RevocationError::Store(error));
    let cases = [
        Case { name: "nothing wrong", spoil: |_| (), want: Ok(()), revoked: true },
        Case {
            name: "lost races",
            spoil: |process| (0..20).for_each(|_| process.shared.fail_set(SetFault::Mismatch)),
            want: Ok(()),
            revoked: true,
        },
        Case {
            name: "the store cannot be written",
            spoil: |process| process.shared.fail_set(SetFault::Fails(STATUS)),
            want: store(StoreError::Host(STATUS)),
            revoked: false,
        },
        Case {
            name: "every race is lost",
            spoil: |process| (0..32).for_each(|_| process.shared.fail_set(SetFault::Mismatch)),
            want: store(StoreError::Contention),
            revoked: false,
        },
        Case {
            name: "no random numbers",
            spoil: |process| process.random.set(Err(STATUS)),
            want: Err(RevocationError::Random(STATUS)),
            revoked: false,
        },
        Case {
            name: "no counters",
            spoil: |process| process.metrics.set(Some(STATUS)),
            want: Err(RevocationError::Epoch(STATUS)),
            revoked: false,
        },
    ];
    for dialect in BOTH {
        for Case { name, spoil, want, revoked } in &cases {
            let process = Process::new(dialect);
            let revocation = revocation("{}");
            let token = token(Some("a"), Some("john"));
            spoil(&process);
            assert_eq!(revocation.revoke(&process, &token, NOW), *want, "{name}, {dialect:?}");
            let found = revocation.is_revoked(&process, &token, NOW);
            assert_eq!(found, Ok(*revoked), "afterwards: {name}, {dialect:?}");
        }
    }
}

#[test]
fn a_table_that_something_else_wrote_is_an_error() {
    let process = Process::new(BOTH[0]);
    let revocation = revocation("{}");
    let token = token(Some("a"), Some("john"));
    process.shared.update("sg:auth:revoked:seed", |state| state.set(b"short")).unwrap();
    assert_eq!(revocation.is_revoked(&process, &token, NOW), Err(RevocationError::Unreadable));
    assert_eq!(revocation.revoke(&process, &token, NOW), Err(RevocationError::Unreadable));
    process.shared.update("sg:auth:revoked:seed", |state| state.set(&[7; 16])).unwrap();
    for bucket in 0..=255_u8 {
        process.shared.update(&format!("sg:auth:revoked:{bucket:02x}"), |state| state.set(&[9; 49])).unwrap();
    }
    let writes = process.shared.writes();
    assert_eq!(revocation.is_revoked(&process, &token, NOW), Err(RevocationError::Unreadable));
    assert_eq!(revocation.revoke(&process, &token, NOW), Err(RevocationError::Unreadable));
    assert_eq!(process.shared.writes(), writes);
    assert_eq!(process.counted(), 0);
}

#[test]
fn the_seed_is_made_once() {
    let process = Process::new(BOTH[1]);
    let (one, two) = (token(Some("a"), None), token(Some("b"), None));
    revocation("{}").revoke(&process, &one, NOW).unwrap();
    process.random.set(Err(Status::InternalFailure));
    assert_eq!(revocation("{}").revoke(&process, &two, NOW), Ok(()));
    for token in [one, two] {
        assert_eq!(revocation("{}").is_revoked(&process, &token, NOW), Ok(true));
    }
}

/// Kong's engine may lose it. What was revoked is lost with it; what is revoked then is not.
#[test]
fn workers_agree_on_a_new_seed() {
    let process = Process::new(BOTH[1]);
    let (here, there) = (revocation("{}"), revocation("{}"));
    let (one, two) = (token(Some("a"), None), token(Some("b"), None));
    here.revoke(&process, &one, NOW).unwrap();
    assert_eq!(there.is_revoked(&process, &one, NOW), Ok(true));
    process.shared.evict("sg:auth:revoked:seed");
    process.random.set(Ok([9; 16]));
    there.revoke(&process, &two, NOW).unwrap();
    assert_eq!([&one, &two].map(|token| here.is_revoked(&process, token, NOW)), [Ok(false), Ok(true)]);
}

#[test]
fn checks_cost_few_reads() {
    let process = Process::new(BOTH[0]);
    let revocation = revocation("{}");
    let token = token(Some("a"), Some("john"));
    revocation.is_revoked(&process, &token, NOW).unwrap();
    assert_eq!(process.gets.replace(0), 1, "where nothing was ever revoked");
    revocation.revoke(&process, &token, NOW).unwrap();
    process.gets.set(0);
    revocation.is_revoked(&process, &token, NOW).unwrap();
    assert_eq!(process.gets.get(), 2);
}

#[test]
fn the_mark_moves_with_each_revocation_and_never_stands_still_unseen() {
    let process = Process::new(BOTH[0]);
    let (here, there) = (revocation("{}"), revocation("{}"));
    let token = token(Some("a"), None);
    let before = there.mark(&process);
    assert!(!there.mark(&process).has_moved_since(before));
    here.revoke(&process, &token, NOW).unwrap();
    let after = there.mark(&process);
    assert!(after.has_moved_since(before));
    assert!(!there.mark(&process).has_moved_since(after));
    here.revoke(&process, &token, NOW).unwrap();
    assert!(there.mark(&process).has_moved_since(after), "revoked again, should the first have failed half-way");

    process.metrics.set(Some(Status::NotFound));
    let unknown = there.mark(&process);
    assert!(unknown.has_moved_since(after));
    assert!(unknown.has_moved_since(unknown), "two readings that failed");
    process.metrics.set(None);
    assert!(there.mark(&process).has_moved_since(unknown));
}

#[test]
fn errors_say_what_happened() {
    let status = Status::BadArgument;
    for (error, want) in [
        (RevocationError::Full, "no room in the table of revocations"),
        (RevocationError::Store(StoreError::Host(status)), "table of revocations: shared data: BadArgument"),
        (RevocationError::Unreadable, "table of revocations: written by something else"),
        (RevocationError::Random(status), "seed of the table of revocations: BadArgument"),
        (RevocationError::Epoch(status), "counter of revocations: BadArgument"),
    ] {
        assert_eq!(error.to_string(), want);
    }
}
