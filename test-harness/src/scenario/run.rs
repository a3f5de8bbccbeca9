//! Plays a scenario.

use std::collections::BTreeMap;

use super::check::{Found, mismatches, saw};
use super::interleave::describe;
use super::report::{Mismatch, Report};
use super::{ActorStep, InterleaveStep, RequestStep, Saw, Scenario, Step};
use crate::backend::{Backend, NotStarted, Session, Trouble};
use crate::interleave::{Scripted, Search};

/// More schedules than this are a mistake in the scenario: each plays all of it.
const MOST_SCHEDULES: u64 = 50_000;

/// Plays a scenario in a backend. All steps are played, also after a failed one. A scenario with requests at the
/// same time is played once for each schedule that can differ, until one fails.
pub fn run(scenario: &Scenario, backend: &dyn Backend) -> Report {
    let searches = |step: &Step| matches!(step, Step::Interleave(at_once) if at_once.schedule.is_none());
    let searches = backend.schedules() && scenario.steps.iter().any(searches);
    let mut search = Search::new();
    let mut report = play(scenario, backend, &mut search);
    while searches && report.skipped.is_none() {
        let failed = !report.mismatches.is_empty();
        let more = search.advance();
        report.schedules = Some(search.count());
        if more && search.count().played + search.count().repeated >= MOST_SCHEDULES {
            let mismatch = Mismatch::new("schedules", format!("at most {MOST_SCHEDULES}"), "more");
            report.mismatches.push((0, mismatch));
            return report;
        }
        if failed || !more {
            break;
        }
        let next = play(scenario, backend, &mut search);
        // A repetition is left on the way.
        if !search.is_redundant() {
            report = next;
        }
    }
    report
}

fn play(scenario: &Scenario, backend: &dyn Backend, search: &mut Search) -> Report {
    let mut report = Report {
        scenario: scenario.id.clone(),
        backend: backend.name(),
        skipped: None,
        mismatches: Vec::new(),
        timelines: Vec::new(),
        schedules: None,
    };
    report.skipped = scenario.left_out(backend);
    if report.skipped.is_some() {
        return report;
    }
    match backend.start(scenario) {
        Ok(session) => {
            Play { session, report, search, schedules: Vec::new(), logs: 0, diagnostics: 0, kept: BTreeMap::new() }
                .whole(scenario)
        }
        Err(NotStarted::Unsupported(why)) => {
            report.skipped = Some(why);
            report
        }
        Err(NotStarted::Broken(why)) => {
            report.mismatches.push((0, Mismatch::new("start", "a running proxy", why)));
            report
        }
        Err(NotStarted::Refused(lines)) => {
            refusal(scenario.refused.as_deref(), &lines, &mut report);
            report
        }
    }
}

fn refusal(wanted: Option<&[String]>, lines: &[String], report: &mut Report) {
    let Some(wanted) = wanted else {
        let mismatch = Mismatch::new("start", "the configuration is accepted", lines.join("\n"));
        report.mismatches.push((0, mismatch));
        return;
    };
    for part in wanted.iter().filter(|part| !lines.iter().any(|line| line.contains(part.as_str()))) {
        let mismatch = Mismatch::new("refused", format!("a line with \"{part}\""), lines.join("\n"));
        report.mismatches.push((0, mismatch));
    }
}

/// A scenario under way; `logs` and `diagnostics` count what earlier steps have seen.
struct Play<'a> {
    session: Box<dyn Session + 'a>,
    report: Report,
    search: &'a mut Search,
    /// By step.
    schedules: Vec<(usize, String)>,
    logs: usize,
    diagnostics: usize,
    /// What responses said that later requests send, by its name.
    kept: BTreeMap<String, String>,
}

