//! A proxy with the module and one config.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use test_harness::backend::wasmtime::Wasmtime;
use test_harness::backend::{Backend, Session};
use test_harness::scenario::{Expect, Jump, Plugin, RequestStep, Scenario};
use test_harness::{Request, Response, UpstreamResponse};

/// When cases begin: a multiple of every window they have, 333 ms among them, so that windows begin with them.
const START_MS: u64 = 37 * 532 * 86_400_000;

/// What is asked.
#[derive(Clone)]
pub struct Asked {
    pub headers: Vec<(String, String)>,
    pub path: String,
    pub peer: SocketAddr,
}

impl Default for Asked {
    fn default() -> Self {
        Self { headers: Vec::new(), path: "/".to_owned(), peer: SocketAddr::from(([192, 0, 2, 1], 40_000)) }
    }
}

impl Asked {
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn from(mut self, ip: &str) -> Self {
        let ip = ip.parse().unwrap_or_else(|error| panic!("{ip}: {error}"));
        self.peer = SocketAddr::new(ip, 40_000);
        self
    }
}

pub struct Player {
    session: Box<dyn Session>,
    now_ms: u64,
}

impl Player {
    /// A proxy at that time after the start of all cases.
    pub fn start(config: &Value, now_ms: u64) -> Self {
        static BACKEND: Wasmtime = Wasmtime { profile: test_harness::Profile::Envoy };
        let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/rate-limit.wasm");
        assert!(module.is_file(), "{} is missing: run `make build`", module.display());
        let mut scenario = Scenario::new("cases", vec![Plugin::new("rate-limit", module, config.to_string())]);
        scenario.now = Some((START_MS + now_ms) * 1_000_000);
        let session = BACKEND.start(&scenario).unwrap_or_else(|trouble| panic!("{config}: {trouble:?}"));
        Self { session, now_ms }
    }

    /// Lets it be that time after the start of all cases.
    pub fn be_at(&mut self, now_ms: u64) {
        let moved = match now_ms.checked_sub(self.now_ms) {
            Some(ahead) => self.session.advance(Duration::from_millis(ahead)),
            None => self.session.jump(Jump::Back(Duration::from_millis(self.now_ms - now_ms))),
        };
        moved.unwrap_or_else(|trouble| panic!("{trouble:?}"));
        self.now_ms = now_ms;
    }

    pub fn wait(&mut self, seconds: u64) {
        self.be_at(self.now_ms + seconds * 1_000);
    }

    /// What the client receives. The upstream answers with limits of its own (RL-13).
    pub fn ask(&mut self, asked: &Asked) -> Response {
        let field = |(name, value): &(String, String)| (name.clone().into_bytes(), value.clone().into_bytes());
        let request = Request {
            path: asked.path.clone().into_bytes(),
            headers: asked.headers.iter().map(field).collect(),
            peer: asked.peer,
            ..Request::default()
        };
        let upstream = [("ratelimit", "\"upstream\";r=9999"), ("ratelimit-policy", "\"upstream\";q=9999")];
        let headers = upstream.map(|(name, value)| (name.into(), value.into())).to_vec();
        let answer = UpstreamResponse { headers, ..RequestStep::answer() };
        let step = RequestStep { upstream: answer.into(), ..RequestStep::new(request, Expect::default()) };
        let sent = self.session.send(&step).unwrap_or_else(|trouble| panic!("{trouble:?}"));
        assert_eq!(self.session.diagnostics(), Vec::<String>::new());
        sent.response
    }
}
