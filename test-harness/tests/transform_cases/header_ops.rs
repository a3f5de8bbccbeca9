//! Ops on headers in a neutral notation, with values in the manner of Envoy's formatter (`%REQ(x)%`).
//!
//! - `set remove rename` are ours; `add` and `append` are `append`, `add_if_absent` is `set_if_absent`, `set_if_exists`
//!   is `replace_if_exists`.
//! - `%REQ(x)%` is `${header.x}`, `%QUERY(x)%` is `${query.x}`, `%PATH_SEGMENT(n)%`, counted from 0, is
//!   `${path.segment.n+1}`; `%%` is `%`. What else stands between two `%` is a source nobody knows.
//! - A case runs on requests, and on responses too unless a template reads the request.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use test_harness::{Headers, Request, UpstreamResponse};

use super::score::{Aside, Score, Verdict, load};
use super::{Player, request};

#[derive(Deserialize)]
struct Case {
    id: String,
    strength: String,
    policy: Vec<Op>,
    input_headers: Vec<(String, String)>,
    expect: Map<String, Value>,
}

#[derive(Deserialize)]
struct Op {
    op: String,
    #[serde(alias = "from")]
    name: String,
    to: Option<String>,
    value: Option<String>,
}

/// Plays the file.
pub fn play(player: &mut Player) -> Option<Score> {
    let cases: Vec<Case> = load("header_ops.json")?;
    let mut score = Score::of("header_ops.json");
    for case in cases {
        score.add(&case.id, &case.strength, case.play(player));
    }
    Some(score)
}

impl Case {
    fn play(&self, player: &mut Player) -> Verdict {
        let ops = self.policy.iter().map(Op::ours).collect::<Result<Vec<Value>, Aside>>()?;
        let on_requests = self.judge(self.on_request(player, &ops))?;
        if self.policy.iter().any(Op::reads_the_request) || self.input_headers.iter().any(|(name, _)| is_pseudo(name)) {
            return Ok(on_requests);
        }
        let on_responses = self.judge(self.on_response(player, &ops))?;
        Ok(on_requests
            .map_err(|why| format!("request: {why}"))
            .and(on_responses.map_err(|why| format!("response: {why}"))))
    }

    fn on_request(&self, player: &mut Player, ops: &[Value]) -> Option<Outcome> {
        let mut request = Request { headers: self.headers(), ..request() };
        if let Some((_, path)) = self.input_headers.iter().find(|(name, _)| name == ":path") {
            request.path = bytes(path);
        }
        let sent = player.play(&json!({"request": ops}), request, UpstreamResponse::default())?;
        Some(Outcome { status: sent.response.status, headers: sent.upstream.map(|request| request.headers) })
    }

    fn on_response(&self, player: &mut Player, ops: &[Value]) -> Option<Outcome> {
        let answer = UpstreamResponse { headers: self.headers(), ..UpstreamResponse::default() };
        let sent = player.play(&json!({"response": ops}), request(), answer)?;
        Some(Outcome { status: sent.response.status, headers: Some(sent.response.headers) })
    }

    fn headers(&self) -> Headers {
        let fields = self.input_headers.iter().filter(|(name, _)| !is_pseudo(name));
        fields.map(|(name, value)| (name.clone().into_bytes(), bytes(value))).collect()
    }

    /// `None`: the config was refused.
    fn judge(&self, found: Option<Outcome>) -> Verdict {
        let Some(found) = found else {
            let may_be =
                |key, words| self.expect.get(key).and_then(Value::as_str).is_some_and(|text| text.contains(words));
            let refusal = may_be("config", "rejected") || may_be("documented", "config rejected");
            return Ok(if refusal { Ok(()) } else { Err("the config is refused".to_owned()) });
        };
        for (key, wanted) in &self.expect {
            let wrong = match (key.as_str(), wanted) {
                ("config" | "documented", _) => Err("the config is taken".to_owned()),
                ("status", Value::Number(status)) => found.status_is(status, true),
                ("status_not", Value::Number(status)) => found.status_is(status, false),
                ("_no_ctl_in", Value::Array(names)) => names.iter().try_for_each(|name| found.no_control_byte(name)),
                (name, Value::Null) => found.lines_are(name, &[]),
                (name, Value::Array(lines)) if !name.starts_with('_') => found.lines_are(name, lines),
                _ => return Err(Aside::because(format!("this test cannot read the expectation {key}: {wanted}"))),
            };
            if wrong.is_err() {
                return Ok(wrong);
            }
        }
        Ok(Ok(()))
    }
}

