//! What every test of the host needs.

use std::sync::Arc;

use test_harness::{
    Diagnostic, Exchange, Place, PluginSpec, Proxy, ProxySpec, Request, UpstreamAnswer, UpstreamRequest,
    UpstreamResponse,
};

use crate::probe::Probe;

/// A proxy of one probe and one worker.
pub fn proxy(probe: &Probe) -> Proxy {
    proxy_of(&[("probe", probe)])
}

/// A proxy of several probes and one worker.
pub fn proxy_of(probes: &[(&str, &Probe)]) -> Proxy {
    start(ProxySpec { plugins: plugins(probes), ..ProxySpec::default() })
}

pub fn start(spec: ProxySpec) -> Proxy {
    Proxy::start(spec).unwrap_or_else(|error| panic!("{error}"))
}

/// One plugin per probe, each with a VM of its own.
pub fn plugins(probes: &[(&str, &Probe)]) -> Vec<PluginSpec> {
    probes.iter().map(|(name, probe)| PluginSpec { vm_id: (*name).to_owned(), ..plugin(name, probe.build()) }).collect()
}

pub fn plugin(name: &str, wasm: Arc<[u8]>) -> PluginSpec {
    PluginSpec::new(name, wasm)
}

/// `GET /` with headers.
pub fn get(headers: &[(&str, &str)]) -> Request {
    let headers = headers.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect();
    Request { headers, ..Request::default() }
}

/// `POST /` with a body in chunks.
pub fn post(chunks: &[&str]) -> Request {
    let body = chunks.iter().map(|chunk| chunk.as_bytes().to_vec()).collect();
    Request { method: b"POST".to_vec(), body, ..Request::default() }
}

/// Sends a request to worker 0 of a proxy whose upstream answers 200.
pub fn send(proxy: &mut Proxy, request: Request) -> Exchange {
    proxy.exchange(0, request, &mut |_: &UpstreamRequest| UpstreamResponse::default())
}

/// Sends a request to an upstream with a given answer.
pub fn send_to(proxy: &mut Proxy, request: Request, answer: impl Into<UpstreamAnswer>) -> Exchange {
    let answer = answer.into();
    proxy.exchange(0, request, &mut |_: &UpstreamRequest| answer.clone())
}

/// What plugins logged on workers, in order.
pub fn worker_logs(proxy: &Proxy) -> Vec<String> {
    proxy
        .logs()
        .iter()
        .filter(|line| matches!(line.place, Place::Worker(_)))
        .map(|line| String::from_utf8_lossy(&line.message).into_owned())
        .collect()
}

/// What plugins logged on workers while `work` ran.
pub fn logs_of(proxy: &mut Proxy, work: impl FnOnce(&mut Proxy)) -> Vec<String> {
    let before = worker_logs(proxy).len();
    work(proxy);
    worker_logs(proxy).split_off(before)
}

/// Logs with the plugin's name in front.
pub fn named_logs_of(proxy: &mut Proxy, work: impl FnOnce(&mut Proxy)) -> Vec<String> {
    let before = proxy.logs().len();
    work(proxy);
    let logs = proxy.logs().split_off(before);
    logs.iter().map(|line| format!("{} {}", line.plugin, String::from_utf8_lossy(&line.message))).collect()
}

/// Diagnostics without the noise of their fields.
pub fn kinds(diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics
        .iter()
        .map(|diagnostic| {
            let text = format!("{:?}", diagnostic.problem);
            text.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
        })
        .collect()
}
