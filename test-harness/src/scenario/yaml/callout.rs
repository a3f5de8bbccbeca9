//! `clusters:` in a scenario file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::message::{AnswerYaml, Failure};
use super::text::{Span, Text};
use crate::{CalloutAnswer, Cluster, GrpcResponse, ScriptedAnswer};

/// One entry of a cluster's list: an answer, and which call-outs it is for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedYaml {
    path: Option<Text>,
    times: Option<u32>,
    answer: Option<AnswerYaml>,
    grpc: Option<GrpcYaml>,
}

/// `grpc:`, the answer to a unary call.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct GrpcYaml {
    status: Option<u32>,
    status_message: Option<String>,
    message: Option<Text>,
    after: Option<Span>,
    fails: Option<Failure>,
}

impl GrpcYaml {
    fn into_callout(self) -> Result<CalloutAnswer, String> {
        if let Some(failure) = self.fails {
            let bare = self.status.is_none() && self.status_message.is_none() && self.message.is_none();
            return if bare { failure.into_callout() } else { Err("expected `fails` or an answer, found both".into()) };
        }
        let status = self.status.unwrap_or(0);
        match (status, &self.message, &self.status_message) {
            (17.., ..) => return Err(format!("status: expected 0 to 16, found {status}")),
            (1.., Some(_), _) => return Err("message: only a call with status 0 has one".to_owned()),
            (0, _, Some(_)) => return Err("status_message: only a call that failed has one".to_owned()),
            _ => {}
        }
        Ok(CalloutAnswer::Grpc(GrpcResponse {
            status,
            status_message: self.status_message.unwrap_or_default(),
            message: self.message.map_or_else(Vec::new, |Text(bytes)| bytes),
            after: self.after.unwrap_or_default().0,
        }))
    }
}

impl ScriptedYaml {
    fn unhealthy(&self) -> bool {
        let fails = self.answer.as_ref().and_then(|answer| answer.fails).or(self.grpc.as_ref().and_then(|g| g.fails));
        fails == Some(Failure::NoHealthyHost)
    }

    fn into_scripted(self) -> Result<ScriptedAnswer, String> {
        let path = self.path.map(|Text(bytes)| bytes);
        let answer = match (self.answer, self.grpc) {
            (Some(answer), None) => answer.into_callout()?,
            (None, Some(grpc)) => grpc.into_callout().map_err(|why| format!("grpc: {why}"))?,
            _ => return Err("expected either `answer` or `grpc`".to_owned()),
        };
        Ok(ScriptedAnswer { path, times: self.times, answer })
    }
}

/// `clusters:`, by name.
pub fn into_clusters(yaml: BTreeMap<String, Vec<ScriptedYaml>>) -> Result<BTreeMap<String, Cluster>, String> {
    let cluster = |(name, entries)| match into_cluster(entries) {
        Ok(cluster) => Ok((name, cluster)),
        Err(why) => Err(format!("clusters.{name}: {why}")),
    };
    yaml.into_iter().map(cluster).collect()
}

fn into_cluster(entries: Vec<ScriptedYaml>) -> Result<Cluster, String> {
    let grpc = entries.iter().filter(|entry| entry.grpc.is_some()).count();
    if grpc > 0 && grpc < entries.len() {
        return Err("expected `answer` or `grpc` in every entry, found both: a cluster speaks one protocol".to_owned());
    }
    let healthy = !entries.iter().any(ScriptedYaml::unhealthy);
    let answers = entries.into_iter().filter(|entry| !entry.unhealthy()).map(ScriptedYaml::into_scripted);
    Ok(Cluster { healthy, grpc: grpc > 0, answers: answers.collect::<Result<_, _>>()? })
}
