//! Plays a scenario.

use super::check::{Found, mismatches, saw};
use super::report::{Mismatch, Report};
use super::{RequestStep, Saw, Scenario, Step};
use crate::UpstreamAnswer;
use crate::backend::{Backend, NotStarted, Session, Trouble};

/// Plays a scenario in a backend. All steps are played, also after a failed one.
pub fn run(scenario: &Scenario, backend: &dyn Backend) -> Report {
    let mut report = Report {
        scenario: scenario.id.clone(),
        backend: backend.name(),
        skipped: None,
        mismatches: Vec::new(),
        timelines: Vec::new(),
    };
    report.skipped = scenario.left_out(backend);
    if report.skipped.is_some() {
        return report;
    }
    match backend.start(scenario) {
        Ok(session) => Play { session, report, logs: 0, diagnostics: 0 }.all(scenario),
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
    logs: usize,
    diagnostics: usize,
}

impl Play<'_> {
    fn all(mut self, scenario: &Scenario) -> Report {
        if scenario.refused.is_some() {
            let lines = self.session.logs().join("\n");
            self.fail(0, Mismatch::new("refused", "the configuration is refused", format!("accepted\n{lines}")));
            return self.report;
        }
        for (index, step) in scenario.steps.iter().enumerate() {
            let number = index + 1;
            match self.step(number, step) {
                Ok(()) => {}
                Err(Trouble::Broken(why)) => self.fail(number, Mismatch::new("step", "played to its end", why)),
                Err(Trouble::Unsupported(why)) => {
                    self.report.skipped = Some(format!("step {number}: {why}"));
                    return self.report;
                }
            }
        }
        self.session.settle();
        let breaches = self.session.state().map(|state| scenario.budget.breaches(&state)).unwrap_or_default();
        for breach in breaches {
            self.fail(scenario.steps.len(), breach);
        }
        let late: Vec<String> = self.session.diagnostics().drain(..).skip(self.diagnostics).collect();
        for diagnostic in late {
            self.fail(scenario.steps.len(), Mismatch::new("diagnostics", "none", diagnostic));
        }
        self.report
    }

    fn step(&mut self, number: usize, step: &Step) -> Result<(), Trouble> {
        match step {
            Step::Request(send) => self.send(number, send),
            Step::Advance(by) => self.session.advance(*by),
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
        let sent = self.session.send(send)?;
        let breaches = sent.costs.as_ref().map(|costs| send.budget.breaches(costs)).unwrap_or_default();
        let memory = sent.costs.map(|costs| costs.memory);
        self.report.timelines.push((number, sent.timeline));
        let mut found = Found {
            response: sent.response,
            upstream: sent.upstream,
            scripted_status: match &send.upstream {
                UpstreamAnswer::Response(r) | UpstreamAnswer::ResetAfterHeaders(r) => Some(r.status),
                UpstreamAnswer::Failure(..) => None,
            },
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
        let all = list.into_iter().chain(breaches).chain(grown);
        self.report.mismatches.extend(all.map(|mismatch| (number, mismatch)));
        Ok(())
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
