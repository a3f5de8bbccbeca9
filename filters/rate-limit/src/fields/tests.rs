use std::time::Duration;

use deserr::deserialize;
use serde_json::{Value, json};
use sluicegate_common::head::{HeadState, HeaderMap, HeaderSource};
use sluicegate_common::proxy::Status;

use super::*;

/// The fields of a response; the status stands before them.
struct Upstream(Vec<(String, String)>);

impl HeaderSource for Upstream {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        Ok(self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone().into_bytes()))
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        HeaderMap::parse(HeaderMap::serialize(&self.0))
    }
}

fn fields(config: Value) -> Result<Fields, String> {
    deserialize::<Fields, _, ConfigErrors>(config).map_err(|errors| errors.to_string())
}

/// What the client gets, `name: value` a line.
fn written(styles: Value, uses: &[LimitUse], upstream: &[(&str, &str)]) -> Vec<String> {
    let owned = upstream.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (upstream, mut state) = (Upstream(owned), HeadState::default());
    let mut head = ResponseHead::new(&upstream, &mut state);
    fields(styles).unwrap().write(&mut uses.to_vec(), &mut head, &mut String::from("what was there"));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    head.iter().map(|(name, value)| format!("{}: {}", text(name), text(value))).collect()
}

fn limit(name: &str, quota: u32, window_ms: u64, remaining: u32, more_in_ms: u64) -> LimitUse {
    let (window, more_in) = (Duration::from_millis(window_ms), Duration::from_millis(more_in_ms));
    LimitUse { name: name.into(), quota, window, remaining, more_in, refused: false }
}

fn refusing(limit: LimitUse) -> LimitUse {
    LimitUse { refused: true, ..limit }
}

#[test]
fn a_list_of_styles_is_read() {
    struct Case {
        name: &'static str,
        given: Value,
        want: Result<Fields, &'static str>,
    }
    let cases = [
        Case { name: "nothing is told", given: json!([]), want: Ok(Fields::NONE) },
        Case { name: "the default", given: json!(["draft"]), want: Ok(Fields::default()) },
        Case {
            name: "all, in any order",
            given: json!(["x_ratelimit", "draft6", "draft"]),
            want: Ok(Fields { draft: true, draft6: true, x_ratelimit: true }),
        },
        Case {
            name: "twice",
            given: json!(["draft", "draft6", "draft", "draft"]),
            want: Err("[2]: it is in the list already\n[3]: it is in the list already"),
        },
        Case {
            name: "another word",
            given: json!(["draft", "draft-6"]),
            want: Err("[1]: expected \"draft\", \"draft6\" or \"x_ratelimit\", \
                       found \"draft-6\", did you mean \"draft6\"?"),
        },
        Case { name: "no list", given: json!("draft"), want: Err("config: expected an array, found a string") },
    ];
    for Case { name, given, want } in cases {
        assert_eq!(fields(given), want.map_err(str::to_owned), "{name}");
    }
}

#[test]
fn the_names_are_those_that_are_written() {
    let uses = [limit("a", 10, 1000, 9, 100)];
    for styles in 0..8 {
        let all = ["draft", "draft6", "x_ratelimit"].into_iter().enumerate();
        let chosen: Vec<&str> = all.filter(|(bit, _)| styles >> bit & 1 == 1).map(|(_, style)| style).collect();
        let mut names: Vec<&str> = fields(json!(chosen)).unwrap().names().collect();
        let lines = written(json!(chosen), &uses, &[]);
        let mut found: Vec<&str> = lines.iter().map(|line| line.split_once(": ").unwrap().0).collect();
        names.sort_unstable();
        found.sort_unstable();
        assert_eq!(names, found, "{chosen:?}");
    }
}

