//! A module's filters in their order. A module with one filter is a chain of one.

use std::rc::Rc;

use crate::account::{Account, Step};
use crate::config::{ConfigErrors, Env, Object, Policy};
use crate::filter::{Background, Cx, Filter, Needs, Wake};
use crate::head::{RequestHead, ResponseHead};

/// Filters that share a stream, driven from the first to the last on requests and back on responses.
///
/// A position is the filter's place from 0; the driver passes none at or above [`Chain::len`].
pub trait Chain: Sized {
    /// The module's name.
    const NAME: &'static str;

    /// Fields a rule may not patch; a dotted path names a field inside an object (`auth.authenticators`).
    const REGISTRIES: &'static [&'static str];

    /// What the filters keep of one request.
    type Stream: Default;

    /// Compiles one rule's whole config object; `rule` becomes the metric label.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    fn configure(object: Object, rule: &str, env: &Env) -> Result<Self, ConfigErrors>;

    /// How many filters there are.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Settles what concerns the chain as a whole.
    fn account(&self) -> &Account;

    /// What the filter at this position needs.
    fn needs(&self, at: usize) -> Needs;

    /// See [`Filter::on_request`].
    fn on_request(&self, at: usize, stream: &mut Self::Stream, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Step;

    /// See [`Filter::on_wake`].
    fn on_wake(
        &self,
        at: usize,
        stream: &mut Self::Stream,
        why: &Wake<'_>,
        head: &mut RequestHead<'_>,
        cx: &mut Cx<'_>,
    ) -> Step;

    /// The last filter let the request through.
    fn on_passed(&self, _cx: &mut Cx<'_>) {}

    /// See [`Filter::on_response`].
    fn on_response(&self, at: usize, stream: &mut Self::Stream, head: &mut ResponseHead<'_>, cx: &mut Cx<'_>);

    /// See [`Filter::on_end`]; for the filters below `reached`.
    fn on_end(&self, reached: usize, stream: Self::Stream, cx: &mut Cx<'_>);

    /// See [`Filter::background`].
    fn background(&self, at: usize) -> Option<Rc<dyn Background>>;
}

/// One filter, with the account of what it decides.
#[derive(Debug)]
pub struct Single<F> {
    filter: F,
    account: Account,
}

impl<F: Filter> Single<F> {
    /// Compiles the filter's own fields and the common ones. Where a chain counts an allowed request once, its
    /// filters do not (`count_allowed` = false).
    ///
    /// # Errors
    /// Everything that is wrong with either.
    pub fn build(object: Object, rule: &str, env: &Env, count_allowed: bool) -> Result<Self, ConfigErrors> {
        let (common, own) = crate::config::split(object);
        let mut errors = ConfigErrors::new();
        let policy = errors.take(Policy::parse(common, F::ON_INTERNAL_ERROR));
        let filter = errors.take(F::configure(&own.into(), env));
        match (policy, filter) {
            (Some(policy), Some(filter)) => {
                Ok(Self { filter, account: Account::new(F::NAME, rule.to_owned(), policy, count_allowed) })
            }
            _ => Err(errors),
        }
    }

    /// Answers in the filter's name, by its policy.
    pub fn account(&self) -> &Account {
        &self.account
    }
}

impl<F: Filter> Chain for Single<F> {
    const NAME: &'static str = F::NAME;
    const REGISTRIES: &'static [&'static str] = F::REGISTRIES;
    type Stream = F::Stream;

    fn configure(object: Object, rule: &str, env: &Env) -> Result<Self, ConfigErrors> {
        Self::build(object, rule, env, true)
    }

    fn len(&self) -> usize {
        1
    }

    fn account(&self) -> &Account {
        &self.account
    }

    fn needs(&self, _at: usize) -> Needs {
        self.filter.needs()
    }

    fn on_request(&self, _at: usize, stream: &mut F::Stream, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Step {
        self.account.settle(head, cx, |head, cx| self.filter.on_request(stream, head, cx))
    }

    fn on_wake(
        &self,
        _at: usize,
        stream: &mut F::Stream,
        why: &Wake<'_>,
        head: &mut RequestHead<'_>,
        cx: &mut Cx<'_>,
    ) -> Step {
        self.account.settle(head, cx, |head, cx| self.filter.on_wake(stream, why, head, cx))
    }

    fn on_response(&self, _at: usize, stream: &mut F::Stream, head: &mut ResponseHead<'_>, cx: &mut Cx<'_>) {
        if self.account.enforces() {
            self.filter.on_response(stream, head, cx);
        }
    }

    fn on_end(&self, _reached: usize, stream: F::Stream, cx: &mut Cx<'_>) {
        self.filter.on_end(stream, cx);
    }

    fn background(&self, _at: usize) -> Option<Rc<dyn Background>> {
        self.filter.background()
    }
}
