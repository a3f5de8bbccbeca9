//! The tests of Kong's request-transformer, as data: a policy, a request, and what the upstream received.
//!
//! The file has no strengths; its cases count as `unmarked`. A case is left out where it edits a body and looks at it,
//! where a template is a program in Lua, and where letter case of header names is all it is about. Bodies pass through
//! the filter: in every case that runs the upstream must have received the one that was sent.

mod expect;
mod policy;
mod template;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use test_harness::{Headers, Request, UpstreamResponse};

use super::score::{Aside, Score, Verdict, load};
use super::{Player, request};
use expect::Expected;
use policy::Policy;
use template::Captures;

#[derive(Deserialize)]
struct Case {
    id: String,
    policy: Policy,
    request: Sent,
    expect_upstream: Expected,
    other_asserts: Vec<String>,
}

#[derive(Deserialize)]
struct Sent {
    method: String,
    path: String,
    #[serde(default)]
    query: BTreeMap<String, OneOrMany>,
    #[serde(default)]
    headers: BTreeMap<String, OneOrMany>,
    body: Option<Value>,
}

/// A value, or a list of them.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

/// Plays the file.
pub fn play(player: &mut Player) -> Option<Score> {
    let cases: Vec<Case> = load("kong_request_transformer.json")?;
    let mut score = Score::of("kong_request_transformer.json");
    for case in cases {
        score.add(&case.id, "unmarked", case.play(player));
    }
    Some(score)
}

impl Case {
    fn play(&self, player: &mut Player) -> Verdict {
        let asserts = expect::asserts(&self.other_asserts, &self.policy, &self.expect_upstream)?;
        let looks_at_the_body = self.expect_upstream.looks_at_the_body() || asserts.contains(&expect::Assert::Body);
        if self.request.body.is_some() && self.policy.edits_the_body() && looks_at_the_body {
            return Err(Aside::because("edits a form, multipart or JSON body: not in this version"));
        }
        let captures = Captures::of(&self.request.path);
        let config = self.policy.ours(&captures)?;
        let request = self.request.request();
        let Some(sent) = player.play(&config, request.clone(), UpstreamResponse::default()) else {
            return Ok(Err(format!("the config is refused: {config}")));
        };
        let Some(seen) = &sent.upstream else {
            return Ok(Err(format!("status {}, nothing reached the upstream: {config}", sent.response.status)));
        };
        let context = expect::Context { sent: &request, seen, policy: &self.policy, captures: &captures };
        let verdict = self.expect_upstream.judge(sent.response.status, &context);
        Ok(verdict.and_then(|()| asserts.iter().try_for_each(|assert| assert.judge(&context))))
    }
}

impl Sent {
    fn request(&self) -> Request {
        let is_host = |name: &str| name.eq_ignore_ascii_case("host");
        let named = |name: &str| self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let (host, fields): (Vec<_>, Vec<_>) = self.headers.iter().partition(|(name, _)| is_host(name));
        let headers: Headers = fields
            .into_iter()
            .flat_map(|(name, values)| {
                values.as_slice().iter().map(|value| (name.clone().into(), value.clone().into()))
            })
            .collect();
        let is_form = named("content-type").is_some_and(|(_, value)| value.as_slice().concat().contains("urlencoded"));
        Request {
            method: self.method.clone().into_bytes(),
            path: self.target().into_bytes(),
            authority: host.first().map_or_else(String::new, |(_, host)| host.as_slice().concat()).into_bytes(),
            headers,
            body: self.body.iter().map(|body| encoded(body, is_form)).collect(),
            ..request()
        }
    }

    /// Path and query. A space cannot stand in a request line.
    fn target(&self) -> String {
        let mut target = self.path.replace(' ', "%20");
        for (name, values) in &self.query {
            for value in values.as_slice() {
                target.push(if target.contains('?') { '&' } else { '?' });
                target.push_str(&format!("{name}={value}"));
            }
        }
        target
    }
}

/// A body as it is sent: text as it is, fields as a form or as JSON.
fn encoded(body: &Value, is_form: bool) -> Vec<u8> {
    match body {
        Value::String(text) => text.clone().into_bytes(),
        Value::Object(fields) if is_form => {
            let pairs = fields.iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()));
            pairs.collect::<Vec<_>>().join("&").into_bytes()
        }
        other => other.to_string().into_bytes(),
    }
}
