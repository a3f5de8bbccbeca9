//! Playing a table in one host: what the probe logged, step by step.

use std::time::{Duration, Instant};

use test_harness::backend::{Backend, NotStarted, Session, Trouble};
use test_harness::scenario::{Scenario, Step};

/// How long Envoy may take for what wasmtime has logged in a step.
const LAG: Duration = Duration::from_secs(5);

/// The lines of the probe by step; the first entry is the start.
pub type Played = Vec<Vec<String>>;

/// Plays a table. After each step it waits until as many lines have come as in `model`.
///
/// # Errors
/// The host did not start, or could not play a step.
pub fn play(scenario: &Scenario, backend: &dyn Backend, model: Option<&Played>) -> Result<Played, String> {
    let mut session = match backend.start(scenario) {
        Ok(session) => session,
        Err(NotStarted::Refused(lines)) => return Ok(vec![lines.iter().filter_map(|line| probe(line)).collect()]),
        Err(NotStarted::Unsupported(why) | NotStarted::Broken(why)) => return Err(why),
    };
    let mut played = vec![lines(session.as_mut(), 0, model.map(|model| model[0].len()))?];
    for (number, step) in (1..).zip(&scenario.steps) {
        let done = match step {
            Step::Request(send) => session.send(send).map(drop),
            Step::Advance(by) => session.advance(*by),
            Step::Clusters(clusters) => session.set_clusters(clusters),
            _ => Err(Trouble::Unsupported("a table has requests, time and clusters alone".to_owned())),
        };
        match done {
            Ok(()) => {}
            Err(Trouble::Unsupported(why) | Trouble::Broken(why)) => return Err(format!("step {number}: {why}")),
        }
        let before = played.iter().map(Vec::len).sum();
        let wanted = model.and_then(|model| model.get(number)).map(Vec::len);
        played.push(lines(session.as_mut(), before, wanted)?);
    }
    Ok(played)
}

/// The probe's lines behind the first `before`, at least `wanted` of them or as many as come in time.
fn lines(session: &mut dyn Session, before: usize, wanted: Option<usize>) -> Result<Vec<String>, String> {
    let deadline = Instant::now() + LAG;
    loop {
        session.settle().map_err(|(Trouble::Unsupported(why) | Trouble::Broken(why))| why)?;
        let lines: Vec<String> = session.logs().iter().filter_map(|line| probe(line)).skip(before).collect();
        if lines.len() >= wanted.unwrap_or_default() || Instant::now() > deadline {
            return Ok(lines);
        }
    }
}

/// What the probe said, without the host's marks: `3 tick: args() -> `.
fn probe(line: &str) -> Option<String> {
    let (_, said) = line.split_once(": ")?;
    said.contains(" -> ").then(|| said.to_owned())
}

/// What is wrong with the table itself: lines that are none, and lines that never had their turn, or must not
/// have had it.
pub fn mistakes(scenario: &Scenario, played: &Played) -> Vec<String> {
    let mut wrong: Vec<String> = played.iter().flatten().filter(|line| line.contains(" -> error: ")).cloned().collect();
    let of_root = scenario.plugins.iter().flat_map(|plugin| &plugin.environment);
    let of_root = of_root.filter(|(name, _)| name == "PROBE").flat_map(|(_, text)| text.lines());
    let of_root = of_root.map(str::trim).filter(|line| !line.is_empty());
    let mut given: Vec<(usize, String)> =
        (1..).zip(of_root).map(|(number, text)| (0, format!("p{number} {text}"))).collect();
    for (step, request) in (1..).zip(&scenario.steps) {
        let Step::Request(send) = request else { continue };
        let own = send.request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(b"x-op"));
        given.extend(
            (1..).zip(own).map(|(number, (_, text))| (step, format!("{number} {}", String::from_utf8_lossy(text)))),
        );
    }
    for (step, line) in given {
        let start = format!("{line} -> ");
        // A root's lines, and those of a request that went on, may be logged in later steps.
        let ran = played.iter().skip(step).flatten().any(|logged| logged.starts_with(&start));
        let must_not = line.split_once(' ').is_some_and(|(_, text)| text.starts_with("no "));
        if ran == must_not {
            wrong.push(format!("step {step}: {} in Envoy: {line}", if ran { "was called" } else { "was not called" }));
        }
    }
    wrong
}
