//! A scenario under way in Envoy.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::bootstrap::vm_id;
use super::client::Client;
use super::install::Install;
use super::log::Entry;
use super::process::Process;
use super::script::Script;
use super::upstream::Upstream;
use super::{Envoy, TIME_LIMIT};
use crate::backend::{Sent, Session, Trouble};
use crate::interleave::Chooser;
use crate::scenario::{InterleaveStep, Interleaved, Jump, RequestStep, Scenario};
use crate::{Cluster, Response, UpstreamAnswer, UpstreamFailure, UpstreamRequest};

/// How long logs and metrics may lag behind a response.
const LAG: Duration = Duration::from_secs(3);

/// A process with the scenario's listener; goes back to the pool at the end.
pub struct EnvoySession<'a> {
    pool: &'a Envoy,
    process: Option<Process>,
    /// Its workers, when others may use it afterwards.
    shared: Option<u32>,
    client: Client,
    cluster: String,
    /// How Envoy's log marks the lines of every plugin.
    marks: Vec<(String, String)>,
    log_start: usize,
    counters: BTreeMap<String, u64>,
    patience: Instant,
}

impl<'a> EnvoySession<'a> {
    /// A session on a listener that is up; counters are as they were before it.
    pub fn new(pool: &'a Envoy, scenario: &Scenario, running: super::Running) -> Self {
        let super::Running { process, listener, port, shared, log_start, counters } = running;
        // A root context does not say which plugin it is of: of those that share its vm_id, the first is named.
        let marks_of = |plugin: &crate::scenario::Plugin| {
            let (name, vm_id) = (&plugin.name, vm_id(&listener, &plugin.vm_id));
            [format!("wasm log {name} {vm_id}: "), format!("wasm log {vm_id}: ")].map(|mark| (name.clone(), mark))
        };
        let marks = scenario.plugins.iter().flat_map(marks_of).collect();
        let client = Client::new(&listener, port, scenario.workers, process.admin);
        let cluster = scenario.route.cluster.clone();
        let (process, shared) = (Some(process), shared.then_some(scenario.workers));
        EnvoySession { pool, process, shared, client, cluster, marks, log_start, counters, patience: Instant::now() }
    }

    fn process(&mut self) -> Result<&mut Process, Trouble> {
        self.process.as_mut().ok_or_else(|| Trouble::Broken("Envoy is gone".to_owned()))
    }

    fn entries(&self) -> Vec<Entry> {
        let mut entries = self.process.as_ref().map_or_else(Vec::new, |process| process.log.since(self.log_start));
        entries.retain(|entry| !entry.is_mark());
        entries
    }

    /// Waits until Envoy has worked off the answers that were held back: what a step after them sends comes later. Where
    /// other call-outs are never answered, only for a while.
    fn let_answers_arrive(&mut self) -> Result<(), Trouble> {
        let admin = self.process()?.admin;
        let deadline = Instant::now() + LAG;
        while Instant::now() < deadline {
            let active = admin.stats("Gauges", "^cluster\\..*\\.upstream_rq_active$")?;
            if active.values().all(|active| *active == 0) {
                break;
            }
        }
        Ok(())
    }

    /// Sends a request whose client has patience for so long.
    fn send_and_leave(&mut self, step: &RequestStep, patience: Duration) -> Result<io::Result<Response>, Trouble> {
        let pace = Arc::clone(&self.process()?.pace);
        pace.set_patience(Some(patience));
        let sent = self.client.send_and_leave(step, || pace.holds());
        pace.set_patience(None);
        match sent {
            Ok(None) => {
                self.advance(patience)?;
                Ok(Ok(Response::default()))
            }
            Ok(Some(response)) => Ok(Ok(response)),
            Err(error) => Ok(Err(error)),
        }
    }

    /// Tells the upstream what to answer; a refusing one closes its port.
    fn prepare(&mut self, answer: &UpstreamAnswer) -> Result<(), Trouble> {
        let cluster = self.cluster.clone();
        let process = self.process()?;
        let admin = process.admin;
        let Some(upstream) = process.upstreams.get_mut(&cluster) else { return Ok(()) };
        upstream.script(Script::Always(answer.clone()));
        match answer {
            UpstreamAnswer::Failure(UpstreamFailure::Refused, _) => {
                upstream.refuse();
                let name = format!("cluster.{cluster}.upstream_cx_active");
                let deadline = Instant::now() + TIME_LIMIT;
                while admin.stats("Gauges", &name)?.values().any(|active| *active > 0) {
                    if Instant::now() > deadline {
                        return Err(Trouble::Broken("Envoy keeps connections to a closed port".to_owned()));
                    }
                }
                Ok(())
            }
            _ => Ok(upstream.listen()?),
        }
    }
}

