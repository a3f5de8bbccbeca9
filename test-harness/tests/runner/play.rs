//! How the runner plays, with a backend that does as it is told.

use std::collections::BTreeMap;
use std::time::Duration;

use test_harness::backend::{Backend, NotStarted, Sent, Session, Trouble};
use test_harness::scenario::{Expect, Only, RequestStep, Saw, Scenario, Step, Verdict, run};
use test_harness::{Cluster, Profile, Request, Response, UpstreamRequest};

/// Answers 200 to everything; logs and counts only once it has been waited for.
struct Fake {
    start: Option<NotStarted>,
}

struct FakeSession {
    waited: usize,
    late_diagnostics: Vec<String>,
}

impl Backend for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn profile(&self) -> Profile {
        Profile::Envoy
    }

    fn start(&self, _: &Scenario) -> Result<Box<dyn Session + '_>, NotStarted> {
        match &self.start {
            Some(refusal) => Err(refusal.clone()),
            None => Ok(Box::new(FakeSession { waited: 0, late_diagnostics: Vec::new() })),
        }
    }
}

impl Session for FakeSession {
    fn send(&mut self, step: &RequestStep) -> Result<Sent, Trouble> {
        match step.request.path.as_slice() {
            b"/unsupported" => return Err(Trouble::Unsupported("not here".to_owned())),
            b"/broken" => return Err(Trouble::Broken("it fell over".to_owned())),
            b"/traps-late" => self.late_diagnostics.push("trap in on_log".to_owned()),
            _ => {}
        }
        Ok(Sent { response: Response { status: 200, ..Response::default() }, ..Sent::default() })
    }

    fn advance(&mut self, _: Duration) -> Result<(), Trouble> {
        Ok(())
    }

    fn set_clusters(&mut self, _: &BTreeMap<String, Cluster>) -> Result<(), Trouble> {
        Ok(())
    }

    fn calls(&mut self, _: &str) -> Vec<UpstreamRequest> {
        let call = |path: usize| (b":path".to_vec(), format!("/{path}").into_bytes());
        (1..=self.waited).map(|path| UpstreamRequest { headers: vec![call(path)], ..Default::default() }).collect()
    }

    fn logs(&mut self) -> Vec<String> {
        if self.waited >= 2 { vec!["late line".to_owned()] } else { Vec::new() }
    }

    fn diagnostics(&mut self) -> Vec<String> {
        if self.waited >= 2 { self.late_diagnostics.clone() } else { Vec::new() }
    }

    fn metric(&mut self, _: &str) -> Option<u64> {
        Some(self.waited as u64)
    }

    fn wait(&mut self) -> bool {
        self.waited += 1;
        self.waited < 5
    }
}

fn scenario(steps: Vec<Step>) -> Scenario {
    Scenario { steps, ..Scenario::new("case", Vec::new()) }
}

fn get(path: &str, expect: Expect) -> Step {
    Step::Request(Box::new(RequestStep::new(Request { path: path.into(), ..Request::default() }, expect)))
}

fn awaits(calls: usize, saw: Option<Saw>) -> Step {
    Step::Await { cluster: "idp".into(), calls, saw: saw.map(Box::new) }
}

fn status(status: u16) -> Expect {
    Expect { status: Some(status), ..Expect::default() }
}

#[test]
fn plays_on_after_a_failed_step() {
    let steps = vec![get("/", status(201)), get("/broken", status(200)), get("/", status(202)), get("/", status(200))];
    let report = run(&scenario(steps), &Fake { start: None });
    let failed: Vec<usize> = report.mismatches.iter().map(|(step, _)| *step).collect();
    assert_eq!(failed, [1, 2, 3]);
    assert_eq!(report.verdict(), Verdict::Failed);
    assert!(report.to_string().contains("step 2: step: expected played to its end, found it fell over"), "{report}");
}

