//! Whole conversations of a browser.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::fetch::Page;
use super::{Player, Score, config, load};

#[derive(Deserialize)]
struct Case {
    id: String,
    policy: Value,
    request: Request,
    browser: String,
    strength: String,
    upstream_must_not_see: Option<String>,
    /// The lines of Access-Control-Request-Headers, where a proxy split them.
    raw_acrh: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Request {
    origin: String,
    method: String,
    headers: BTreeMap<String, String>,
    credentials: String,
    #[serde(default)]
    private_network: bool,
}

/// A browser lets pages do what the policy says.
pub fn play(player: &mut dyn Player) -> Option<Score> {
    let mut score = Score::of("fetch_flows.json");
    for case in load::<Case>(score.file)? {
        score.add(&case.id, &case.strength, judge(&case, player));
    }
    Some(score)
}

fn judge(case: &Case, player: &mut dyn Player) -> Result<(), String> {
    let config = config(&case.policy);
    let mut exchange = |request| player.play(&config, request, 200, vec![]).ok_or("the config is refused");
    let page = Page {
        origin: case.request.origin.clone(),
        method: case.request.method.clone(),
        headers: case.request.headers.clone().into_iter().collect(),
        credentials: case.request.credentials == "include",
        private_network: case.request.private_network,
    };
    let mut verdict = Ok(());
    let mut seen_upstream = Vec::new();
    if page.needs_preflight() {
        let mut preflight = page.preflight();
        if let Some(lines) = &case.raw_acrh {
            const NAME: &str = "access-control-request-headers";
            preflight.retain(|(name, _)| name != NAME);
            preflight.extend(lines.iter().map(|line| (NAME.to_owned(), line.clone().into_bytes())));
        }
        let answer = exchange(preflight)?;
        if answer.reached {
            seen_upstream.push("OPTIONS");
        }
        verdict = page.may_send(&answer);
    }
    if verdict.is_ok() {
        let answer = exchange(page.actual())?;
        seen_upstream.push(&page.method);
        verdict = page.may_read(&answer);
    }
    if let Some(method) = &case.upstream_must_not_see
        && seen_upstream.contains(&method.as_str())
    {
        return Err(format!("the upstream saw {method}"));
    }
    match (verdict, case.browser.as_str()) {
        (Ok(()), "allow") | (Err(_), "deny") => Ok(()),
        (verdict, want) => Err(format!("expected {want}, found {verdict:?}")),
    }
}
