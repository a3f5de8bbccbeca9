//! Conformance data, read from where `SLUICEGATE_CASES` says; it is no part of this project.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Case {
    id: String,
    strength: String,
    config: Config,
    request: CaseRequest,
    expect: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Config {
    from_headers: Vec<Value>,
    from_params: Vec<String>,
    from_cookies: Vec<String>,
}

#[derive(Deserialize)]
struct CaseRequest {
    #[serde(default)]
    headers: Vec<(String, String)>,
    path: Option<String>,
}

impl Config {
    fn sources(&self) -> Sources {
        let headers = self.from_headers.iter().map(|header| {
            let mut header = header.clone();
            header["header"] = header["name"].take();
            header.as_object_mut().unwrap().remove("name");
            header
        });
        let parameters = self.from_params.iter().map(|name| json!({"query": name}));
        let cookies = self.from_cookies.iter().map(|name| json!({"cookie": name}));
        sources(headers.chain(parameters).chain(cookies).collect())
    }
}

impl Case {
    /// Whether it is as it should be; `None` if that is not for this room to say.
    fn holds(&self) -> Option<bool> {
        let path = self.request.path.iter().map(|path| (":path".to_owned(), path.clone().into_bytes()));
        let fields = self.request.headers.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes()));
        let request = Request(path.chain(fields).collect());
        let sources = self.config.sources();
        let shown = request.find(&sources).map(|shown| shown.map(|(credential, _)| credential));
        Some(match self.expect.split(' ').next()? {
            "T" => shown == Ok(Some(b"T".to_vec())),
            "none" => shown == Ok(None),
            "invalid" => shown == Err(Reason::Malformed),
            "none/invalid" => matches!(shown, Ok(None) | Err(Reason::Malformed)),
            "upstream" => {
                shown == Ok(Some(b"T".to_vec())) && request.hidden(&sources).values("authorization").is_empty()
            }
            _ => return None,
        })
    }
}

/// The file of that name among the cases; tells that the test is skipped where there are none.
pub(crate) fn cases(name: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("SLUICEGATE_CASES") else {
        // Not captured, as what a test prints is.
        _ = writeln!(std::io::stderr(), "SKIPPED {name}: set SLUICEGATE_CASES to the folder of cases");
        return None;
    };
    Some(std::fs::read_to_string(PathBuf::from(folder).join(name)).unwrap())
}

/// Counts by strength, and what failed.
#[derive(Default)]
pub(crate) struct Score {
    counts: BTreeMap<String, [usize; 3]>,
    failed: Vec<String>,
}

impl Score {
    pub fn add(&mut self, id: &str, strength: &str, holds: Option<bool>) {
        let [passed, failed, elsewhere] = self.counts.entry(strength.to_owned()).or_default();
        match holds {
            Some(true) => *passed += 1,
            Some(false) => *failed += 1,
            None => *elsewhere += 1,
        }
        if holds == Some(false) && strength != "policy" {
            self.failed.push(id.to_owned());
        }
    }

    pub fn settle(self, name: &str) {
        let counts = self.counts.iter().map(|(strength, [passed, failed, elsewhere])| {
            format!("{strength}: {passed} passed, {failed} failed, {elsewhere} not about this room")
        });
        let counts: Vec<String> = counts.collect();
        _ = writeln!(std::io::stderr(), "{name}: {}", counts.join("; "));
        assert!(!self.counts.is_empty(), "{name} holds no case");
        assert!(self.failed.is_empty(), "{name}: {:?}", self.failed);
    }
}

#[test]
fn extraction() {
    let Some(text) = cases("jwt/extraction.json") else { return };
    let mut score = Score::default();
    for case in serde_json::from_str::<Vec<Case>>(&text).unwrap() {
        score.add(&case.id, &case.strength, case.holds());
    }
    score.settle("jwt/extraction.json");
}
