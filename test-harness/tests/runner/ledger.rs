//! The ledger of differences: what it lets pass, and what it does not.

use test_harness::scenario::{Ledger, Mismatch, Report};

const LEDGER: &str = "
- {scenario: a/b, step: 2, field: headers.vary, found: Accept, reason: the codec folds lines}
";

struct Case {
    name: &'static str,
    scenario: &'static str,
    mismatches: &'static [(usize, &'static str, &'static str)],
    skipped: bool,
    want: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        name: "as listed",
        scenario: "a/b",
        mismatches: &[(2, "headers.vary", "\"Accept\"")],
        skipped: false,
        want: &[],
    },
    Case {
        name: "agrees now",
        scenario: "a/b",
        mismatches: &[],
        skipped: false,
        want: &["step 2: headers.vary agrees now: remove it from the ledger"],
    },
    Case { name: "not tried", scenario: "a/b", mismatches: &[], skipped: true, want: &[] },
    Case {
        name: "differs otherwise",
        scenario: "a/b",
        mismatches: &[(2, "headers.vary", "\"Cookie\"")],
        skipped: false,
        want: &["step 2: headers.vary: expected x, found \"Cookie\"", "remove it"],
    },
    Case {
        name: "differs elsewhere as well",
        scenario: "a/b",
        mismatches: &[(2, "headers.vary", "\"Accept\""), (3, "headers.vary", "\"Accept\"")],
        skipped: false,
        want: &["step 3: headers.vary"],
    },
    Case {
        name: "another scenario",
        scenario: "a/c",
        mismatches: &[(2, "headers.vary", "Accept")],
        skipped: false,
        want: &["step 2"],
    },
    Case { name: "another that agrees", scenario: "a/c", mismatches: &[], skipped: false, want: &[] },
];

#[test]
fn judges() {
    let ledger = Ledger::parse(LEDGER).expect("valid");
    for case in CASES {
        let mismatch = |(step, field, found): &(usize, &str, &str)| (*step, Mismatch::new(field, "x", found));
        let report = Report {
            schedules: None,
            scenario: case.scenario.to_owned(),
            backend: "envoy",
            skipped: case.skipped.then(|| "no clock".to_owned()),
            mismatches: case.mismatches.iter().map(mismatch).collect(),
            timelines: Vec::new(),
        };
        let wrong = ledger.judge(&report);
        let as_wanted = wrong.len() == case.want.len() && wrong.iter().zip(case.want).all(|(w, part)| w.contains(part));
        assert!(as_wanted, "{}: expected {:?}, found {wrong:?}", case.name, case.want);
    }
}

#[test]
fn wants_a_reason() {
    let silent = "- {scenario: a, step: 1, field: status, found: x, reason: ' '}";
    let error = Ledger::parse(silent).expect_err("no reason").to_string();
    assert!(error.contains("`reason`"), "{error}");
    assert!(Ledger::parse("- {scenario: a, step: 1, field: status, found: x}").is_err());
}

#[test]
fn knows_orphans() {
    let ledger = Ledger::parse(LEDGER).expect("valid");
    assert_eq!(ledger.orphans(&["a/c"]).collect::<Vec<_>>(), ["a/b"]);
    assert_eq!(ledger.orphans(&["a/b"]).count(), 0);
}

#[test]
fn the_projects_own_is_valid() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/envoy-differences.yaml");
    Ledger::load(file.as_ref()).unwrap_or_else(|error| panic!("{error}"));
}
