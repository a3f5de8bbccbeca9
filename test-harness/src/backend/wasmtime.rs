//! Scenarios in wasmtime: this crate's own host.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Backend, NotStarted, Sent, Session, Trouble};
use crate::interleave::{Actor, Chooser, MOST_STEPS};
use crate::scenario::{
    ActorStep, Costs, InterleaveStep, Interleaved, Jump, Plugin, RequestStep, Scenario, StateCosts, Step, timeline,
};
use crate::{
    Cluster, Exchange, GuestMemory, Headers, LogLine, MetricValue, PluginSpec, Profile, Proxy, ProxySpec, Request,
    RouteAction, UpstreamAnswer, UpstreamRequest,
};

/// The host in wasmtime: quick, deterministic, with a virtual clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wasmtime {
    /// The host it behaves as.
    pub profile: Profile,
}

impl Backend for Wasmtime {
    fn name(&self) -> &'static str {
        "wasmtime"
    }

    fn profile(&self) -> Profile {
        self.profile
    }

    fn schedules(&self) -> bool {
        true
    }

    fn start(&self, scenario: &Scenario) -> Result<Box<dyn Session + '_>, NotStarted> {
        let routed = matches!(scenario.route.action, RouteAction::NoRoute | RouteAction::UnknownCluster);
        if routed && self.profile == Profile::Kong {
            return Err(NotStarted::Unsupported("nginx has neither routes nor clusters that are unknown".to_owned()));
        }
        let spec = spec(scenario).map_err(NotStarted::Broken)?;
        match Proxy::start(ProxySpec { profile: self.profile, ..spec }) {
            Ok(proxy) => Ok(Box::new(Running { proxy, diagnostics: Vec::new() })),
            Err(error) => {
                let mut lines: Vec<String> = error.logs.iter().map(line).collect();
                lines.push(error.to_string());
                Err(NotStarted::Refused(lines))
            }
        }
    }
}

/// The proxy of a scenario.
///
/// # Errors
/// A module cannot be read.
pub fn spec(scenario: &Scenario) -> Result<ProxySpec, String> {
    let default = ProxySpec::default();
    Ok(ProxySpec {
        plugins: scenario.plugins.iter().map(plugin).collect::<Result<_, _>>()?,
        workers: scenario.workers,
        now_unix_nanos: scenario.now.unwrap_or(default.now_unix_nanos),
        route: scenario.route.clone(),
        clusters: scenario.clusters.clone(),
        ..default
    })
}

/// Plays the request of a step.
pub fn exchange(proxy: &mut Proxy, step: &RequestStep) -> Exchange {
    let (request, answer) = framed(step);
    proxy.exchange(step.worker, request, &mut |_: &UpstreamRequest| answer.clone())
}

fn plugin(plugin: &Plugin) -> Result<PluginSpec, String> {
    let module = std::fs::read(&plugin.module).map_err(|error| format!("{}: {error}", plugin.module.display()))?;
    Ok(PluginSpec {
        configuration: plugin.configuration.clone(),
        vm_id: plugin.vm_id.clone(),
        environment: plugin.environment.clone(),
        failure_policy: plugin.failure_policy,
        allow_on_headers_stop_iteration: plugin.allow_on_headers_stop_iteration,
        ..PluginSpec::new(plugin.name.clone(), module)
    })
}

struct Running {
    proxy: Proxy,
    diagnostics: Vec<String>,
}

impl Session for Running {
    fn send(&mut self, send: &RequestStep) -> Result<Sent, Trouble> {
        if send.raw.is_some() {
            return Err(Trouble::Unsupported("raw bytes need a real proxy".to_owned()));
        }
        let exchange = exchange(&mut self.proxy, send);
        self.diagnostics.extend(exchange.diagnostics.iter().map(|diagnostic| diagnostic.to_string()));
        let memory = self.proxy.guest_memory().iter().map(GuestMemory::bytes).sum();
        let costs = Costs { fuel: exchange.fuel, host_calls: exchange.host_calls, memory };
        let timeline = format!("{}\n{costs}", timeline(&exchange.trace));
        Ok(Sent { response: exchange.response, upstream: exchange.upstream, timeline, costs: Some(costs) })
    }

    fn advance(&mut self, by: Duration) -> Result<(), Trouble> {
        self.proxy.advance(by);
        Ok(())
    }

