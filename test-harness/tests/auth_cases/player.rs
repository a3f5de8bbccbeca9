//! Batches of requests under one config, and a good token behind them.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use serde_json::{Value, json};
use test_harness::backend::{Backend, NotStarted, Sent};
use test_harness::scenario::{Expect, Plugin, RequestStep, Scenario};
use test_harness::{CalloutAnswer, Cluster, Request, ScriptedAnswer, UpstreamResponse};

use crate::hs256;

/// A config of the filter, and what surrounds it.
#[derive(Default)]
pub struct Setting {
    /// The authenticator that is required, with its `type`.
    pub authenticator: Value,
    /// `authorize`, or null.
    pub authorize: Value,
    /// The documents of the cluster `idp`: `/0`, `/1` and so on.
    pub published: Vec<Vec<u8>>,
    /// The clock, in seconds; `None`: the backend's.
    pub now: Option<u64>,
}

impl Setting {
    fn config(&self) -> Value {
        let issuer = json!({"name": "control", "algorithms": ["HS256"], "keys": {"jwks": hs256::jwks()}});
        let authenticators = json!({"cases": self.authenticator, "control": {"type": "jwt", "issuers": [issuer]}});
        let control = json!({"require": {"use": "control"}, "authorize": []});
        let mut config = json!({
            "authenticators": authenticators,
            "require": {"use": "cases"},
            "rules": [{"name": "control", "match": {"paths": [{"prefix": "/control"}]}, "config": control}],
        });
        if !self.authorize.is_null() {
            config["authorize"] = self.authorize.clone();
        }
        config
    }

    fn scenario(&self) -> Scenario {
        let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/auth.wasm");
        assert!(module.is_file(), "{} is missing: run `make build`", module.display());
        let mut scenario = Scenario::new("cases", vec![Plugin::new("auth", module, self.config().to_string())]);
        scenario.now = self.now.map(|seconds| seconds * 1_000_000_000);
        if !self.published.is_empty() {
            let documents = self.published.iter().enumerate();
            let answers = documents.map(|(at, document)| ScriptedAnswer {
                path: Some(format!("/{at}").into_bytes()),
                times: None,
                answer: CalloutAnswer::Response(UpstreamResponse {
                    body: vec![document.clone()],
                    ..UpstreamResponse::default()
                }),
            });
            let cluster = Cluster { answers: answers.collect(), ..Cluster::default() };
            scenario.clusters = BTreeMap::from([("idp".to_owned(), cluster)]);
        }
        scenario
    }

    /// What comes of the requests, one after another; `None`: the config is refused.
    pub fn play(&self, backend: &dyn Backend, requests: &[Request]) -> Option<Vec<Sent>> {
        let mut session = match backend.start(&self.scenario()) {
            Ok(session) => session,
            Err(NotStarted::Refused(_)) => return None,
            Err(trouble) => panic!("{}: {trouble:?}", self.config()),
        };
        let mut send = |request: &Request| {
            // A real client can only come from an address of this machine.
            let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000));
            let step = RequestStep::new(Request { peer, ..request.clone() }, Expect::default());
            session.send(&step).unwrap_or_else(|trouble| panic!("{}: {trouble:?}", self.config()))
        };
        let sent = requests.iter().map(&mut send).collect();
        let control = Request { path: b"/control".to_vec(), ..shows(&hs256::token(json!({}))) };
        assert!(send(&control).upstream.is_some(), "{}: the control token is refused", self.config());
        session.settle().unwrap_or_else(|trouble| panic!("{}: {trouble:?}", self.config()));
        assert_eq!(session.diagnostics(), Vec::<String>::new(), "{}", self.config());
        Some(sent)
    }
}

/// A request with this token.
pub fn shows(token: &str) -> Request {
    Request { headers: vec![(b"authorization".to_vec(), format!("Bearer {token}").into_bytes())], ..Request::default() }
}

/// The code of an answer of ours; empty if it is none.
pub fn code(sent: &Sent) -> String {
    let body: Value = serde_json::from_slice(&sent.response.body).unwrap_or_default();
    body["code"].as_str().unwrap_or_default().to_owned()
}
