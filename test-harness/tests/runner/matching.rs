//! Expected against found.

use test_harness::scenario::{Expect, Found, Pattern, Reached, Saw, mismatches};
use test_harness::{Headers, Response, UpstreamRequest};

struct Case {
    name: &'static str,
    expect: Expect,
    found: Found,
    /// The fields that do not match.
    want: &'static [&'static str],
}

fn headers(pairs: &[(&str, &str)]) -> Headers {
    pairs.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect()
}

fn answered(status: u16, pairs: &[(&str, &str)], body: &str) -> Found {
    let response = Response { status, headers: headers(pairs), body: body.into(), ..Response::default() };
    Found { response, ..Found::default() }
}

fn wanted(pairs: &[(&str, &[&str])]) -> Vec<(String, Vec<Pattern>)> {
    pairs
        .iter()
        .map(|(name, lines)| ((*name).to_owned(), lines.iter().map(|line| Pattern::from(*line)).collect()))
        .collect()
}

fn passed_on(found: Found) -> Found {
    Found { upstream: Some(UpstreamRequest::default()), ..found }
}

fn responses() -> Vec<Case> {
    let lines = [("vary", "Origin"), ("vary", "Accept")];
    vec![
        Case { name: "nothing asked", expect: Expect::default(), found: answered(404, &[], ""), want: &[] },
        Case {
            name: "a 5xx nobody asked for",
            expect: Expect::default(),
            found: answered(503, &[], ""),
            want: &["status"],
        },
        Case {
            name: "a reset nobody asked for",
            expect: Expect::default(),
            found: answered(0, &[], ""),
            want: &["status"],
        },
        Case {
            name: "a 5xx of the upstream",
            expect: Expect::default(),
            found: Found { scripted_status: Some(503), ..passed_on(answered(503, &[], "")) },
            want: &[],
        },
        Case {
            name: "a 5xx as the upstream would have given, had it been asked",
            expect: Expect::default(),
            found: Found { scripted_status: Some(503), ..answered(503, &[], "") },
            want: &["status"],
        },
        Case {
            name: "a 5xx that is asked for",
            expect: Expect { status: Some(503), ..Expect::default() },
            found: answered(503, &[], ""),
            want: &[],
        },
        Case {
            name: "all lines in order",
            expect: Expect { headers: wanted(&[("vary", &["Origin", "Accept"])]), ..Expect::default() },
            found: answered(200, &lines, ""),
            want: &[],
        },
        Case {
            name: "another order",
            expect: Expect { headers: wanted(&[("vary", &["Accept", "Origin"])]), ..Expect::default() },
            found: answered(200, &lines, ""),
            want: &["headers.vary"],
        },
        Case {
            name: "one line too many",
            expect: Expect { headers: wanted(&[("vary", &["Origin"])]), ..Expect::default() },
            found: answered(200, &lines, ""),
            want: &["headers.vary"],
        },
        Case {
            name: "a header that must not be there, in any case",
            expect: Expect { absent: vec!["Vary".to_owned()], ..Expect::default() },
            found: answered(200, &lines, ""),
            want: &["absent.Vary"],
        },
        Case {
            name: "JSON may have more members",
            expect: Expect { json: serde_json::from_str(r#"{"a":{"b":1}}"#).ok(), ..Expect::default() },
            found: answered(200, &[], r#"{"a":{"b":1,"c":2},"d":3}"#),
            want: &[],
        },
        Case {
            name: "JSON lists are whole",
            expect: Expect { json: serde_json::from_str("[1]").ok(), ..Expect::default() },
            found: answered(200, &[], "[1,2]"),
            want: &["json"],
        },
        Case {
            name: "no JSON at all",
            expect: Expect { json: serde_json::from_str("{}").ok(), ..Expect::default() },
            found: answered(200, &[], "<html>"),
            want: &["json"],
        },
    ]
}

fn surroundings() -> Vec<Case> {
    let logged =
        |line: &str| Found { logs: vec![line.to_owned()], all_logs: vec![line.to_owned()], ..answered(200, &[], "") };
    let trapped = || Found { diagnostics: vec!["trap in x".to_owned()], ..answered(200, &[], "") };
    vec![
        Case {
            name: "reached",
            expect: Expect { upstream: Some(Reached::Reached), ..Expect::default() },
            found: answered(200, &[], ""),
            want: &["upstream"],
        },
        Case {
            name: "untouched",
            expect: Expect { upstream: Some(Reached::Untouched), ..Expect::default() },
            found: passed_on(answered(200, &[], "")),
            want: &["upstream"],
        },
        Case {
            name: "seen by nobody",
            expect: Expect { saw: Some(Saw::default()), ..Expect::default() },
            found: answered(200, &[], ""),
            want: &["saw"],
        },
        Case {
            name: "seen otherwise",
            expect: Expect {
                saw: Some(Saw { path: Some("/a".into()), absent: vec!["x-b".to_owned()], ..Saw::default() }),
                ..Expect::default()
            },
            found: Found {
                upstream: Some(UpstreamRequest {
                    headers: headers(&[(":path", "/c"), ("x-b", "")]),
                    ..UpstreamRequest::default()
                }),
                ..answered(200, &[], "")
            },
            want: &["saw.path", "saw.absent.x-b"],
        },
        Case {
            name: "a metric that does not exist",
            expect: Expect { metrics: [("m".to_owned(), 0)].into(), ..Expect::default() },
            found: answered(200, &[], ""),
            want: &["metrics.m"],
        },
        Case {
            name: "a line that is logged, and one that must not be",
            expect: Expect { logs: vec!["told".into()], unlogged: vec!["s3cret".into()], ..Expect::default() },
            found: logged("I told you s3cret"),
            want: &["unlogged"],
        },
        Case {
            name: "a diagnostic nobody expects",
            expect: Expect::default(),
            found: trapped(),
            want: &["diagnostics"],
        },
        Case {
            name: "a diagnostic that is expected",
            expect: Expect { diagnostics: vec!["trap".into()], ..Expect::default() },
            found: trapped(),
            want: &[],
        },
        Case {
            name: "a diagnostic that does not come",
            expect: Expect { diagnostics: vec!["trap".into()], ..Expect::default() },
            found: answered(200, &[], ""),
            want: &["diagnostics"],
        },
        Case {
            name: "a diagnostic that the backend could not see",
            expect: Expect { diagnostics: vec!["unknown cluster".into()], ..Expect::default() },
            found: Found { sees_only_traps: true, ..answered(200, &[], "") },
            want: &[],
        },
    ]
}

#[test]
fn names_what_does_not_match() {
    for Case { name, expect, found, want } in responses().into_iter().chain(surroundings()) {
        let list = mismatches(&expect, &found);
        let fields: Vec<&str> = list.iter().map(|mismatch| mismatch.field.as_str()).collect();
        assert_eq!(fields, want, "{name}: {list:?}");
    }
}

#[test]
fn patterns_are_anchored_and_know_bytes() {
    let digits = Pattern::matching("[0-9]|10").expect("valid");
    assert!(digits.fits(b"10"));
    assert!(!digits.fits(b"100"));
    assert!(Pattern::matching(r"caf\xe9").expect("valid").fits(b"caf\xe9"));
    assert!(!Pattern::from("caf").fits(b"caf\xe9"));
}
