//! State machines of other libraries through the circuit-breaker module, in this crate's host and on its clock.
//!
//! The scenarios are read from the folder that `SLUICEGATE_CASES` names, each translated into a config of ours. A call
//! is a request whose upstream answers 200 or 500; the state is what the status page says. What no sequence of requests can
//! ask, calls that overlap, is left out and counted: `filters/circuit-breaker/tests/cases.rs` plays these as well.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use test_harness::backend::wasmtime::Wasmtime;
use test_harness::backend::{Backend, Session};
use test_harness::scenario::{Expect, Plugin, RequestStep, Scenario};
use test_harness::{Profile, Request, UpstreamResponse};

#[derive(Deserialize)]
struct File {
    scenarios: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    dialect: String,
    config: Value,
    steps: Vec<Step>,
}

#[derive(Deserialize, Clone)]
struct Step {
    t_ms: u64,
    op: String,
    id: Option<String>,
    result: Option<String>,
    #[serde(default)]
    duration_ms: u64,
    expect: Option<String>,
}

#[test]
fn every_scenario_that_requests_can_ask_agrees() {
    let Some(folder) = std::env::var_os("SLUICEGATE_CASES") else {
        println!("circuit/scenarios.json: SKIPPED, SLUICEGATE_CASES is not set");
        return;
    };
    let path = Path::new(&folder).join("circuit/scenarios.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file: File = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (mut agree, mut differ) = (0, Vec::new());
    for case in &file.scenarios {
        let translated = config(case).and_then(|config| Ok((config, calls(&case.steps)?)));
        let (config, steps) = match translated {
            Ok(translated) => translated,
            Err(why) => {
                println!("not played: {}: {why}", case.id);
                continue;
            }
        };
        for profile in [Profile::Envoy, Profile::Kong] {
            match play(profile, &config, &steps) {
                Ok(()) => agree += 1,
                Err(why) => differ.push(format!("{} as {profile:?}: {why}", case.id)),
            }
        }
    }
    println!("circuit: {agree} agree, {} differ", differ.len());
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert!(agree > 0, "no scenario was played");
}

/// What a library's words are in ours.
fn config(case: &Case) -> Result<Value, &'static str> {
    let given = |name: &str| case.config.get(name).cloned();
    let millis = |name: &str| given(name).and_then(|value| value.as_u64()).unwrap_or_default();
    let mut config = json!({
        "scope": ["const:cases"],
        "status_path": "/state",
        "wait_duration_in_open_state": format!("{}ms", millis("open_ms")),
        "permit_lease": "60s",
        "failure_rate_threshold": 0,
        "slow_call_rate_threshold": 0,
        "consecutive_failures": 0,
        "minimum_calls": given("min_calls").or(given("volume")).unwrap_or(json!(1)),
    });
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            config[name] = value;
        }
    };
    match case.dialect.as_str() {
        "gobreaker" if given("interval_ms").is_some() => return Err("a tumbling interval"),
        "gobreaker" => {
            set("consecutive_failures", given("consecutive"));
            set("permitted_calls_in_half_open", given("half_open_max"));
        }
        "resilience4j" => {
            set("failure_rate_threshold", given("failure_rate"));
            set("slow_call_rate_threshold", given("slow_rate"));
            set("slow_call_duration", given("slow_ms").map(|millis| json!(format!("{millis}ms"))));
            set("permitted_calls_in_half_open", given("half_open_calls"));
            let size = given("size").unwrap_or_default();
            let time = given("window") == Some(json!("time"));
            let size = if time { json!(format!("{size}s")) } else { size };
            set("window", Some(json!({"type": if time { "time" } else { "count" }, "size": size})));
        }
        "opossum" => {
            set("failure_rate_threshold", given("error_percent"));
            set("permitted_calls_in_half_open", Some(json!(1)));
            let size = format!("{}s", millis("window_ms").div_ceil(1_000));
            set("window", Some(json!({"type": "time", "size": size})));
        }
        _ => return Err("an unknown dialect"),
    }
    Ok(config)
}

/// A start and the end behind it are a call.
fn calls(steps: &[Step]) -> Result<Vec<Step>, &'static str> {
    let mut calls: Vec<Step> = Vec::new();
    for step in steps {
        match (step.op.as_str(), calls.last_mut()) {
            ("end", Some(start)) if start.op == "start" && start.id == step.id => {
                *start = Step {
                    op: "call".to_owned(),
                    result: step.result.clone(),
                    duration_ms: step.t_ms - start.t_ms,
                    ..start.clone()
                };
            }
            ("end", _) => return Err("calls that overlap"),
            _ => calls.push(step.clone()),
        }
    }
    Ok(calls)
}

fn play(profile: Profile, config: &Value, steps: &[Step]) -> Result<(), String> {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/circuit-breaker.wasm");
    assert!(module.is_file(), "{} is missing: run `make build`", module.display());
    let mut scenario = Scenario::new("cases", vec![Plugin::new("circuit-breaker", module, config.to_string())]);
    scenario.now = Some(1_700_000_000 * 1_000_000_000);
    let backend = Wasmtime { profile };
    let mut session = backend.start(&scenario).map_err(|trouble| format!("{config}: {trouble:?}"))?;
    let mut now_ms = 0;
    for (number, step) in steps.iter().enumerate() {
        let ahead = step.t_ms.saturating_sub(now_ms);
        session.advance(Duration::from_millis(ahead)).map_err(|trouble| format!("{trouble:?}"))?;
        now_ms += ahead;
        let found = if step.op == "state" {
            state(&mut *session)?
        } else {
            let status = if step.result.as_deref() == Some("fail") { 500 } else { 200 };
            let answered = ask(&mut *session, "/", status, step.duration_ms)?;
            now_ms += if answered.0 == status { step.duration_ms } else { 0 };
            if answered.0 == status { "pass" } else { "reject" }.to_owned()
        };
        if step.expect.as_deref().is_some_and(|want| want != found) {
            return Err(format!("step {number}, {}: expected {:?}, found {found}", step.op, step.expect));
        }
    }
    Ok(())
}

/// As the cases write it.
fn state(session: &mut dyn Session) -> Result<String, String> {
    let (status, body) = ask(session, "/state", 500, 0)?;
    let page: Value = serde_json::from_slice(&body).map_err(|error| format!("{status}: {error}"))?;
    let state = page["circuitBreakers"][0]["state"].as_str().ok_or_else(|| page.to_string())?;
    Ok(state.to_ascii_lowercase())
}

/// Status and body of what the client receives.
fn ask(session: &mut dyn Session, path: &str, status: u16, after_ms: u64) -> Result<(u16, Vec<u8>), String> {
    let request = Request { path: path.into(), ..Request::default() };
    let answer = UpstreamResponse { status, after: Duration::from_millis(after_ms), ..RequestStep::answer() };
    let step = RequestStep { upstream: answer.into(), ..RequestStep::new(request, Expect::default()) };
    let sent = session.send(&step).map_err(|trouble| format!("{trouble:?}"))?;
    let diagnostics = session.diagnostics();
    if !diagnostics.is_empty() {
        return Err(diagnostics.join("; "));
    }
    Ok((sent.response.status, sent.response.body))
}