impl Op {
    fn ours(&self) -> Result<Value, Aside> {
        let op = match self.op.as_str() {
            known @ ("set" | "remove" | "rename") => known,
            "add" | "append" => "append",
            "add_if_absent" => "set_if_absent",
            "set_if_exists" => "replace_if_exists",
            other => return Err(Aside::because(format!("we have no op {other}"))),
        };
        let mut ours = json!({"op": op, "target": "header", "name": self.name});
        if let Some(to) = &self.to {
            ours["to"] = to.as_str().into();
        }
        if let Some(value) = &self.value {
            ours["value"] = template(value).into();
        }
        Ok(ours)
    }

    fn reads_the_request(&self) -> bool {
        self.value.as_deref().is_some_and(|value| template(value).replace("$${", "").contains("${"))
    }
}

/// `%REQ(x)%` and so on in our notation.
fn template(value: &str) -> String {
    let mut ours = String::new();
    // Between the first two `%` stands a source, behind them text again.
    for (index, part) in value.split('%').enumerate() {
        match (index % 2, part) {
            (0, text) => ours.push_str(&text.replace("${", "$${")),
            (_, "") => ours.push('%'),
            (_, source) => ours.push_str(&format!("${{{}}}", named(source))),
        }
    }
    ours
}

fn named(source: &str) -> String {
    let Some((kind, argument)) = source.strip_suffix(')').and_then(|source| source.split_once('(')) else {
        return source.to_owned();
    };
    match (kind, argument.parse::<usize>()) {
        ("REQ", _) => format!("header.{argument}"),
        ("QUERY" | "QUERY_PARAM", _) => format!("query.{argument}"),
        ("COOKIE", _) => format!("cookie.{argument}"),
        ("PATH_SEGMENT", Ok(from_zero)) => format!("path.segment.{}", from_zero + 1),
        _ => source.to_owned(),
    }
}

/// What came of a case in one direction.
struct Outcome {
    status: u16,
    /// Behind the filter; `None`: nothing got there.
    headers: Option<Headers>,
}

impl Outcome {
    fn lines(&self, name: &str) -> Vec<&[u8]> {
        let fields = self.headers.iter().flatten();
        fields
            .filter(|(field, _)| field.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value.as_slice())
            .collect()
    }

    fn lines_are(&self, name: &str, wanted: &[Value]) -> Result<(), String> {
        let wanted: Vec<Vec<u8>> = wanted.iter().map(|line| bytes(line.as_str().unwrap_or_default())).collect();
        let found = self.lines(name);
        if found == wanted {
            Ok(())
        } else {
            Err(format!("{name}: expected {}, found {}", text(&wanted), text(&found)))
        }
    }

    fn no_control_byte(&self, name: &Value) -> Result<(), String> {
        let name = name.as_str().unwrap_or_default();
        match self.lines(name).iter().any(|line| line.iter().any(u8::is_ascii_control)) {
            true => Err(format!("{name}: a control byte")),
            false => Ok(()),
        }
    }

    fn status_is(&self, wanted: &serde_json::Number, same: bool) -> Result<(), String> {
        match (wanted.as_u64() == Some(self.status.into())) == same {
            true => Ok(()),
            false => Err(format!("status {}", self.status)),
        }
    }
}

/// Lines for people, the long ones cut.
fn text<T: AsRef<[u8]>>(lines: &[T]) -> String {
    let line = |line: &T| line.as_ref().iter().take(80).flat_map(|byte| byte.escape_ascii()).map(char::from).collect();
    format!("{:?}", lines.iter().map(line).collect::<Vec<String>>())
}

fn is_pseudo(name: &str) -> bool {
    name.starts_with(':')
}

/// A value, in which `\xNN` is a byte.
fn bytes(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        bytes.push(u8::from_str_radix(digits, 16).unwrap_or_else(|error| panic!("\\x{part}: {error}")));
        bytes.extend_from_slice(rest.as_bytes());
    }
    bytes
}
