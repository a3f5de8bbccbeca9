//! The cases that are a token under a config.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use test_harness::Request;
use test_harness::backend::{Backend, Sent};

use crate::cases::{self, Case, FILES, NOW, Score, Verdict, load_lines};
use crate::player::{Setting, code, shows};
use crate::{audiences, documents};

/// Every file and its cases.
pub fn batches() -> Vec<(String, Vec<Case>)> {
    let files = FILES.into_iter().map(|file| format!("jwt/{file}.jsonl"));
    let mut batches: Vec<(String, Vec<Case>)> = files.map(|file| (file.clone(), load_lines(&file))).collect();
    batches.push(("jwt/audience_envoy.jsonl".to_owned(), audiences::cases()));
    batches.push(("jwt/jwks_documents_envoy.jsonl".to_owned(), documents::cases()));
    batches.retain(|(_, cases)| !cases.is_empty());
    batches
}

/// Where the keys are.
#[derive(Clone, Copy)]
pub enum Keys {
    Config,
    Fetched,
}

/// What came of a token.
#[derive(Clone, Debug)]
pub enum Seen {
    /// It reached the upstream.
    Passed,
    /// 400, 401, 403 or 431.
    Refused(String),
    /// The config was refused.
    ConfigRefused,
    /// Anything else.
    Failed(String),
}

/// Why a case is not played; `None`: it is.
pub fn left_out(case: &Case) -> Option<&'static str> {
    match case.layer.as_str() {
        "jws" | "parse" => Some("the signature or the parser alone: played on the rules"),
        _ if !case.http_testable => Some("it cannot stand in a header"),
        _ => None,
    }
}

/// One verdict for both places of the keys. A set of keys in config that is refused at load, and of which a published
/// one leaves nothing, lets no token in.
pub fn verdict(in_config: Seen, fetched: Seen) -> Verdict {
    match (in_config, fetched) {
        (Seen::ConfigRefused, Seen::ConfigRefused) => Verdict::Invalid("config refused".to_owned()),
        (Seen::ConfigRefused, Seen::Failed(why)) if why.starts_with("503") => {
            Verdict::Invalid("no key to use: config refused, fetched 503".to_owned())
        }
        (Seen::Passed | Seen::ConfigRefused, Seen::Passed) => Verdict::Valid,
        (Seen::Refused(_) | Seen::ConfigRefused, Seen::Refused(why)) => Verdict::Invalid(why),
        (in_config, fetched) => Verdict::Failed(format!("keys in config: {in_config:?}, fetched: {fetched:?}")),
    }
}

/// Plays a file's cases, prints the score and gives what failed.
pub fn play(backend: &dyn Backend, title: &str, cases: &[Case]) -> Vec<String> {
    let mut score = Score::of(format!("{title} in {}", backend.name()));
    let played: Vec<&Case> = cases.iter().filter(|case| left_out(case).is_none()).collect();
    let in_config = seen(backend, &played, Keys::Config);
    let fetched = seen(backend, &played, Keys::Fetched);
    for case in cases {
        let verdict = match left_out(case) {
            Some(why) => Verdict::Skipped(why),
            None => verdict(in_config[&case.id].clone(), fetched[&case.id].clone()),
        };
        score.add(case, verdict);
    }
    score.settle()
}

/// What comes of each case, by its id. Those of the same config and clock are played in one proxy.
fn seen(backend: &dyn Backend, cases: &[&Case], keys: Keys) -> BTreeMap<String, Seen> {
    let mut groups: BTreeMap<String, Vec<&Case>> = BTreeMap::new();
    for case in cases {
        let setting = setting(case, keys);
        let group = format!("{} {:?} {:?}", setting.authenticator, setting.published, setting.now);
        groups.entry(group).or_default().push(case);
    }
    let mut seen = BTreeMap::new();
    for group in groups.values() {
        let requests: Vec<Request> = group.iter().map(|case| request(case)).collect();
        let sent = setting(group[0], keys).play(backend, &requests);
        for (at, case) in group.iter().enumerate() {
            let found = sent.as_ref().map_or(Seen::ConfigRefused, |sent| of(case, &sent[at]));
            seen.insert(case.id.clone(), found);
        }
    }
    seen
}

fn setting(case: &Case, keys: Keys) -> Setting {
    let documents = cases::documents(case);
    let places: Vec<Value> = match keys {
        Keys::Config => documents.iter().map(|jwks| json!({"jwks": jwks})).collect(),
        Keys::Fetched => (0..documents.len()).map(published_at).collect(),
    };
    let mut authenticator = cases::jwt(case, &places);
    authenticator["type"] = "jwt".into();
    let published = match keys {
        Keys::Config => Vec::new(),
        Keys::Fetched => documents.into_iter().map(cases::text).collect(),
    };
    Setting { authenticator, published, now: Some(case.now.unwrap_or(NOW)), ..Setting::default() }
}

fn published_at(document: usize) -> Value {
    json!({"remote": {"uri": format!("https://idp.example/{document}"), "cluster": "idp"}})
}

/// The case's token, and headers that only the filter may write.
fn request(case: &Case) -> Request {
    let mut request = shows(&case.token);
    let forged = case.map_claims.values().map(|header| (header.clone().into_bytes(), b"admin".to_vec()));
    request.headers.extend(forged);
    request
}

fn of(case: &Case, sent: &Sent) -> Seen {
    let status = sent.response.status;
    match (&sent.upstream, status) {
        (Some(upstream), _) => {
            for header in case.map_claims.values() {
                let lines = upstream.headers.iter().filter(|(name, _)| name == header.as_bytes());
                let values: Vec<&[u8]> = lines.map(|(_, value)| value.as_slice()).collect();
                let told = values.len() <= 1 && !values.contains(&b"admin".as_slice());
                let clean = !values.iter().any(|value| value.iter().any(u8::is_ascii_control));
                assert!(told && clean, "{}: the upstream is told {values:?}", case.id);
            }
            Seen::Passed
        }
        (None, 400 | 401 | 403 | 431) => Seen::Refused(code(sent)),
        (None, _) => Seen::Failed(format!("{status} {}", code(sent))),
    }
}
