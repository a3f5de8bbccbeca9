//! What becomes of a decision under one rule: its mode, its form as a reply, its metric and its record.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use crate::config::{DecisionRecord, InternalError, Mode, Policy};
use crate::filter::{Cx, Decision, Outcome, Wait};
use crate::head::RequestHead;
use crate::proxy::Counter;
use crate::reply::{self, Grpc, LocalReply, Rendered, ReplyContext};
use crate::template::{Scope, Template};

/// What the driver has to do next.
#[derive(Debug)]
pub enum Step {
    /// On to the next filter.
    Continue,
    /// Send this reply.
    Reply(Rendered),
    /// Pause the stream.
    Wait(Wait),
}

/// Settles decisions of one filter, or of a chain as a whole, under one rule.
#[derive(Debug)]
pub struct Account {
    name: &'static str,
    rule: String,
    policy: Rc<Policy>,
    count_allowed: bool,
    kinds: RefCell<Vec<Kind>>,
    properties: OnceCell<Properties>,
}

/// The decisions of one outcome and code: written out once, at the first of them.
#[derive(Debug)]
struct Kind {
    outcome: Outcome,
    code: &'static str,
    counter: Counter,
    record: String,
}

/// Where the decision record stands.
#[derive(Debug)]
struct Properties {
    in_envoy: String,
    /// Below `wasmx`, where alone Kong's engine lets filters set one.
    in_kong: String,
}

