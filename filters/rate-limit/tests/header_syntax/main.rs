//! The fields of the draft, read back by a library that knows nothing of us.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod draft;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use draft::{Field, Member, read};
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sfv::Parser;
use sluicegate_common::head::{HeadState, HeaderMap, HeaderSource, ResponseHead};
use sluicegate_common::limit_use::LimitUse;
use sluicegate_common::proxy::Status;
use sluicegate_common::reply::LocalReply;
use sluicegate_rate_limit::fields::Fields;

const POLICY: &str = "ratelimit-policy";
const RATE_LIMIT: &str = "ratelimit";

/// A conformance case: a value that a server might send.
#[derive(Deserialize)]
struct Case {
    id: String,
    field: String,
    value: String,
    valid: bool,
    sf_parses: bool,
}

/// A vector of the HTTP working group's suite for structured fields.
#[derive(Deserialize)]
struct Vector {
    name: String,
    /// None for those of serialisers.
    #[serde(default)]
    raw: Vec<String>,
    header_type: String,
    #[serde(default)]
    must_fail: bool,
    #[serde(default)]
    can_fail: bool,
}

/// The folder of these cases; `None`, and a word about it, where there is none.
fn cases(what: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("SLUICEGATE_CASES");
    if folder.is_none() {
        println!("ratelimit/{what}: SKIPPED, SLUICEGATE_CASES is not set");
    }
    folder.map(|folder| Path::new(&folder).join("ratelimit").join(what))
}

fn load<T: DeserializeOwned>(path: &Path) -> Vec<T> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The reader that the properties below trust.
#[test]
fn the_reader_agrees_with_the_cases() {
    let Some(path) = cases("header_syntax.json") else { return };
    let (cases, mut failed) = (load::<Case>(&path), Vec::new());
    for Case { id, field, value, valid, sf_parses } in &cases {
        let field = Field::named(field).unwrap_or_else(|| panic!("{id}: {field}"));
        let found = read(field, value);
        if found.is_ok() != *valid {
            failed.push(format!("{id}: valid is {valid}, but {value} gives {found:?}"));
        }
        let parses = Parser::new(value).parse::<sfv::List>();
        if parses.is_ok() != *sf_parses {
            failed.push(format!("{id}: sf_parses is {sf_parses}, but {value} gives {parses:?}"));
        }
    }
    let valid = cases.iter().filter(|case| case.valid).count();
    println!("ratelimit/header_syntax.json: {} cases, {valid} valid, {} verdicts wrong", cases.len(), failed.len());
    assert!(failed.is_empty() && !cases.is_empty(), "{}", failed.join("\n"));
}

/// The library beneath the reader.
#[test]
fn the_library_agrees_with_the_vectors() {
    let Some(folder) = cases("sf") else { return };
    let (mut judged, mut failed) = (0, Vec::new());
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let vectors = load::<Vector>(&path).into_iter();
        for vector in vectors.filter(|vector| !vector.raw.is_empty() && !vector.can_fail) {
            let value = vector.raw.join(", ");
            let parser = Parser::new(&value);
            let parses = match vector.header_type.as_str() {
                "item" => parser.parse::<sfv::Item>().is_ok(),
                "list" => parser.parse::<sfv::List>().is_ok(),
                _ => parser.parse::<sfv::Dictionary>().is_ok(),
            };
            judged += 1;
            if parses == vector.must_fail {
                failed.push(format!("{}: {}: {value:?}", path.display(), vector.name));
            }
        }
    }
    println!("ratelimit/sf: {judged} vectors, {} verdicts wrong", failed.len());
    assert!(failed.is_empty() && judged > 0, "{}", failed.join("\n"));
}

fn any_time() -> impl Strategy<Value = Duration> {
    let usual = (0..100_000_u64, 0..1_000_000_000_u32);
    let any = (any::<u64>(), 0..1_000_000_000_u32);
    prop_oneof![4 => usual, 1 => any].prop_map(|(secs, nanos)| Duration::new(secs, nanos))
}

fn any_use() -> impl Strategy<Value = LimitUse> {
    let quota = prop_oneof![1..2000_u32, 1..=u32::MAX];
    let left = quota.prop_flat_map(|quota| (Just(quota), 0..=quota));
    let parts = ("[a-z0-9_-]{1,63}", left, any_time(), any_time(), any::<bool>());
    parts.prop_map(|(name, (quota, remaining), window, more_in, refused)| LimitUse {
        name: name.into(),
        quota,
        window,
        remaining,
        more_in,
        refused,
    })
}

