//! One filter under one rule, with the account of what it decides: a chain of one.

use std::rc::Rc;

use crate::account::{Account, Step};
use crate::chain::{Chain, Walk};
use crate::config::{ConfigErrors, Env, Object, Policy, Split, Top, split};
use crate::filter::{Background, BodyError, Cx, End, Filter, Needs, Outcome, Setup, Wake};
use crate::head::{RequestHead, ResponseHead};
use crate::matcher::MatchOptions;
use crate::path::OnAmbiguousPath;
use crate::proxy::Proxy;
use crate::reply::Rendered;

/// A filter and its policy.
#[derive(Debug)]
pub struct Single<F> {
    /// Shared with [`Single::under`].
    filter: Rc<F>,
    /// The filter looks at paths, and an ambiguous one is refused.
    refuses_ambiguous_path: bool,
    account: Account,
}

impl<F: Filter> Single<F> {
    /// Compiles the filter's own fields and the common policy ones. Where the filter is not `alone`, its chain
    /// counts an allowed request once for all. `top` is the filter of the top, whose registries a rule's object lacks.
    ///
    /// # Errors
    /// Everything that is wrong with either.
    pub fn build(object: Object, rule: &str, env: &Env, alone: bool, top: Option<&Self>) -> Result<Self, ConfigErrors> {
        let Split { common, own } = split(object);
        let mut errors = ConfigErrors::new();
        // What is wrong with these fields, the rules have told.
        let paths = MatchOptions::read(common.clone().into(), F::CASE_SENSITIVE).unwrap_or_default();
        let policy = errors.take(Policy::parse(common));
        if let Some(policy) = &policy {
            errors.take(policy.check_codes(&[F::CODES, Account::CODES].concat()));
        }
        let filter = errors.take(F::configure(own, &Setup { env, paths, alone }, top.map(|top| &*top.filter)));
        match (policy, filter) {
            (Some(mut policy), Some(filter)) if errors.is_empty() => {
                policy.on_internal_error.get_or_insert(F::ON_INTERNAL_ERROR);
                let refuses_ambiguous_path = filter.needs().paths && paths.on_ambiguous_path == OnAmbiguousPath::Reject;
                let account = Account::new(F::NAME, rule, policy, alone);
                Ok(Self { filter: Rc::new(filter), refuses_ambiguous_path, account })
            }
            _ => Err(errors),
        }
    }

    /// The same filter and policy under another rule, which metrics name.
    #[must_use]
    pub fn under(&self, rule: &str) -> Self {
        let refuses_ambiguous_path = self.refuses_ambiguous_path;
        Self { filter: Rc::clone(&self.filter), refuses_ambiguous_path, account: self.account.under(rule) }
    }

    /// The filter.
    pub fn filter(&self) -> &F {
        &self.filter
    }

    /// The filter, to be changed as long as nobody shares it.
    pub fn filter_mut(&mut self) -> Option<&mut F> {
        Rc::get_mut(&mut self.filter)
    }
}

impl<F: Filter> Walk for Single<F> {
    type Stream = F::Stream;

    const LEN: usize = 1;

    const TAKES_BODIES: bool = F::TAKES_BODIES;

    fn start(&self, proxy: &dyn Proxy) {
        self.filter.start(proxy);
    }

    fn needs(&self, _: usize) -> Needs {
        self.filter.needs()
    }

    fn on_request(&self, _: usize, stream: &mut F::Stream, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Step {
        self.filter.cleanse(head);
        if self.refuses_ambiguous_path && cx.facts.path(head).ambiguity().is_some() {
            return self.account.refuse_ambiguous_path(head, cx);
        }
        self.account.settle(head, cx, |head, cx| self.filter.on_request(stream, head, cx))
    }

    fn on_wake(
        &self,
        _: usize,
        stream: &mut F::Stream,
        why: &Wake<'_>,
        head: &mut RequestHead<'_>,
        cx: &mut Cx<'_>,
    ) -> Step {
        self.account.settle(head, cx, |head, cx| self.filter.on_wake(stream, why, head, cx))
    }

    fn fail(&self, _: usize, _: &mut F::Stream, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Step {
        self.account.settle(head, cx, |_, cx| self.account.internal_error(cx))
    }

    fn on_response(&self, _: usize, stream: &mut F::Stream, head: &mut ResponseHead<'_>, cx: &mut Cx<'_>) {
        if self.account.enforces() {
            self.filter.on_response(stream, head, cx);
        }
    }

    fn on_body(
        &self,
        _: usize,
        stream: &mut F::Stream,
        body: Result<&[u8], BodyError>,
        head: &RequestHead<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<Vec<u8>, Rendered> {
        self.filter.on_body(stream, body, cx).map_err(|reply| {
            self.account.count(Outcome::Error, reply.code(), cx);
            self.account.render(*reply, head, cx)
        })
    }

    fn observe(&self, reached: usize, stream: &mut F::Stream, head: &ResponseHead<'_>, cx: &mut Cx<'_>) {
        if reached > 0 && self.account.is_on() {
            self.filter.observe(stream, head, cx);
        }
    }

    fn on_end(&self, reached: usize, stream: &mut F::Stream, end: &End<'_>, cx: &mut Cx<'_>) {
        if reached > 0 && self.account.is_on() {
            self.filter.on_end(std::mem::take(stream), end, cx);
        }
    }

    fn background(&self, _: usize) -> Option<Rc<dyn Background>> {
        self.filter.background()
    }
}

impl<F: Filter> Chain for Single<F> {
    type Filters = Self;

    const NAME: &'static str = F::NAME;
    const REGISTRIES: &'static [&'static str] = F::REGISTRIES;
    const CASE_SENSITIVE: bool = F::CASE_SENSITIVE;
    const MAKES_REQUEST_ID: bool = F::MAKES_REQUEST_ID;

    fn configure(object: Object, rule: &str, env: &Env, top: Option<Top<'_, Self>>) -> Result<Self, ConfigErrors> {
        Self::build(object, rule, env, true, top.map(|top| top.built))
    }

    fn filters(&self) -> &Self {
        self
    }

    fn account(&self) -> &Account {
        &self.account
    }
}