impl Account {
    /// The reason codes that any filter may answer with.
    pub const CODES: &'static [&'static str] = &["internal_error", "ambiguous_path"];

    /// `name` and `rule` become metric labels. Where a chain counts an allowed request once, its filters do not
    /// (`count_allowed` = false).
    #[must_use]
    pub fn new(name: &'static str, rule: &str, policy: Policy, count_allowed: bool) -> Self {
        Self {
            name,
            rule: rule.to_owned(),
            policy: Rc::new(policy),
            count_allowed,
            kinds: RefCell::default(),
            properties: OnceCell::new(),
        }
    }

    /// The same under another rule.
    #[must_use]
    pub fn under(&self, rule: &str) -> Self {
        let (kinds, properties) = (RefCell::default(), OnceCell::new());
        let policy = Rc::clone(&self.policy);
        Self { name: self.name, rule: rule.to_owned(), policy, count_allowed: self.count_allowed, kinds, properties }
    }

    /// Whether decisions are carried out.
    #[must_use]
    pub fn enforces(&self) -> bool {
        self.policy.mode == Mode::Enforce
    }

    /// Whether decisions are asked for.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.policy.mode != Mode::Off
    }

    /// Asks for a decision and turns it into the driver's next step. In shadow mode the decision is counted and
    /// logged, and the head left as it was; a filter that must wait for its verdict still pauses the request.
    ///
    /// A read that failed stays failed for the filters behind, each of which settles it by its own
    /// `on_internal_error`: what was not read is not known to be absent.
    pub fn settle<'h>(
        &self,
        head: &mut RequestHead<'h>,
        cx: &mut Cx<'_>,
        ask: impl FnOnce(&mut RequestHead<'h>, &mut Cx<'_>) -> Decision,
    ) -> Step {
        if self.policy.mode == Mode::Off {
            return Step::Continue;
        }
        let before = (self.policy.mode == Mode::Shadow).then(|| head.mark());
        cx.report = None;
        cx.enforces = self.enforces();
        let mut decision = ask(head, cx);
        if let Some(status) = head.failure().or(cx.facts.failure()) {
            log::error!("{}: reading the request failed: {status}", self.name);
            decision = self.internal_error(cx);
        }
        self.note(&decision, cx);
        if let Some(before) = before {
            head.undo(before);
            if let Decision::Respond(reply) = &decision {
                log::info!("{}: shadow: would have answered {} {}", self.name, reply.status(), reply.code());
                return Step::Continue;
            }
        }
        match decision {
            Decision::Continue => Step::Continue,
            Decision::Wait(wait) => Step::Wait(wait),
            Decision::Respond(reply) => Step::Reply(self.render(reply, head, cx)),
        }
    }

    /// The decision where the host failed the filter.
    pub fn internal_error(&self, cx: &mut Cx<'_>) -> Decision {
        cx.report(Outcome::Error, "internal_error");
        match self.policy.on_internal_error {
            Some(InternalError::Deny) => {
                Decision::Respond(LocalReply::new(500, "internal_error", "The gateway could not judge the request."))
            }
            Some(InternalError::Allow) | None => Decision::Continue,
        }
    }

    /// The step for a path that rules cannot judge, because a backend may read it as another one.
    pub fn refuse_ambiguous_path(&self, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Step {
        let reply = LocalReply::new(400, "ambiguous_path", "The path can be read in more than one way.");
        self.settle(head, cx, |_, _| Decision::Respond(reply))
    }

    /// The reply as the host takes it.
    pub fn render(&self, reply: LocalReply, head: &RequestHead<'_>, cx: &Cx<'_>) -> Rendered {
        let replies = &self.policy.replies;
        let (grpc, correlation_id) = if replies.shows_id(&reply) {
            let grpc = head.get("content-type").map_or(Grpc::No, Grpc::of_content_type);
            (grpc, cx.facts.request_id(head, cx.settings))
        } else {
            // Most requests have none, and nothing else will be read.
            (head.probe("content-type").map_or(Grpc::No, |value| Grpc::of_content_type(&value)), None)
        };
        let scope = Scope::new(head, cx);
        let expand = |template: &Template| template.to_text(&scope);
        reply::render(reply, replies, &ReplyContext { grpc, correlation_id, expand: &expand })
    }

    /// Counts and records a decision that ends the filter's turn.
    fn note(&self, decision: &Decision, cx: &Cx<'_>) {
        let (outcome, code) = match (cx.report, decision) {
            (Some(report), _) => report,
            (None, Decision::Continue) => (Outcome::Allowed, "ok"),
            (None, Decision::Respond(reply)) => (Outcome::Refused, reply.code()),
            (None, Decision::Wait(_)) => return,
        };
        let counts = outcome != Outcome::Allowed || self.count_allowed;
        let records = match self.policy.decision_record {
            DecisionRecord::Off => false,
            DecisionRecord::Refusals => matches!(outcome, Outcome::Refused | Outcome::Error),
            DecisionRecord::All => true,
        };
        if counts || records {
            self.of_kind(outcome, code, |kind| {
                if counts {
                    kind.counter.increment(cx.proxy);
                }
                if records {
                    self.record(&kind.record, cx);
                }
            });
        }
    }

    /// Adds to `sluicegate_<name>_requests_total` with this outcome and code.
    pub fn count(&self, outcome: Outcome, code: &'static str, cx: &Cx<'_>) {
        self.of_kind(outcome, code, |kind| kind.counter.increment(cx.proxy));
    }

    fn of_kind(&self, outcome: Outcome, code: &'static str, act: impl FnOnce(&Kind)) {
        let Ok(mut kinds) = self.kinds.try_borrow_mut() else { return };
        // One code is one text, but for what the linker does not join.
        let is = |known: &str| std::ptr::eq(known, code) || known == code;
        if let Some(kind) = kinds.iter().find(|kind| kind.outcome == outcome && is(kind.code)) {
            return act(kind);
        }
        let kind = self.kind(outcome, code);
        act(&kind);
        kinds.push(kind);
    }

    fn kind(&self, outcome: Outcome, code: &'static str) -> Kind {
        let (name, label, rule, mode) = (self.name, outcome.label(), &self.rule, self.policy.mode.label());
        let metric = format!("sluicegate_{name}_requests_total.outcome.{label}.code.{code}.rule.{rule}.mode.{mode}");
        Kind { outcome, code, counter: Counter::new(metric), record: format!("{code};rule={rule};mode={mode}") }
    }

    /// Sets property `sluicegate.<name>`, for access logs; Kong's engine lets only `wasmx.*` be set.
    fn record(&self, text: &str, cx: &Cx<'_>) {
        let Properties { in_envoy, in_kong } = self.properties.get_or_init(|| Properties {
            in_envoy: format!("sluicegate.{}", self.name),
            in_kong: format!("sluicegate_{}", self.name),
        });
        let set = |path: &[&str]| cx.proxy.set_property(path, text.as_bytes());
        if let Err(status) = set(&[in_envoy]).or_else(|_| set(&["wasmx", in_kong])) {
            log::debug!("{}: decision record: {status}", self.name);
        }
    }
}