impl Session for EnvoySession<'_> {
    fn send(&mut self, step: &RequestStep) -> Result<Sent, Trouble> {
        self.prepare(&step.upstream)?;
        let start = self.entries().len();
        let sent = match step.request.leaves_after {
            None => self.client.send(step),
            Some(patience) => self.send_and_leave(step, patience)?,
        };
        let response = sent.map_err(|error| {
            let ended = self.process.as_mut().and_then(Process::ended);
            Trouble::Broken(ended.unwrap_or_else(|| error.to_string()))
        })?;
        self.settle()?;
        self.patience = Instant::now() + LAG;
        let cluster = self.cluster.clone();
        let upstream = self.process()?.upstreams.get(&cluster).and_then(|upstream| upstream.seen().into_iter().next());
        let entries = self.entries().split_off(start);
        Ok(Sent { response, upstream, timeline: lines(&entries), costs: None })
    }

    /// All at once, in whatever order Envoy serves them.
    fn interleave(&mut self, step: &InterleaveStep, _: &mut dyn Chooser) -> Result<Interleaved, Trouble> {
        let requests: Vec<&RequestStep> = step.requests().collect();
        if step.schedule.is_some() || requests.len() < step.actors.len() {
            return Err(Trouble::Unsupported("nobody decides about schedules, ticks and kills in Envoy".to_owned()));
        }
        let Some(first) = requests.first().filter(|first| requests.iter().all(|send| send.upstream == first.upstream))
        else {
            return Err(Trouble::Unsupported("the upstream gives all of them one answer".to_owned()));
        };
        self.prepare(&first.upstream)?;
        let start = self.entries().len();
        let responses = self.client.send_at_once(&requests)?;
        self.settle()?;
        self.patience = Instant::now() + LAG;
        let cluster = self.cluster.clone();
        let mut seen = self.process()?.upstreams.get(&cluster).map(Upstream::seen).unwrap_or_default().into_iter();
        let sent = |response| Some(Sent { response, upstream: seen.next(), ..Sent::default() });
        let sent = responses.into_iter().map(sent).collect();
        Ok(Interleaved { sent, steps: Vec::new(), timeline: lines(&self.entries().split_off(start)) })
    }

    fn advance(&mut self, by: Duration) -> Result<(), Trouble> {
        self.jump(Jump::Forward(by))
    }

    fn jump(&mut self, jump: Jump) -> Result<(), Trouble> {
        let process = self.process()?;
        if let Jump::Forward(by) = jump
            && process.pace.pass(by)
        {
            self.let_answers_arrive()?;
        }
        match self.process()?.clock() {
            Some(mut clock) => Ok(clock.jump(jump)?),
            None => Err(Trouble::Unsupported(Install::NO_CLOCK.to_owned())),
        }
    }

    fn set_clusters(&mut self, clusters: &BTreeMap<String, Cluster>) -> Result<(), Trouble> {
        for (name, cluster) in clusters {
            let Some(upstream) = self.process()?.upstreams.get(name) else {
                return Err(Trouble::Broken(format!("cluster {name} is not among the scenario's `clusters`")));
            };
            upstream.change(Script::Cluster(cluster.clone()));
        }
        Ok(())
    }

    fn calls(&mut self, cluster: &str) -> Vec<UpstreamRequest> {
        let upstreams = self.process.as_ref().map(|process| &process.upstreams);
        upstreams.and_then(|upstreams| upstreams.get(cluster)).map_or_else(Vec::new, Upstream::seen)
    }

    fn logs(&mut self) -> Vec<String> {
        let line = |entry: &Entry| {
            let named =
                |(name, mark): &(String, String)| Some((name.clone(), entry.message.strip_prefix(mark.as_str())?));
            let (name, message) = self.marks.iter().find_map(named)?;
            Some(format!("[{}] {name}: {message}", entry.level))
        };
        self.entries().iter().filter_map(line).collect()
    }

    fn diagnostics(&mut self) -> Vec<String> {
        let trouble = |entry: &Entry| {
            let severe = matches!(entry.level.as_str(), "error" | "critical");
            severe && entry.component == "wasm" && !entry.message.starts_with("wasm log")
        };
        self.entries().into_iter().filter(trouble).map(|entry| entry.message).collect()
    }

    fn sees_only_traps(&self) -> bool {
        true
    }

    /// A worker logs all of a request's callbacks before it writes the end of the response to the socket
    /// (`ConnectionImpl::write` leaves that to the next turn of its loop): whoever has the response finds them here.
    fn settle(&mut self) -> Result<(), Trouble> {
        Ok(self.process()?.catch_up()?)
    }

    fn metric(&mut self, name: &str) -> Option<u64> {
        let (admin, stat) = (self.process.as_ref()?.admin, format!("wasmcustom.{name}"));
        if let Some(value) = admin.stats("Counters", &stat).ok()?.get(&stat) {
            return Some(value - self.counters.get(&stat).copied().unwrap_or_default());
        }
        admin.stats("Gauges", &stat).ok()?.get(&stat).copied()
    }

    fn wait(&mut self) -> bool {
        let waits = Instant::now() < self.patience;
        if let Some(process) = self.process.as_ref().filter(|_| waits) {
            process.log.wait_for_more(Duration::from_millis(20));
        }
        waits
    }
}

fn lines(entries: &[Entry]) -> String {
    let line = |entry: &Entry| format!("[{}] {}", entry.level, entry.message);
    entries.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl Drop for EnvoySession<'_> {
    fn drop(&mut self) {
        if let Some(process) = &self.process {
            process.pace.restart();
        }
        if let (Some(process), Some(workers)) = (self.process.take(), self.shared) {
            self.pool.give_back(workers, process);
        }
    }
}
