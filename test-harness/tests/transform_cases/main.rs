//! Conformance cases of others through the header-transform module: in this crate's host, and in real Envoy.
//!
//! The cases are read from the folder that `SLUICEGATE_CASES` names. Each is translated into a config of ours by rule;
//! what our config cannot say is left out, each with its reason.

mod header_ops;
mod kong;
mod score;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use serde_json::Value;
use test_harness::backend::envoy::{Envoy, Install};
use test_harness::backend::wasmtime::Wasmtime;
use test_harness::backend::{Backend, NotStarted, Sent, Session};
use test_harness::scenario::{Expect, Plugin, RequestStep, Scenario};
use test_harness::{Request, UpstreamResponse};

#[test]
fn in_wasmtime() {
    play_all(&mut Player { backend: &Wasmtime::default(), current: None });
}

#[test]
fn in_envoy() {
    match Install::find() {
        Ok(install) => play_all(&mut Player { backend: &Envoy::new(install), current: None }),
        Err(why) => println!("SKIPPED: {why}"),
    }
}

fn play_all(player: &mut Player) {
    let scores = [header_ops::play(player), kong::play(player)];
    let failed: Vec<String> =
        scores.into_iter().flatten().flat_map(|score| score.settle(player.backend.name())).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// A request that a real client of this machine can send.
fn request() -> Request {
    Request { peer: SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000)), ..Request::default() }
}

/// A proxy per config. One at a time: each may be a process.
struct Player<'a> {
    backend: &'a dyn Backend,
    /// The config, and its session unless it was refused.
    current: Option<(Value, Option<Box<dyn Session + 'a>>)>,
}

impl<'a> Player<'a> {
    /// What comes of a request under a config of ours; `None`: the config is refused.
    fn play(&mut self, config: &Value, request: Request, answer: UpstreamResponse) -> Option<Sent> {
        if self.current.as_ref().is_none_or(|(known, _)| known != config) {
            self.current = None;
            self.current = Some((config.clone(), self.start(config)));
        }
        let session = self.current.as_mut()?.1.as_mut()?;
        let step = RequestStep { upstream: answer.into(), ..RequestStep::new(request, Expect::default()) };
        let sent = session.send(&step).unwrap_or_else(|trouble| panic!("{config}: {trouble:?}"));
        assert_eq!(session.diagnostics(), Vec::<String>::new(), "{config}");
        Some(sent)
    }

    fn start(&mut self, config: &Value) -> Option<Box<dyn Session + 'a>> {
        let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/header-transform.wasm");
        assert!(module.is_file(), "{} is missing: run `make build`", module.display());
        let scenario = Scenario::new("cases", vec![Plugin::new("header-transform", module, config.to_string())]);
        match self.backend.start(&scenario) {
            Ok(session) => Some(session),
            Err(NotStarted::Refused(_)) => None,
            Err(trouble) => panic!("{config}: {trouble:?}"),
        }
    }
}