impl Play<'_> {
    /// Plays all steps; whatever fails, at once or later, the schedules are told with it.
    fn whole(mut self, scenario: &Scenario) -> Report {
        self.all(scenario);
        if !self.report.mismatches.is_empty() {
            for (step, schedule) in std::mem::take(&mut self.schedules) {
                self.fail(step, Mismatch::new("schedule", "every schedule does", schedule));
            }
        }
        self.report
    }

    fn all(&mut self, scenario: &Scenario) {
        if scenario.refused.is_some() {
            let lines = self.session.logs().join("\n");
            self.fail(0, Mismatch::new("refused", "the configuration is refused", format!("accepted\n{lines}")));
            return;
        }
        for (index, step) in scenario.steps.iter().enumerate() {
            let number = index + 1;
            match self.step(number, step) {
                Ok(()) => {}
                Err(Trouble::Broken(why)) => self.fail(number, Mismatch::new("step", "played to its end", why)),
                Err(Trouble::Unsupported(why)) => {
                    self.report.skipped = Some(format!("step {number}: {why}"));
                    return;
                }
            }
            if self.search.is_redundant() {
                return;
            }
        }
        let at_once = scenario.steps.iter().any(|step| matches!(step, Step::Interleave(_)));
        // Not every order need come to where a fault waits.
        for fault in self.session.unused_faults().into_iter().filter(|_| !at_once) {
            self.fail(scenario.steps.len(), Mismatch::new("fault", "it happens", fault));
        }
        if let Err(Trouble::Broken(why) | Trouble::Unsupported(why)) = self.session.settle() {
            self.fail(scenario.steps.len(), Mismatch::new("end", "a running proxy", why));
        }
        let breaches = self.session.state().map(|state| scenario.budget.breaches(&state)).unwrap_or_default();
        for breach in breaches {
            self.fail(scenario.steps.len(), breach);
        }
        let late: Vec<String> = self.session.diagnostics().drain(..).skip(self.diagnostics).collect();
        for diagnostic in late {
            self.fail(scenario.steps.len(), Mismatch::new("diagnostics", "none", diagnostic));
        }
    }

    fn step(&mut self, number: usize, step: &Step) -> Result<(), Trouble> {
        match step {
            Step::Request(send) => self.send(number, send),
            Step::Interleave(at_once) => self.interleave(number, at_once),
            Step::Advance(by) => self.session.advance(*by),
            Step::Jump(jump) => self.session.jump(*jump),
            Step::Fault(_) | Step::Kill(_) | Step::Evict(_) => self.session.fault(step),
            Step::Clusters(clusters) => self.session.set_clusters(clusters),
            Step::Await { cluster, calls, saw } => {
                self.wait_for(number, cluster, *calls, saw.as_deref());
                Ok(())
            }
        }
    }

    fn wait_for(&mut self, number: usize, cluster: &str, calls: usize, wanted: Option<&Saw>) {
        let seen = loop {
            let seen = self.session.calls(cluster);
            if seen.len() >= calls || !self.session.wait() {
                break seen;
            }
        };
        let mut list = Vec::new();
        match (calls.checked_sub(1).and_then(|last| seen.get(last)), wanted) {
            (None, _) => list.push(Mismatch::new(format!("await.{cluster}"), calls, seen.len())),
            (Some(call), Some(wanted)) => saw(wanted, call, &mut list),
            (Some(_), None) => {}
        }
        self.report.mismatches.extend(list.into_iter().map(|mismatch| (number, mismatch)));
    }

    fn send(&mut self, number: usize, send: &RequestStep) -> Result<(), Trouble> {
        let send = &send.filled(&self.kept);
        let sent = self.session.send(send)?;
        let breaches = sent.costs.as_ref().map(|costs| send.budget.breaches(costs)).unwrap_or_default();
        let memory = sent.costs.map(|costs| costs.memory);
        self.report.timelines.push((number, sent.timeline));
        let mut found = Found {
            response: sent.response,
            upstream: sent.upstream,
            scripted_status: send.upstream.status(),
            sees_only_traps: self.session.sees_only_traps(),
            ..Found::default()
        };
        let list = loop {
            self.observe(send, &mut found);
            let list = mismatches(&send.expect, &found);
            if !list.iter().any(Mismatch::may_come_late) || !self.session.wait() {
                break list;
            }
        };
        self.logs += found.logs.len();
        self.diagnostics += found.diagnostics.len();
        let grown = memory.map_or(Ok(None), |memory| self.repeat(send, memory))?;
        let unkept = self.keep(send, &found.response.body);
        let all = list.into_iter().chain(breaches).chain(grown).chain(unkept);
        self.report.mismatches.extend(all.map(|mismatch| (number, mismatch)));
        Ok(())
    }

    /// Keeps what later requests send; what is not there is a mismatch.
    fn keep(&mut self, send: &RequestStep, body: &[u8]) -> Vec<Mismatch> {
        let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let mut missing = Vec::new();
        for (name, pointer) in &send.keep {
            match body.pointer(pointer) {
                Some(serde_json::Value::String(text)) => drop(self.kept.insert(name.clone(), text.clone())),
                other => {
                    let found = other.map_or("nothing".to_owned(), ToString::to_string);
                    missing.push(Mismatch::new(format!("keep.{name}"), format!("a text at {pointer}"), found));
                }
            }
        }
        missing
    }

    /// Sends the request again, where its budget says so, and looks at the memory.
    fn repeat(&mut self, send: &RequestStep, before: u64) -> Result<Option<Mismatch>, Trouble> {
        let Some(growth) = &send.budget.memory_growth else { return Ok(None) };
        let mut after = before;
        for _ in 0..growth.requests {
            after = self.session.send(send)?.costs.map_or(after, |costs| costs.memory);
        }
        Ok(growth.breach(before, after))
    }

    fn interleave(&mut self, number: usize, at_once: &InterleaveStep) -> Result<(), Trouble> {
        let mut scripted = at_once.schedule.clone().map(Scripted::new);
        let found = match &mut scripted {
            Some(scripted) => {
                let found = self.session.interleave(at_once, scripted)?;
                scripted.end();
                found
            }
            None => self.session.interleave(at_once, self.search)?,
        };
        if let Some(wrong) = scripted.as_ref().and_then(Scripted::wrong) {
            self.fail(number, Mismatch::new("schedule", "actors that can go on", wrong));
        }
        let names = at_once.outcome.metrics.keys();
        let mut list = loop {
            let metrics = names.clone().filter_map(|name| Some((name.clone(), self.session.metric(name)?))).collect();
            let list = at_once.outcome.mismatches(&found.sent, &metrics);
            if !list.iter().any(Mismatch::may_come_late) || !self.session.wait() {
                break list;
            }
        };
        for (actor, (step, sent)) in at_once.actors.iter().zip(&found.sent).enumerate() {
            let (ActorStep::Request(send), Some(sent)) = (step, sent) else { continue };
            list.extend(at_once.of_request(actor, send, sent));
        }
        let diagnostics: Vec<String> = self.session.diagnostics().drain(..).skip(self.diagnostics).collect();
        self.diagnostics += diagnostics.len();
        self.logs = self.session.logs().len();
        let permitted = |found: &String| at_once.outcome.diagnostics.iter().any(|part| found.contains(part));
        let diagnostics = diagnostics.into_iter().filter(|found| !permitted(found));
        list.extend(diagnostics.map(|diagnostic| Mismatch::new("diagnostics", "none", diagnostic)));
        self.report.timelines.push((number, found.timeline));
        if !found.steps.is_empty() {
            self.schedules.push((number, describe(&found.steps)));
        }
        self.report.mismatches.extend(list.into_iter().map(|mismatch| (number, mismatch)));
        Ok(())
    }

    fn observe(&mut self, send: &RequestStep, found: &mut Found) {
        found.all_logs = self.session.logs();
        found.logs = found.all_logs.iter().skip(self.logs).cloned().collect();
        found.diagnostics = self.session.diagnostics().drain(..).skip(self.diagnostics).collect();
        let names = send.expect.metrics.keys();
        found.metrics = names.filter_map(|name| Some((name.clone(), self.session.metric(name)?))).collect();
    }

    fn fail(&mut self, step: usize, mismatch: Mismatch) {
        self.report.mismatches.push((step, mismatch));
    }
}
