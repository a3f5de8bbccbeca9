//! The table of the Go library rs/cors, as far as its policies are ours.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Lines, Player, Score, config, load};

#[derive(Deserialize)]
struct Case {
    id: String,
    policy: Value,
    policy_note: Option<String>,
    request: Request,
    expect: Expect,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    headers: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Expect {
    headers: BTreeMap<String, Vec<String>>,
}

/// Answers are those of rs/cors.
pub fn play(player: &mut dyn Player) -> Option<Score> {
    let mut score = Score::of("rs_cors.json");
    for case in load::<Case>(score.file)? {
        match translate(&case) {
            Err(reason) => score.leave_out(reason),
            Ok(config) => {
                let mut request: Lines = vec![(":method".into(), case.request.method.clone().into_bytes())];
                for (name, values) in &case.request.headers {
                    request.extend(values.iter().map(|value| (name.clone(), value.clone().into_bytes())));
                }
                let answer = player.play(&config, request, 200, vec![]).ok_or("the config is refused".to_owned());
                score.add(&case.id, "should", answer.and_then(|answer| check(&case, &answer)));
            }
        }
    }
    Some(score)
}

fn translate(case: &Case) -> Result<Value, &'static str> {
    if case.policy_note.is_some() {
        return Err("origins judged by a function");
    }
    let mut config = config(&case.policy);
    let any = case.policy["origins"].as_array().is_none_or(|origins| origins.iter().any(|origin| origin == "*"));
    if any && case.policy["credentials"] == true {
        return Err("a wildcard with credentials, which our config refuses");
    }
    if any {
        config["allow_origins"] = json!(["*"]);
    }
    // What rs/cors allows unless told otherwise.
    if case.policy["headers"].as_array().is_none_or(Vec::is_empty) {
        config["allow_headers"] = json!(["accept", "content-type", "x-requested-with"]);
    }
    Ok(config)
}

/// Lists are compared as sets of lower-cased names. Under a wildcard our answers to actual requests are the same for all
/// origins, hence without `Vary: Origin` and with `*` also where there is no Origin; theirs are not.
fn check(case: &Case, answer: &Answer) -> Result<(), String> {
    let elements = |text: &str| -> BTreeSet<String> {
        let all = text.split(',').map(|element| element.trim().to_ascii_lowercase());
        all.filter(|element| !element.is_empty()).collect()
    };
    let mut want: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, values) in &case.expect.headers {
        want.insert(name.clone(), elements(&values.join(",")));
    }
    let is_wildcard = answer.get("access-control-allow-origin").as_deref() == Some("*");
    if is_wildcard && case.request.method != "OPTIONS" {
        want.insert("access-control-allow-origin".into(), elements("*"));
        want.remove("vary");
    }
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in answer.said() {
        let (name, value) = line.split_once(": ").unwrap();
        found.entry(name.to_owned()).or_default().extend(elements(value));
    }
    if found == want { Ok(()) } else { Err(format!("expected {want:?}, found {found:?}")) }
}