    fn interleave(&mut self, step: &InterleaveStep, chooser: &mut dyn Chooser) -> Result<Interleaved, Trouble> {
        let interleaving = self.proxy.interleave(step.actors.iter().map(actor).collect(), chooser);
        if interleaving.unfinished {
            return Err(Trouble::Broken(format!(
                "more than {MOST_STEPS} steps: a request that nothing resumes, a timer or a loop of calls goes on for ever"
            )));
        }
        self.diagnostics.extend(interleaving.record.diagnostics.iter().map(ToString::to_string));
        let sent = |(response, upstream)| Sent { response, upstream, ..Sent::default() };
        Ok(Interleaved {
            sent: interleaving.exchanges.into_iter().map(|exchange| exchange.map(sent)).collect(),
            steps: interleaving.steps,
            timeline: timeline(&interleaving.record.trace),
        })
    }

    fn jump(&mut self, jump: Jump) -> Result<(), Trouble> {
        let nanos = |by: Duration| u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        let now = self.proxy.now_unix_nanos();
        self.proxy.set_clock(match jump {
            Jump::Forward(by) => now.saturating_add(nanos(by)),
            Jump::Back(by) => now.saturating_sub(nanos(by)),
        });
        Ok(())
    }

    fn fault(&mut self, step: &Step) -> Result<(), Trouble> {
        match step {
            Step::Fault(fault) => self.proxy.inject(fault.clone()),
            Step::Kill(place) => self.proxy.kill(*place),
            Step::Evict(key) => self.proxy.evict(key),
            _ => {}
        }
        Ok(())
    }

    fn unused_faults(&mut self) -> Vec<String> {
        self.proxy.unused_faults().iter().map(|fault| format!("{fault:?}, never")).collect()
    }

    fn set_clusters(&mut self, clusters: &BTreeMap<String, Cluster>) -> Result<(), Trouble> {
        for (name, cluster) in clusters {
            self.proxy.set_cluster(name.clone(), cluster.clone());
        }
        Ok(())
    }

    fn calls(&mut self, cluster: &str) -> Vec<UpstreamRequest> {
        let calls = self.proxy.callouts().into_iter().filter(|call| call.cluster == cluster);
        calls.map(UpstreamRequest::from).collect()
    }

    fn logs(&mut self) -> Vec<String> {
        self.proxy.logs().iter().map(line).collect()
    }

    fn diagnostics(&mut self) -> Vec<String> {
        self.diagnostics.clone()
    }

    fn state(&mut self) -> Option<StateCosts> {
        Some(self.proxy.state())
    }

    fn metric(&mut self, name: &str) -> Option<u64> {
        match self.proxy.metrics().get(name)? {
            MetricValue::Counter(value) | MetricValue::Gauge(value) => Some(*value),
            MetricValue::Histogram(values) => u64::try_from(values.len()).ok(),
        }
    }
}

fn actor(step: &ActorStep) -> Actor {
    match step {
        ActorStep::Request(send) => {
            let (request, answer) = framed(send);
            Actor::Request {
                worker: send.worker,
                request: Box::new(request),
                upstream: Box::new(move |_: &UpstreamRequest| answer.clone()),
            }
        }
        ActorStep::Tick(place) => Actor::Tick(*place),
        ActorStep::Kill(place) => Actor::Kill(*place),
    }
}

/// Both messages as they are on the wire.
fn framed(send: &RequestStep) -> (Request, UpstreamAnswer) {
    let mut request = send.request.clone();
    declare_length(&mut request.headers, &request.body, &request.trailers);
    (request, with_length(send.upstream.clone()))
}

fn line(line: &LogLine) -> String {
    format!("[{:?}] {}: {}", line.level, line.plugin, String::from_utf8_lossy(&line.message))
}

/// A client or server that sends a body without trailers says how long it is.
fn declare_length(headers: &mut Headers, body: &[Vec<u8>], trailers: &Headers) {
    let framed = headers.iter().any(|(name, _)| {
        name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"transfer-encoding")
    });
    if !framed && !body.is_empty() && trailers.is_empty() {
        let length: usize = body.iter().map(Vec::len).sum();
        headers.push((b"content-length".to_vec(), length.to_string().into_bytes()));
    }
}

fn with_length(mut answer: UpstreamAnswer) -> UpstreamAnswer {
    if let UpstreamAnswer::Response(response) | UpstreamAnswer::ResetAfterHeaders(response) = &mut answer {
        declare_length(&mut response.headers, &response.body, &response.trailers);
    }
    answer
}
