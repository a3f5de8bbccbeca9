//! `fault:` and `jump:` in a scenario file.

use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::interleave::PlaceYaml;
use super::text::Text;
use crate::Fault;
use crate::scenario::{Jump, Step};

/// One fault: exactly one of `call`, `torn`, `evicted`, `dropped_ticks`, `kill`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultYaml {
    call: Option<String>,
    returns: Option<String>,
    times: Option<u32>,
    skip: Option<u32>,
    torn: Option<Text>,
    evicted: Option<Text>,
    dropped_ticks: Option<u32>,
    kill: Option<PlaceYaml>,
    before: Option<String>,
}

impl TryFrom<FaultYaml> for Step {
    type Error = String;

    fn try_from(yaml: FaultYaml) -> Result<Step, String> {
        let FaultYaml { call, returns, times, skip, torn, evicted, dropped_ticks, kill, before } = yaml;
        let of_call = returns.is_some() || times.is_some() || skip.is_some();
        if of_call && call.is_none() {
            return Err("fault: `returns`, `times` and `skip` belong to a `call`".to_owned());
        }
        if before.is_some() && kill.is_none() {
            return Err("fault: `before` belongs to a `kill`".to_owned());
        }
        match (call, torn, evicted, dropped_ticks, kill) {
            (Some(call), None, None, None, None) => {
                let status = returns.ok_or("fault: expected `returns` beside `call`")?;
                let status = status.parse().map_err(|why| format!("fault: returns: {why}"))?;
                let (skip, times) = (skip.unwrap_or(0), at_least_one("times", times.unwrap_or(1))?);
                Ok(Step::Fault(Fault::Answer { call: known(call)?, status, skip, times }))
            }
            (None, Some(Text(key)), None, None, None) => Ok(Step::Fault(Fault::Torn { key })),
            (None, None, Some(Text(key)), None, None) => Ok(Step::Evict(key)),
            (None, None, None, Some(times), None) => {
                Ok(Step::Fault(Fault::DroppedTicks { times: at_least_one("dropped_ticks", times)? }))
            }
            (None, None, None, None, Some(PlaceYaml(place))) => Ok(match before {
                Some(before) => Step::Fault(Fault::Kill { place, before: callback(before)? }),
                None => Step::Kill(place),
            }),
            _ => Err("fault: expected exactly one of call, torn, evicted, dropped_ticks, kill".to_owned()),
        }
    }
}

fn at_least_one(field: &str, count: u32) -> Result<u32, String> {
    match count {
        0 => Err(format!("fault: {field}: expected at least 1, found 0")),
        count => Ok(count),
    }
}

/// A fault that can never happen would make a test that cannot fail.
fn known(call: String) -> Result<String, String> {
    match crate::abi::HOST_FUNCTIONS.iter().any(|function| function.module == "env" && function.name == call) {
        true => Ok(call),
        false => Err(format!("fault: call: no host function is named {call}")),
    }
}

fn callback(name: String) -> Result<String, String> {
    match crate::abi::CALLBACKS.iter().any(|callback| callback.name == name && name.starts_with("proxy_on_")) {
        true => Ok(name),
        false => Err(format!("fault: before: expected a callback, such as proxy_on_response_headers, found {name}")),
    }
}

/// `jump:`: a duration, backwards with a minus.
#[derive(Clone, Copy, Debug)]
pub struct JumpYaml(pub Jump);

impl<'de> Deserialize<'de> for JumpYaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parse = |text: &str| -> Result<Duration, D::Error> {
            humantime::parse_duration(text).map_err(|error| D::Error::custom(format!("jump: {error}")))
        };
        Ok(JumpYaml(match text.strip_prefix('-') {
            Some(back) => Jump::Back(parse(back)?),
            None => Jump::Forward(parse(&text)?),
        }))
    }
}
