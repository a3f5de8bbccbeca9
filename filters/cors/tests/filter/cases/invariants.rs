//! Single answers and what must stand in them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Answer, Lines, Player, Score, config, load};

#[derive(Deserialize)]
struct Case {
    id: String,
    policy: Value,
    request: Request,
    expect: Expect,
    strength: String,
    #[serde(default)]
    upstream_response: BTreeMap<String, String>,
    upstream_status: Option<u16>,
    #[serde(default)]
    chain: Vec<String>,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    headers: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Expect {
    upstream: Option<bool>,
    status: Option<u16>,
    status_in: Option<Vec<u16>>,
    equals: BTreeMap<String, String>,
    absent: Vec<String>,
    list_contains: BTreeMap<String, Vec<String>>,
    not_list_contains: BTreeMap<String, Vec<String>>,
    vary_contains: Vec<String>,
    vary_count: BTreeMap<String, usize>,
    exposed_should_include: Vec<String>,
}

/// Answers hold what they must.
pub fn play(player: &mut dyn Player) -> Option<Score> {
    let mut score = Score::of("header_invariants.json");
    for case in load::<Case>(score.file)? {
        if case.chain.iter().any(|part| part.contains("exhausted")) {
            score.leave_out("needs a rate limit behind it");
            continue;
        }
        let mut request = lines(&case.request.headers);
        request.push((":method".into(), case.request.method.clone().into_bytes()));
        let status = case.upstream_status.unwrap_or(200);
        let answer = player.play(&config(&case.policy), request, status, lines(&case.upstream_response));
        let verdict = answer.ok_or("the config is refused".to_owned()).and_then(|answer| check(&case.expect, &answer));
        score.add(&case.id, &case.strength, verdict);
    }
    Some(score)
}

fn lines(fields: &BTreeMap<String, String>) -> Lines {
    fields.iter().map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect()
}

fn check(expect: &Expect, answer: &Answer) -> Result<(), String> {
    let require = |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("{what}: {answer:?}")) };
    let elements = |name: &str| -> Vec<String> {
        answer.get(name).unwrap_or_default().split(',').map(|element| element.trim().to_ascii_lowercase()).collect()
    };
    let has = |name: &str, element: &str| elements(name).contains(&element.to_ascii_lowercase());
    require(expect.upstream.is_none_or(|reached| reached == answer.reached), "upstream")?;
    require(expect.status.is_none_or(|status| status == answer.status), "status")?;
    require(expect.status_in.as_ref().is_none_or(|any| any.contains(&answer.status)), "status")?;
    for (name, want) in &expect.equals {
        require(answer.get(name).as_ref() == Some(want), name)?;
    }
    for name in &expect.absent {
        require(answer.get(name).is_none(), name)?;
    }
    for (name, want) in &expect.list_contains {
        require(want.iter().all(|element| has(name, element)), name)?;
    }
    for (name, unwanted) in &expect.not_list_contains {
        require(!unwanted.iter().any(|element| has(name, element)), name)?;
    }
    require(expect.vary_contains.iter().all(|name| has("vary", name)), "vary")?;
    for (name, count) in &expect.vary_count {
        require(elements("vary").iter().filter(|found| *found == name).count() == *count, "vary")?;
    }
    require(expect.exposed_should_include.iter().all(|name| has("access-control-expose-headers", name)), "exposed")
}
