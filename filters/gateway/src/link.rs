//! A filter as a link of the gateway's chain: its own rules apply under the gateway's.

use std::rc::Rc;

use serde_json::Value;
use sluicegate_common::account::Step;
use sluicegate_common::chain::{Chain, Walk};
use sluicegate_common::config::{ConfigErrors, DEFAULT_RULE, Env};
use sluicegate_common::filter::{Background, BodyError, Cx, End, Filter, Needs, Wake};
use sluicegate_common::head::{RequestHead, ResponseHead};
use sluicegate_common::proxy::Proxy;
use sluicegate_common::reply::Rendered;
use sluicegate_common::rules::Rules;
use sluicegate_common::single::Single;

/// A filter under its own rules.
#[derive(Debug)]
pub struct Link<F> {
    rules: Rules<Single<F>>,
}

/// What a link keeps of one request.
#[derive(Debug)]
pub struct LinkStream<F: Filter> {
    /// The config of the rule that matched; absent until the request came by.
    chosen: Option<Rc<Single<F>>>,
    filter: F::Stream,
}

impl<F: Filter> Default for LinkStream<F> {
    fn default() -> Self {
        Self { chosen: None, filter: F::Stream::default() }
    }
}

impl<F: Filter> Link<F> {
    /// Compiles a filter's field of the gateway's config. Metrics name the filter's rule, or the gateway's where the
    /// filter has none that matches. `top` is the link of the gateway's top, whose registries a rule's field lacks.
    pub fn configure(field: Value, gateway_rule: &str, env: &Env, top: Option<&Self>) -> Result<Self, ConfigErrors> {
        let gateway_top = top.map(|top| &**top.rules.top());
        let rules = Rules::configure(field, F::REGISTRIES, F::CASE_SENSITIVE, |rule, object, top| {
            let label = if rule == DEFAULT_RULE { gateway_rule } else { rule };
            Single::build(object, label, env, false, gateway_top.or(top.map(|top| top.built)))
        })?;
        Ok(Self { rules })
    }

    /// The same under another rule of the gateway, which metrics name where none of the filter's own matches.
    pub fn under(&self, gateway_rule: &str) -> Self {
        Self { rules: self.rules.with_top(self.rules.top().under(gateway_rule)) }
    }

    /// Whether this holds of the filter under every rule.
    pub fn all(&self, holds: impl Fn(&F) -> bool) -> bool {
        self.rules.all().all(|single| holds(single.filter()))
    }

    /// Changes the filter under every rule, as long as nobody shares it.
    pub fn each_mut(&mut self, change: impl FnMut(&mut F)) {
        self.rules.all_mut().filter_map(Single::filter_mut).for_each(change);
    }

    /// The config and the filter's own part of the stream.
    fn split<'a>(&'a self, stream: &'a mut LinkStream<F>) -> (&'a Single<F>, &'a mut F::Stream) {
        let LinkStream { chosen, filter } = stream;
        (chosen.as_ref().unwrap_or_else(|| self.rules.top()), filter)
    }
}

impl<F: Filter> Walk for Link<F> {
    type Stream = LinkStream<F>;

    const LEN: usize = 1;

    const TAKES_BODIES: bool = F::TAKES_BODIES;

    fn start(&self, proxy: &dyn Proxy) {
        self.rules.all().for_each(|single| single.start(proxy));
    }

    fn needs(&self, at: usize) -> Needs {
        self.rules.top().needs(at)
    }

    fn on_request(&self, at: usize, stream: &mut LinkStream<F>, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Step {
        let chosen = match self.rules.choose(head, cx) {
            Ok(chosen) => chosen,
            Err(_) => match self.rules.top().account().refuse_ambiguous_path(head, cx) {
                Step::Continue => self.rules.top(), // The filter's mode lets it pass.
                refused => return refused,
            },
        };
        stream.chosen = Some(Rc::clone(chosen));
        chosen.on_request(at, &mut stream.filter, head, cx)
    }

    fn on_wake(
        &self,
        at: usize,
        stream: &mut LinkStream<F>,
        why: &Wake<'_>,
        head: &mut RequestHead<'_>,
        cx: &mut Cx<'_>,
    ) -> Step {
        let (chosen, filter) = self.split(stream);
        chosen.on_wake(at, filter, why, head, cx)
    }

    fn fail(&self, at: usize, stream: &mut LinkStream<F>, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Step {
        let (chosen, filter) = self.split(stream);
        chosen.fail(at, filter, head, cx)
    }

    fn on_response(&self, at: usize, stream: &mut LinkStream<F>, head: &mut ResponseHead<'_>, cx: &mut Cx<'_>) {
        let (chosen, filter) = self.split(stream);
        chosen.on_response(at, filter, head, cx);
    }

    fn on_body(
        &self,
        at: usize,
        stream: &mut LinkStream<F>,
        body: Result<&[u8], BodyError>,
        head: &RequestHead<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<Vec<u8>, Rendered> {
        let (chosen, filter) = self.split(stream);
        chosen.on_body(at, filter, body, head, cx)
    }

    fn observe(&self, reached: usize, stream: &mut LinkStream<F>, head: &ResponseHead<'_>, cx: &mut Cx<'_>) {
        if let Some(chosen) = &stream.chosen {
            chosen.observe(reached, &mut stream.filter, head, cx);
        }
    }

    fn on_end(&self, reached: usize, stream: &mut LinkStream<F>, end: &End<'_>, cx: &mut Cx<'_>) {
        if let Some(chosen) = &stream.chosen {
            chosen.on_end(reached, &mut stream.filter, end, cx);
        }
    }

    fn background(&self, at: usize) -> Option<Rc<dyn Background>> {
        self.rules.top().background(at)
    }
}
