//! The conformance cases of the cors filter through its module: in this crate's host, and in real Envoy.
//!
//! The cases and what they mean stand with the filter, which plays them on its rules alone.

#[allow(dead_code, reason = "the filter's own tests look at more of an answer")]
#[path = "../../filters/cors/tests/filter/cases/mod.rs"]
mod cases;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use cases::{Answer, Lines, Player};
use serde_json::Value;
use test_harness::backend::envoy::{Envoy, Install};
use test_harness::backend::wasmtime::Wasmtime;
use test_harness::backend::{Backend, NotStarted, Session};
use test_harness::scenario::{Expect, Plugin, RequestStep, Scenario};
use test_harness::{Headers, Request, UpstreamResponse};

#[test]
fn in_wasmtime() {
    cases::play_all(&mut Proxies { backend: &Wasmtime::default(), current: None });
}

#[test]
fn in_envoy() {
    match Install::find() {
        Ok(install) => cases::play_all(&mut Proxies { backend: &Envoy::new(install), current: None }),
        Err(why) => println!("SKIPPED: {why}"),
    }
}

/// A proxy per config. One at a time: each may be a process.
struct Proxies<'a> {
    backend: &'a dyn Backend,
    /// The config, and its session unless it was refused.
    current: Option<(Value, Option<Box<dyn Session + 'a>>)>,
}

impl<'a> Proxies<'a> {
    fn start(&mut self, config: &Value) -> Option<Box<dyn Session + 'a>> {
        let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/cors.wasm");
        assert!(module.is_file(), "{} is missing: run `make build`", module.display());
        let scenario = Scenario::new("cases", vec![Plugin::new("cors", module, config.to_string())]);
        match self.backend.start(&scenario) {
            Ok(session) => Some(session),
            Err(NotStarted::Refused(_)) => None,
            Err(trouble) => panic!("{config}: {trouble:?}"),
        }
    }
}

impl Player for Proxies<'_> {
    fn play(&mut self, config: &Value, request: Lines, upstream_status: u16, upstream: Lines) -> Option<Answer> {
        if self.current.as_ref().is_none_or(|(known, _)| known != config) {
            self.current = None;
            self.current = Some((config.clone(), self.start(config)));
        }
        let session = self.current.as_mut()?.1.as_mut()?;
        let (methods, fields): (Lines, Lines) = request.into_iter().partition(|(name, _)| name == ":method");
        let method = methods.into_iter().map(|(_, method)| method).next().expect("every case has a method");
        // A real client can only come from an address of this machine.
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
        let request = Request { method, headers: headers(fields), peer, ..Request::default() };
        let answer =
            UpstreamResponse { status: upstream_status, headers: headers(upstream), ..UpstreamResponse::default() };
        let step = RequestStep { upstream: answer.into(), ..RequestStep::new(request, Expect::default()) };
        let sent = session.send(&step).unwrap_or_else(|trouble| panic!("{config}: {trouble:?}"));
        assert_eq!(session.diagnostics(), Vec::<String>::new(), "{config}");
        let text = |name: Vec<u8>| String::from_utf8(name).expect("header names are tokens");
        let lines = sent.response.headers.into_iter().map(|(name, value)| (text(name), value)).collect();
        Some(Answer { reached: sent.upstream.is_some(), code: None, status: sent.response.status, headers: lines })
    }
}

fn headers(lines: Lines) -> Headers {
    lines.into_iter().map(|(name, value)| (name.into_bytes(), value)).collect()
}
