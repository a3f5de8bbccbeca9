//! No path that some server takes for one below `/admin` passes as another.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;

use super::targets;
use crate::path::{NormalPath, segments};

/// How the most careless server may read a path: undecoded or decoded up to three times, backslashes as slashes,
/// parameters dropped, slashes merged, dot segments resolved, dots and blanks at the end of segments dropped.
fn careless_readings(target: &[u8]) -> BTreeSet<Vec<u8>> {
    let raw = target.split(|&b| b == b'?').next().unwrap().to_vec();
    let mut decoded = raw.split(|&b| b == b'#').next().unwrap().to_vec();
    let mut readings = vec![raw, decoded.clone()];
    for _ in 0..3 {
        decoded = unquote(&decoded);
        readings.push(decoded.clone());
    }
    for reading in readings.clone() {
        let slashes: Vec<u8> = reading.iter().map(|&b| if b == b'\\' { b'/' } else { b }).collect();
        let bare: Vec<&[u8]> = slashes.split(|&b| b == b'/').map(|s| s.split(|&b| b == b';').next().unwrap()).collect();
        let mut resolved: Vec<&[u8]> = Vec::new();
        for segment in bare.iter().copied() {
            match segment {
                b".." => _ = resolved.pop(),
                b"" | b"." => {}
                _ => {
                    let end = segment.iter().rposition(|b| !b". \t\0".contains(b)).map_or(0, |last| last + 1);
                    resolved.push(&segment[..end]);
                }
            }
        }
        let joined = bare.join(&b'/');
        let mut merged = joined.clone();
        merged.dedup_by(|a, b| *a == b'/' && *b == b'/');
        readings.extend([slashes.clone(), joined, merged, [b"/", resolved.join(&b'/').as_slice()].concat()]);
    }
    readings.into_iter().collect()
}

fn unquote(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let escape = text.get(at..at + 3).filter(|s| s[0] == b'%' && s[1..].iter().all(u8::is_ascii_hexdigit));
        match escape {
            Some(escape) => {
                decoded.push(u8::from_str_radix(std::str::from_utf8(&escape[1..]).unwrap(), 16).unwrap());
                at += 3;
            }
            None => {
                decoded.push(text[at]);
                at += 1;
            }
        }
    }
    decoded
}

fn below(text: &[u8], prefix: &[u8]) -> bool {
    let text = text.to_ascii_lowercase();
    text.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

fn some_server_sees_admin(target: &[u8]) -> bool {
    careless_readings(target).iter().any(|reading| below(reading, b"/admin"))
}

/// What a rule on the prefix `/admin` does: it holds for the path, or the request was refused before.
fn held_or_refused(target: &[u8]) -> bool {
    let path = NormalPath::of(target);
    path.ambiguity().is_some() || segments(path.text()).next().is_some_and(|s| s.eq_ignore_ascii_case(b"admin"))
}

/// What a rule that opens the prefix `/public` does.
fn opened(target: &[u8]) -> bool {
    let path = NormalPath::of(target);
    path.ambiguity().is_none() && below(path.text(), b"/public")
}

#[test]
fn none_of_the_known_variants_slips() {
    let Some(file) = std::env::var_os("SLUICEGATE_CASES") else {
        println!("skipped: SLUICEGATE_CASES is not set");
        return;
    };
    let file = std::path::Path::new(&file).join("security/path_bypass.json");
    let file: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let paths = file["paths"].as_array().unwrap();
    let (mut admin, mut refused, mut others_refused) = (0, 0, Vec::new());
    for case in paths {
        let path = case["path"].as_str().unwrap();
        let sees_admin = case["worst_case_admin"].as_bool().unwrap();
        assert_eq!(some_server_sees_admin(path.as_bytes()), sees_admin, "the model disagrees: {path:?}");
        let why = NormalPath::of(path.as_bytes()).ambiguity();
        if sees_admin {
            assert!(held_or_refused(path.as_bytes()), "{} slips: {path:?}", case["id"]);
            (admin, refused) = (admin + 1, refused + usize::from(why.is_some()));
            assert!(!opened(path.as_bytes()), "{} is open: {path:?}", case["id"]);
        } else if let Some(why) = why {
            others_refused.push(format!("{path:?} {why}"));
        }
    }
    println!("{} paths: {admin} may mean /admin, of these {refused} are refused and the rest matched;", paths.len());
    println!("refused though none of these servers sees /admin: {others_refused:#?}");
    assert!(admin > 0);
}

#[test]
fn envoys_own_vectors_for_information() {
    let Some(file) = std::env::var_os("SLUICEGATE_CASES") else {
        println!("skipped: SLUICEGATE_CASES is not set");
        return;
    };
    let file = std::path::Path::new(&file).join("security/envoy_path_vectors.json");
    let file: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    for vector in file["rfc3986_normalise"].as_array().unwrap() {
        let [path, envoy] = [&vector[0], &vector[1]].map(|v| v.as_str());
        let ours = NormalPath::of(path.unwrap().as_bytes());
        let ours = ours.ambiguity().map_or(String::from_utf8_lossy(ours.text()).into_owned(), |why| why.to_string());
        println!("{path:?}: Envoy {envoy:?}, here {ours:?}");
    }
}

#[test]
fn plain_paths_are_not_refused() {
    for path in [
        "/public",
        "/public/",
        "/public/a.b/c-d_e~f",
        "/public/%C3%A9?x=;#",
        "/public//a",
        "/public/a%20b",
        "/public/@b:c",
        "/public/100%25",
        "/api/v1/users/42/orders?page=2&sort=-date",
        "/public/.well-known/x",
        "/public/a+b,c=d",
    ] {
        assert_eq!(NormalPath::of(path.as_bytes()).ambiguity(), None, "{path:?}");
        assert!(path.starts_with("/api") || opened(path.as_bytes()), "{path:?}");
    }
}

/// Paths of which many mean /admin to somebody.
fn near_admin() -> impl Strategy<Value = Vec<u8>> {
    const FRAGMENTS: &[&str] = &[
        "/",
        "//",
        "\\",
        "%2f",
        "%5c",
        "%252f",
        ".",
        "%2e",
        "%252e",
        "..",
        "%2e%2e",
        "/../",
        "/./",
        ";",
        ";a=b",
        "%3b",
        "#",
        "%23",
        "%00",
        "%09",
        " ",
        "%20",
        "%25",
        "?",
        "admin",
        "ADMIN",
        "adm%69n",
        "%61dmin",
        "%2561dmin",
        "public",
        "x",
    ];
    proptest::collection::vec(proptest::sample::select(FRAGMENTS), 0..8)
        .prop_map(|parts| format!("/{}", parts.concat()).into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn no_variant_slips(target in prop_oneof![near_admin(), targets()]) {
        if some_server_sees_admin(&target) {
            prop_assert!(held_or_refused(&target), "{}", target.escape_ascii());
        }
    }

    #[test]
    fn nothing_open_means_admin(target in prop_oneof![near_admin(), targets()]) {
        prop_assert!(!(opened(&target) && some_server_sees_admin(&target)), "{}", target.escape_ascii());
    }
}