#[test]
fn fields_are_written() {
    struct Case {
        name: &'static str,
        styles: &'static [&'static str],
        uses: Vec<LimitUse>,
        want: &'static [&'static str],
    }
    let day = 86_400_000;
    let cases = [
        Case { name: "no limit applied", styles: &["draft", "draft6", "x_ratelimit"], uses: vec![], want: &[] },
        Case { name: "nothing is told", styles: &[], uses: vec![limit("a", 1, 1000, 0, 1000)], want: &[] },
        Case {
            name: "one limit",
            styles: &["draft"],
            uses: vec![limit("default", 100, 60_000, 12, 34_000)],
            want: &[r#"ratelimit-policy: "default";q=100;w=60"#, r#"ratelimit: "default";r=12;t=34"#],
        },
        Case {
            name: "policies in the order given, what is left tightest first",
            styles: &["draft"],
            uses: vec![limit("daily", 1000, day, 900, day - 1), limit("burst", 100, 60_000, 3, 1)],
            want: &[
                r#"ratelimit-policy: "daily";q=1000;w=86400, "burst";q=100;w=60"#,
                r#"ratelimit: "burst";r=3;t=1, "daily";r=900;t=86400"#,
            ],
        },
        Case {
            name: "a refused cost of 5",
            styles: &["draft", "x_ratelimit"],
            uses: vec![limit("a", 100, 1000, 0, 900), refusing(limit("b_2-c", 10, 1500, 3, 2001))],
            want: &[
                r#"ratelimit-policy: "a";q=100;w=1, "b_2-c";q=10;w=2"#,
                r#"ratelimit: "b_2-c";r=3;t=3, "a";r=0;t=1"#,
                "x-ratelimit-limit: 10",
                "x-ratelimit-remaining: 3",
                "x-ratelimit-reset: 3",
            ],
        },
        Case {
            name: "as express-rate-limit's standardHeaders",
            styles: &["draft6"],
            uses: vec![limit("default", 5, 60_000, 4, 60_000), limit("other", 5, 1000, 5, 0)],
            want: &["ratelimit-policy: 5;w=60", "ratelimit-limit: 5", "ratelimit-remaining: 4", "ratelimit-reset: 60"],
        },
        Case {
            name: "the policy is that of the draft",
            styles: &["draft6", "draft"],
            uses: vec![limit("default", 5, 60_000, 5, 0)],
            want: &[
                r#"ratelimit-policy: "default";q=5;w=60"#,
                r#"ratelimit: "default";r=5;t=0"#,
                "ratelimit-limit: 5",
                "ratelimit-remaining: 5",
                "ratelimit-reset: 0",
            ],
        },
        Case {
            name: "the largest of all",
            styles: &["draft"],
            uses: vec![LimitUse { window: Duration::MAX, more_in: Duration::MAX, ..limit("a", u32::MAX, 0, 0, 0) }],
            want: &[
                r#"ratelimit-policy: "a";q=4294967295;w=999999999999999"#,
                r#"ratelimit: "a";r=0;t=999999999999999"#,
            ],
        },
    ];
    for Case { name, styles, uses, want } in cases {
        assert_eq!(written(json!(styles), &uses, &[]), want, "{name}");
    }
}

#[test]
fn what_the_upstream_says_is_replaced() {
    let upstream = [
        ("content-type", "text/plain"),
        ("ratelimit", "limit=5, remaining=4, reset=60"),
        ("ratelimit-policy", "5;w=60"),
        ("ratelimit-limit", "5"),
        ("ratelimit-limit", "6"),
        ("ratelimit-remaining", "4"),
        ("ratelimit-reset", "60"),
        ("x-ratelimit-limit", "5000"),
        ("x-ratelimit-remaining", "4987"),
        ("x-ratelimit-reset", "1372700873"),
        ("x-ratelimit-used", "13"),
    ];
    struct Case {
        name: &'static str,
        styles: &'static [&'static str],
        want: &'static [&'static str],
    }
    let cases = [
        Case {
            name: "draft: nothing of the family speaks of other policies",
            styles: &["draft"],
            want: &[
                "content-type: text/plain",
                "x-ratelimit-limit: 5000",
                "x-ratelimit-remaining: 4987",
                "x-ratelimit-reset: 1372700873",
                "x-ratelimit-used: 13",
                r#"ratelimit-policy: "a";q=10;w=1"#,
                r#"ratelimit: "a";r=9;t=1"#,
            ],
        },
        Case {
            name: "draft6",
            styles: &["draft6"],
            want: &[
                "content-type: text/plain",
                "x-ratelimit-limit: 5000",
                "x-ratelimit-remaining: 4987",
                "x-ratelimit-reset: 1372700873",
                "x-ratelimit-used: 13",
                "ratelimit-policy: 10;w=1",
                "ratelimit-limit: 10",
                "ratelimit-remaining: 9",
                "ratelimit-reset: 1",
            ],
        },
        Case {
            name: "x_ratelimit: the other family is the upstream's",
            styles: &["x_ratelimit"],
            want: &[
                "content-type: text/plain",
                "ratelimit: limit=5, remaining=4, reset=60",
                "ratelimit-policy: 5;w=60",
                "ratelimit-limit: 5",
                "ratelimit-limit: 6",
                "ratelimit-remaining: 4",
                "ratelimit-reset: 60",
                "x-ratelimit-used: 13",
                "x-ratelimit-limit: 10",
                "x-ratelimit-remaining: 9",
                "x-ratelimit-reset: 1",
            ],
        },
    ];
    let uses = [limit("a", 10, 1000, 9, 100)];
    for Case { name, styles, want } in cases {
        assert_eq!(written(json!(styles), &uses, &upstream), want, "{name}");
    }
    let untouched = written(json!(["draft", "draft6", "x_ratelimit"]), &[], &upstream);
    assert_eq!(untouched, upstream.map(|(name, value)| format!("{name}: {value}")), "no limit applied");
}