#[test]
fn waits_for_logs_metrics_and_calls() {
    let late = Expect { logs: vec!["late line".into()], metrics: [("m".to_owned(), 2)].into(), ..Expect::default() };
    let steps = vec![get("/", late), awaits(4, None)];
    assert_eq!(run(&scenario(steps), &Fake { start: None }).verdict(), Verdict::Passed);
    let never = Expect { logs: vec!["never".into()], ..Expect::default() };
    let report = run(&scenario(vec![get("/", never)]), &Fake { start: None });
    assert_eq!(report.mismatches.len(), 1, "{report}");
    let report = run(&scenario(vec![awaits(9, None)]), &Fake { start: None });
    assert_eq!(report.mismatches[0].1.field, "await.idp");
}

#[test]
fn the_last_awaited_call_is_looked_at() {
    let saw = |path: &str| Saw { path: Some(path.into()), ..Saw::default() };
    let report = run(&scenario(vec![awaits(2, Some(saw("/2")))]), &Fake { start: None });
    assert_eq!(report.verdict(), Verdict::Passed, "{report}");
    let report = run(&scenario(vec![awaits(2, Some(saw("/3")))]), &Fake { start: None });
    assert_eq!(report.mismatches[0].1.field, "saw.path");
}

#[test]
fn a_trap_after_the_response_fails_as_well() {
    let waits = Expect { logs: vec!["late line".into()], ..Expect::default() };
    let steps = vec![get("/traps-late", Expect::default()), get("/", waits)];
    let report = run(&scenario(steps), &Fake { start: None });
    assert_eq!(report.mismatches.len(), 1, "{report}");
    assert_eq!(report.mismatches[0].1.field, "diagnostics");
}

#[test]
fn skips_what_a_backend_cannot_do() {
    let report = run(&scenario(vec![get("/unsupported", status(200))]), &Fake { start: None });
    assert_eq!(report.verdict(), Verdict::Skipped("step 1: not here".to_owned()));
    let unsupported = Fake { start: Some(NotStarted::Unsupported("no clock".to_owned())) };
    assert_eq!(run(&scenario(Vec::new()), &unsupported).verdict(), Verdict::Skipped("no clock".to_owned()));
    let only = Only { backend: "envoy".to_owned(), because: "bytes".to_owned() };
    let elsewhere = Scenario { only: Some(only), ..scenario(vec![get("/", status(404))]) };
    let skipped = Verdict::Skipped("only in envoy: bytes".to_owned());
    assert_eq!(run(&elsewhere, &Fake { start: None }).verdict(), skipped);
    let not_in = [(Profile::Envoy, "no zones".to_owned())].into();
    let elsewhere = Scenario { not_in, ..scenario(vec![get("/", status(404))]) };
    let skipped = Verdict::Skipped("not in envoy: no zones".to_owned());
    assert_eq!(run(&elsewhere, &Fake { start: None }).verdict(), skipped);
}

#[test]
fn a_failure_before_what_is_skipped_stays_a_failure() {
    let steps = vec![get("/", status(404)), get("/unsupported", status(200))];
    assert_eq!(run(&scenario(steps), &Fake { start: None }).verdict(), Verdict::Failed);
}

#[test]
fn refusals_are_asked_for_by_their_words() {
    let refuses = || Fake { start: Some(NotStarted::Refused(vec!["limits[0].per: expected a duration".to_owned()])) };
    let refused = |words: &[&str]| Scenario {
        refused: Some(words.iter().map(|word| (*word).to_owned()).collect()),
        ..scenario(Vec::new())
    };
    assert_eq!(run(&refused(&["limits[0].per", "expected"]), &refuses()).verdict(), Verdict::Passed);
    assert_eq!(run(&refused(&["limits[1]"]), &refuses()).verdict(), Verdict::Failed);
    assert_eq!(run(&refused(&[]), &Fake { start: None }).verdict(), Verdict::Failed);
    assert_eq!(run(&scenario(vec![get("/", status(200))]), &refuses()).verdict(), Verdict::Failed);
    let broken = Fake { start: Some(NotStarted::Broken("no such file".to_owned())) };
    assert_eq!(run(&refused(&[]), &broken).verdict(), Verdict::Failed);
}