/// Nothing but a status: what a host would send without us.
struct Bare;

impl HeaderSource for Bare {
    fn first(&self, _: &str) -> Result<Option<Vec<u8>>, Status> {
        Ok(None)
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        Ok(HeaderMap::default())
    }
}

/// The values that are written, by name; every name must be written once.
fn written(uses: &[LimitUse], styles: &str) -> BTreeMap<String, String> {
    let styles: serde_json::Value = serde_json::from_str(styles).unwrap();
    let fields = deserr::deserialize::<Fields, _, sluicegate_common::config::ConfigErrors>(styles).unwrap();
    let mut state = HeadState::default();
    let mut head = ResponseHead::new(&Bare, &mut state);
    fields.write(&mut uses.to_vec(), &mut head, &mut String::new());
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut by_name = BTreeMap::new();
    for (name, value) in head.iter() {
        assert_eq!(by_name.insert(text(name), text(value)), None, "one line a name");
    }
    by_name
}

/// Whole seconds, rounded up, by another way: RFC 9651 allows 15 digits.
fn rounded_up(time: Duration) -> i64 {
    let seconds = time.as_nanos().div_ceil(1_000_000_000);
    seconds.min(999_999_999_999_999).try_into().unwrap()
}

fn policy(limit: &LimitUse) -> Member {
    let window = rounded_up(limit.window).max(1);
    Member { name: limit.name.to_string(), first: limit.quota.into(), second: Some(window) }
}

fn standing(limit: &LimitUse) -> Member {
    let wait = rounded_up(limit.more_in);
    Member { name: limit.name.to_string(), first: limit.remaining.into(), second: Some(wait) }
}

fn sorted(mut members: Vec<Member>) -> Vec<Member> {
    members.sort();
    members
}

proptest! {
    #[test]
    fn what_is_written_reads_back(uses in prop::collection::vec(any_use(), 1..6)) {
        let values = written(&uses, r#"["draft"]"#);
        prop_assert_eq!(values.len(), 2);
        let policies = read(Field::Policy, &values[POLICY]);
        prop_assert_eq!(policies, Ok(uses.iter().map(policy).collect::<Vec<_>>()));
        let standings = read(Field::RateLimit, &values[RATE_LIMIT]).unwrap();
        prop_assert_eq!(sorted(standings), sorted(uses.iter().map(standing).collect()));
    }

    #[test]
    fn the_first_is_the_tightest(uses in prop::collection::vec(any_use(), 1..6)) {
        let values = written(&uses, r#"["draft", "draft6", "x_ratelimit"]"#);
        let first = read(Field::RateLimit, &values[RATE_LIMIT]).unwrap().remove(0);
        let is_first = |limit: &&LimitUse| standing(limit) == first;
        let tightest: Vec<&LimitUse> = uses.iter().filter(is_first).collect();
        prop_assert!(!tightest.is_empty());
        for limit in &uses {
            let left = |limit: &LimitUse| f64::from(limit.remaining) / f64::from(limit.quota);
            let tighter = |tight: &&&LimitUse| {
                (tight.refused && !limit.refused) || (tight.refused == limit.refused && left(tight) <= left(limit))
            };
            prop_assert!(tightest.iter().any(|tight| tighter(&tight)), "{limit:?} is tighter than {tightest:?}");
        }
        for prefix in ["ratelimit", "x-ratelimit"] {
            prop_assert_eq!(&values[&format!("{prefix}-remaining")], &first.first.to_string());
            prop_assert_eq!(&values[&format!("{prefix}-reset")], &first.second.unwrap().to_string());
            let limit = &values[&format!("{prefix}-limit")];
            prop_assert!(tightest.iter().any(|tight| tight.quota.to_string() == *limit));
        }
    }

    /// A client told to wait may come back no earlier than any of the fields says.
    #[test]
    fn retry_after_is_never_earlier(limit in any_use(), longer in any_time()) {
        let limit = LimitUse { refused: true, ..limit };
        let wait = limit.more_in.saturating_add(longer);
        let retry_after = LocalReply::new(429, "rate_limited", "").retry_after(wait).retry_after_secs();
        let told = read(Field::RateLimit, &written(&[limit], r#"["draft"]"#)[RATE_LIMIT]).unwrap().remove(0);
        prop_assert!(i128::from(retry_after.unwrap()) >= i128::from(told.second.unwrap()).max(1));
    }
}
