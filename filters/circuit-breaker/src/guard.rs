//! One call to the upstream, from the request's head to the end of its stream.

use std::rc::Rc;

use sluicegate_common::filter::{Cx, End};
use sluicegate_common::head::ResponseHead;
use sluicegate_common::time::Nanos;

use crate::answers::Ticket;
use crate::breaker::Breaker;
use crate::call::Call;
use crate::config::Config;
use crate::record::Permit;
use crate::upstream::{Ending, Judgement, ending_of_response, ending_of_stream, grpc, status_of_answer};

/// By what right a request passed.
#[derive(Debug)]
pub enum Pass {
    /// The breaker was closed.
    Closed,
    /// It was half-open.
    Permit(Permit),
    /// Nobody asked: only metrics are kept.
    Unguarded,
}

/// A request that passed.
#[derive(Debug)]
pub struct Guard {
    breaker: Rc<Breaker>,
    pass: Pass,
    began: Nanos,
    progress: Progress,
    /// Whether the request is gRPC, whose status stands in the answer's head or trailers.
    is_grpc: bool,
}

#[derive(Debug, Clone, Copy)]
enum Progress {
    /// There is no response yet.
    Asked,
    /// The response's head was good; what it is known by where the breaker was closed.
    Answered(Call, Option<Ticket>),
    /// All is said.
    Settled,
}

impl Guard {
    /// A request that passes now.
    pub fn new(breaker: Rc<Breaker>, pass: Pass, is_grpc: bool, now: Nanos) -> Self {
        Self { breaker, pass, began: now, progress: Progress::Asked, is_grpc }
    }

    /// The response's head is there. What failed is counted now; what is good may still break off, which Kong's engine
    /// does not tell. A good answer to a request without gRPC costs no reading of the head in Envoy.
    pub fn observe(&mut self, config: &Config, head: &ResponseHead<'_>, cx: &Cx<'_>) {
        if !matches!(self.progress, Progress::Asked) {
            return;
        }
        let judge = |status, grpc| config.failure.judge(Ending::Answered, status, grpc);
        let seems_good = |status: &u16| judge(Some(*status), None) == Judgement::Good;
        // What can only be good if it is the upstream's is asked for when the stream ends.
        let defers = cx.proxy.is_envoy() && !matches!(self.pass, Pass::Permit(_));
        let told = if defers && !self.is_grpc { status_of_answer(cx.proxy) } else { None };
        let (status, grpc_status) = match told.filter(seems_good) {
            Some(good) => (Some(good), None),
            None => self.read(head),
        };
        let deferred = defers && judge(status, grpc_status) == Judgement::Good;
        let ending = if deferred { Ending::Answered } else { ending_of_response(cx.proxy, status) };
        let judgement = config.failure.judge(ending, status, grpc_status);
        let (elapsed, limit) = (cx.now.since(self.began), config.slow_call_duration);
        let slow = match ending {
            Ending::Answered => config.registry.slowness().is_slow(elapsed, limit, head, cx),
            _ => elapsed >= limit,
        };
        let good = Call { failed: false, slow };
        match judgement {
            Judgement::Good if cx.proxy.is_envoy() => self.answered(config, good, cx),
            other => self.settle(config, other, slow, cx),
        }
    }

    /// The status and the gRPC status that stand in the head.
    fn read(&mut self, head: &ResponseHead<'_>) -> (Option<u16>, Option<u32>) {
        if !self.is_grpc {
            return (head.status(), None);
        }
        head.prefetch();
        self.is_grpc = head.get("content-type").is_none_or(grpc::is_content_type);
        (head.status(), head.get("grpc-status").map(grpc::status))
    }

    /// The stream is over.
    pub fn end(mut self, config: &Config, end: &End<'_>, cx: &Cx<'_>) {
        let slow = match self.progress {
            Progress::Settled => return,
            Progress::Asked => cx.now.since(self.began) >= config.slow_call_duration,
            Progress::Answered(call, _) => call.slow,
        };
        let was_answered = matches!(self.progress, Progress::Answered(..));
        let judgement = match ending_of_stream(cx.proxy) {
            Ending::Answered if was_answered => {
                let status = if self.is_grpc { end.trailers.first("grpc-status") } else { Ok(None) };
                let status = status.ok().flatten().as_deref().map(grpc::status);
                config.failure.judge_end(Ending::Answered, status)
            }
            Ending::Answered => Judgement::NotCounted,
            ending => config.failure.judge_end(ending, None),
        };
        // Of a probe it is known that the upstream answered: a client that leaves amid the body does not bring the permit
        // back, else whoever does so keeps the breaker half-open.
        let judgement = match (&self.pass, judgement) {
            (Pass::Permit(_), Judgement::NotCounted) if was_answered => Judgement::Good,
            (_, judgement) => judgement,
        };
        self.settle(config, judgement, slow, cx);
    }

    fn answered(&mut self, config: &Config, call: Call, cx: &Cx<'_>) {
        let id = match &self.pass {
            Pass::Closed => Some(self.breaker.answered(&config.rules, call, self.began, cx.now)),
            Pass::Permit(permit) => {
                self.breaker.probe_answered(*permit, call, cx.now, cx.proxy);
                None
            }
            Pass::Unguarded => None,
        };
        self.progress = Progress::Answered(call, id);
    }

    fn settle(&mut self, config: &Config, judgement: Judgement, slow: bool, cx: &Cx<'_>) {
        let id = match std::mem::replace(&mut self.progress, Progress::Settled) {
            Progress::Answered(_, id) => id,
            Progress::Asked | Progress::Settled => None,
        };
        // An answer that went on for long is counted as a success by now; breaking off late is one more call.
        let was_counted = id.is_some_and(|id| !self.breaker.ended(id));
        let call = match judgement {
            Judgement::Good if was_counted => return,
            Judgement::Good => Call { failed: false, slow },
            Judgement::Failed => Call { failed: true, slow },
            Judgement::Ignored | Judgement::NotCounted => {
                if judgement == Judgement::Ignored {
                    self.breaker.counters().ignored(cx.proxy);
                }
                if let Pass::Permit(permit) = &self.pass {
                    self.breaker.give_back(*permit, cx.now, cx.proxy);
                }
                return;
            }
        };
        match &self.pass {
            Pass::Closed => self.breaker.count(&config.rules, call, self.began, cx.now, cx.proxy),
            Pass::Permit(permit) => self.breaker.report(&config.rules, *permit, call, cx.now, cx.proxy),
            Pass::Unguarded => self.breaker.counters().call(call, cx.proxy),
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
