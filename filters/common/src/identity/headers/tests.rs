use std::io::Write as _;

use super::{remove_spellings, spells};
use crate::facts::fake::FakeHost;
use crate::head::{HeadState, RequestHead};

#[test]
fn every_spelling_is_found() {
    let cases: [(&[u8], bool); 15] = [
        (b"x-consumer-id", true),
        (b"X-Consumer-ID", true),
        (b"x_consumer_id", true),
        (b"X.Consumer.Id", true),
        (b"x-consumer_id", true),
        (b"x~consumer!id", true),
        (b"x-consumer-id ", true),
        (b"x-consumer-ids", false),
        (b"x-consumer-i", false),
        (b"xconsumerid", false),
        (b"y-consumer-id", false),
        (b"x-consumer--id", false),
        (b"x-consumer-groups", false),
        (b"", false),
        (b"x\xffconsumer\xffid", true),
    ];
    for (name, want) in cases {
        assert_eq!(spells(name, "x-consumer-id"), want, "{}", name.escape_ascii());
    }
}

#[test]
fn every_spelling_is_removed_and_nothing_else() {
    let fields =
        [("x-user", "a"), ("X_User", "b"), ("x.user", "c"), ("x-role", "d"), ("x-users", "e"), ("x-user", "f")];
    let host = FakeHost::new(&fields);
    let mut state = HeadState::default();
    let mut head = RequestHead::new(&host, &mut state);
    remove_spellings(&["x-user", "x-role", "x-none"], &mut head).unwrap();
    let left: Vec<_> = head.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
    assert_eq!(left, [(b"x-users".to_vec(), b"e".to_vec())]);
}

#[test]
fn a_configured_name_may_hold_other_bytes() {
    assert!(spells(b"x-user.role", "x_user-role"));
    assert!(!spells(b"x-user-role", "x-user-name"));
}

/// Reads conformance data from where `SLUICEGATE_CASES` says; it is no part of this project.
#[test]
fn spoofed_names_of_the_conformance_cases() {
    let Ok(folder) = std::env::var("SLUICEGATE_CASES") else {
        // Not by `eprintln!`, which the test runner keeps to itself when a test passes.
        return writeln!(std::io::stderr(), "SKIPPED spoofed_names: set SLUICEGATE_CASES to the folder of cases")
            .unwrap();
    };
    let lines = std::fs::read_to_string(format!("{folder}/security/tests.jsonl")).unwrap();
    let mut judged = 0;
    for line in lines.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        if case["class"] != "identity-header-spoofing" {
            continue;
        }
        for header in case["request"]["headers"].as_array().unwrap() {
            let name = header[0].as_str().unwrap();
            if ["authorization", "connection"].contains(&name) {
                continue;
            }
            assert!(spells(name.as_bytes(), "x-user-id"), "{}: {name:?}", case["id"]);
            judged += 1;
        }
    }
    assert!(judged > 0, "no spoofed header in {folder}");
}