#[test]
fn the_tightest_comes_first() {
    struct Case {
        name: &'static str,
        uses: Vec<LimitUse>,
        want: &'static [&'static str],
    }
    let cases = [
        Case { name: "one", uses: vec![limit("a", 1, 1, 1, 0)], want: &["a"] },
        Case {
            name: "one that refused, whatever is left of others",
            uses: vec![limit("empty", 10, 1, 0, 99), refusing(limit("refused", 10, 1, 9, 1))],
            want: &["refused", "empty"],
        },
        Case {
            name: "of two that refused the emptier",
            uses: vec![refusing(limit("some", 10, 1, 2, 9)), refusing(limit("none", 10, 1, 0, 1))],
            want: &["none", "some"],
        },
        Case {
            name: "least left in proportion, not in number",
            uses: vec![limit("half", 10, 1, 5, 9), limit("tenth", 1000, 1, 100, 1), limit("full", 1, 1, 1, 0)],
            want: &["tenth", "half", "full"],
        },
        Case {
            name: "among the largest as well",
            uses: vec![limit("more", u32::MAX, 1, u32::MAX, 1), limit("less", u32::MAX, 1, u32::MAX - 1, 1)],
            want: &["less", "more"],
        },
        Case {
            name: "the longest wait",
            uses: vec![limit("short", 2, 1, 1, 10), limit("long", 4, 1, 2, 20), limit("mid", 8, 1, 4, 15)],
            want: &["long", "mid", "short"],
        },
        Case {
            name: "equals stay in order",
            uses: vec![limit("a", 2, 1, 1, 10), limit("b", 4, 9, 2, 10), limit("first", 4, 9, 0, 10)],
            want: &["first", "a", "b"],
        },
    ];
    for Case { name, mut uses, want } in cases {
        tightest_first(&mut uses);
        let names: Vec<&str> = uses.iter().map(|limit| &*limit.name).collect();
        assert_eq!(names, want, "{name}");
    }
}

#[test]
fn seconds_are_rounded_up() {
    let cases = [(0, 0), (1, 1), (999_999_999, 1), (1_000_000_000, 1), (1_000_000_001, 2), (59_000_000_001, 60)];
    for (nanos, want) in cases {
        assert_eq!(value::seconds(Duration::from_nanos(nanos)), want, "{nanos}");
    }
    let window = |nanos| LimitUse { window: Duration::from_nanos(nanos), ..limit("a", 1, 0, 0, 0) };
    let mut text = String::new();
    assert_eq!(value::policies(&[window(0)], &mut text), r#""a";q=1;w=1"#, "a window is never zero");
    assert_eq!(value::nameless_policy(&window(0), &mut text), "1;w=1");
}

#[test]
fn values_are_made_in_the_memory_of_others() {
    let largest = LimitUse { window: Duration::MAX, ..limit("abc", u32::MAX, 0, 0, 0) };
    let mut text = String::with_capacity(100);
    let before = text.as_ptr();
    value::policies(&[largest.clone(), largest.clone()], &mut text);
    value::standings(&[largest], &mut text);
    assert_eq!(text.as_ptr(), before);
}

#[test]
fn no_two_limits_are_told_by_one_name() {
    let long = "k".repeat(63);
    let uses = ["burst", "burst", "burst-2", &long, &long].map(|name| limit(name, 10, 60_000, 5, 6_000));
    let stem = "k".repeat(60);
    let item = |name: &str| format!("\"{name}\";r=5;t=6");
    let want = ["burst", "burst-2", "burst-2-2", &long, &format!("{stem}-2")].map(item).join(", ");
    assert!(written(json!(["draft"]), &uses, &[]).contains(&format!("ratelimit: {want}")), "{want}");
}
