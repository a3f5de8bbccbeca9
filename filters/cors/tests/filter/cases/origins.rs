//! Origins against the policies of other gateways, as far as ours can say the same.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Lines, Player, Score, config, load, strings};

#[derive(Deserialize)]
struct Case {
    id: String,
    dialect: String,
    policy: Value,
    origin: String,
    expect_acao: Option<String>,
    browser_allows: Option<bool>,
}

/// Origins match as elsewhere.
pub fn play(player: &mut dyn Player) -> Option<Score> {
    let mut score = Score::of("origin_matching.json");
    let mut cases = load::<Case>(score.file)?;
    cases.sort_by_key(|case| case.policy.to_string()); // starting a proxy is what takes time
    for case in cases {
        match translate(&case) {
            Err(reason) => score.leave_out(reason),
            Ok(config) => score.add(&case.id, "must", judge(&case, &config, player)),
        }
    }
    Some(score)
}

/// A refused config allows nobody. Where the data does not tell what a browser makes of the answer, the other gateway's
/// `Access-Control-Allow-Origin` does.
fn judge(case: &Case, config: &Value, player: &mut dyn Player) -> Result<(), String> {
    let want = case.browser_allows.unwrap_or(case.expect_acao.is_some());
    let fields = [(":method", "GET"), ("origin", case.origin.as_str())];
    let request: Lines = fields.map(|(name, value)| (name.to_owned(), value.into())).into();
    let told = player.play(config, request, 200, vec![]).and_then(|answer| answer.get("access-control-allow-origin"));
    let allowed = told.is_some_and(|told| told == "*" || told == case.origin);
    if allowed == want { Ok(()) } else { Err(format!("expected allowed {want}, found {allowed} under {config}")) }
}

fn translate(case: &Case) -> Result<Value, &'static str> {
    match case.dialect.as_str() {
        "kong" => Ok(kong(&case.policy)),
        "spring" => spring(case),
        "strict" => Ok(strict(&case.policy)),
        _ => Err("a dialect that is new here"),
    }
}

fn strict(policy: &Value) -> Value {
    let mut config = config(policy);
    config["allow_origin_regex"] = json!(strings(&policy["origin_regex"]));
    config
}

/// Spring names ports in brackets, trims trailing slashes of both sides and folds case.
fn spring(case: &Case) -> Result<Value, &'static str> {
    if case.origin.ends_with('/') || strings(&case.policy["origins"]).iter().any(|origin| origin.ends_with('/')) {
        return Err("Spring trims a trailing slash, which no browser sends and our config refuses");
    }
    let mut config = config(&case.policy);
    let patterns = strings(&case.policy["patterns"]);
    config["allow_origin_patterns"] = patterns.iter().flat_map(|pattern| with_ports(pattern)).collect();
    Ok(config)
}

fn with_ports(pattern: &str) -> Vec<Value> {
    match pattern.trim_end_matches(']').split_once(":[") {
        Some((site, ports)) => ports.split(',').map(|port| format!("{site}:{port}").into()).collect(),
        None => vec![pattern.into()],
    }
}

/// Kong takes an entry with other characters than those of a URL for a regular expression: on the host if it holds no
/// colon, else on the whole origin. A host alone is compared with whole origins and allows nobody.
fn kong(policy: &Value) -> Value {
    let is_url = |entry: &str| entry.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:/-".contains(&byte));
    let (urls, expressions): (Vec<_>, Vec<_>) =
        strings(&policy["origins"]).into_iter().partition(|entry| is_url(entry));
    let exact: Vec<String> = urls.into_iter().filter(|entry| entry.contains("://")).collect();
    let on_origin = |entry: String| {
        if entry.contains(':') { entry } else { format!("https?://(?:{entry})(?::[0-9]+)?") }
    };
    let expressions: Vec<String> = expressions.into_iter().map(on_origin).collect();
    json!({"allow_origins": exact, "allow_origin_regex": expressions})
}
