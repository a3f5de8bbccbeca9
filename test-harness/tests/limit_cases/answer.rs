//! What a client is told, and what must hold of it on every answer: RL-1 to RL-5, RL-7, RL-8 and RL-13 of
//! `header_invariants.json`. RL-4 over time and RL-6 are `sequences`' business.

use test_harness::Response;

use crate::draft::{Field, read};

/// An answer under one limit, which is named `cases`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    pub allowed: bool,
    pub quota: i64,
    pub remaining: i64,
    /// Of a refusal, in seconds.
    pub retry_after: Option<u64>,
}

impl Answer {
    /// Reads it; the error says what does not hold.
    pub fn read(response: &Response) -> Result<Self, String> {
        let allowed = match response.status {
            200 => true,
            429 => false,
            other => return Err(format!("status {other}")),
        };
        if response.trailers.iter().any(|(name, _)| name.to_ascii_lowercase().starts_with(b"ratelimit")) {
            return Err("RL-7: a field in trailers".to_owned());
        }
        let policies = read(Field::Policy, &one(response, "ratelimit-policy")?)?;
        let standings = read(Field::RateLimit, &one(response, "ratelimit")?)?;
        // One limit is asked, and none of the upstream is left (RL-13); the name is the same in both (RL-3).
        let ([policy], [standing]) = (&policies[..], &standings[..]) else {
            return Err(format!("RL-13: {policies:?} {standings:?}"));
        };
        if (policy.name.as_str(), standing.name.as_str()) != ("cases", "cases") {
            return Err(format!("RL-3: {policies:?} {standings:?}"));
        }
        if standing.first > policy.first {
            return Err(format!("RL-4: r={} of q={}", standing.first, policy.first));
        }
        let more_in = standing.second.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(0);
        Ok(Self {
            allowed,
            quota: policy.first,
            remaining: standing.first,
            retry_after: if allowed { None } else { Some(retry_after(response, more_in)?) },
        })
    }
}

/// The only line of a field.
fn one(response: &Response, name: &str) -> Result<String, String> {
    let fields = response.headers.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()));
    let lines: Vec<String> = fields.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect();
    match <[String; 1]>::try_from(lines) {
        Ok([line]) => Ok(line),
        Err(lines) => Err(format!("RL-7, RL-8: {name}: {lines:?}")),
    }
}

fn retry_after(response: &Response, more_in: u64) -> Result<u64, String> {
    let line = one(response, "retry-after")?;
    match line.parse() {
        Ok(seconds @ 1..) if seconds >= more_in => Ok(seconds),
        _ => Err(format!("RL-5: Retry-After {line}, t={more_in}")),
    }
}
