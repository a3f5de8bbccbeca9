//! What the service says, asked for in the background.

use std::cell::Cell;
use std::time::Duration;

use sluicegate_common::filter::{Background, Callout, CalloutAnswer, CalloutRequest, RootCx, Topic};

use crate::config::Question;

/// The service has answered.
pub const ANSWERED: Topic = Topic(0);

/// The question, and the last answer: one of each in a VM.
#[derive(Debug)]
pub struct Poll {
    question: Question,
    last: Cell<Option<bool>>,
    under_way: Cell<bool>,
}

impl Poll {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(question: Question) -> Self {
        Self { question, last: Cell::new(None), under_way: Cell::new(false) }
    }

    /// Whether there is maintenance; `None` until the service has said so.
    #[must_use]
    pub fn last(&self) -> Option<bool> {
        self.last.get()
    }
}

impl Background for Poll {
    fn period(&self) -> Duration {
        self.question.refresh
    }

    fn on_tick(&self, cx: &mut RootCx<'_>) {
        if !self.under_way.replace(true) {
            cx.callouts.push(Callout {
                id: 0,
                upstream: self.question.cluster.clone(),
                request: CalloutRequest::Http { headers: self.question.headers(), body: Vec::new() },
                timeout: self.question.timeout,
            });
        }
    }

    fn on_answer(&self, answer: &CalloutAnswer, cx: &mut RootCx<'_>) {
        self.under_way.set(false);
        match read(answer) {
            Ok(maintenance) => {
                self.last.set(Some(maintenance));
                cx.topics.push(ANSWERED);
            }
            Err(why) => log::warn!("maintenance: {}: {why}", self.question.cluster),
        }
    }
}

fn read(answer: &CalloutAnswer) -> Result<bool, String> {
    let answer = answer.outcome.as_ref().map_err(|error| format!("no answer: {error:?}"))?;
    if answer.status != 200 {
        return Err(format!("expected 200, found {}", answer.status));
    }
    let json: Option<serde_json::Value> = serde_json::from_slice(&answer.body).ok();
    let maintenance = json.as_ref().and_then(|json| json.get("maintenance")?.as_bool());
    maintenance.ok_or_else(|| "expected {\"maintenance\": true} or {\"maintenance\": false}".to_owned())
}
