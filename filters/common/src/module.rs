//! A module: what one plugin configuration became.

use std::rc::Rc;

use crate::account::Step;
use crate::chain::{Chain, Walk};
use crate::config::{ConfigErrors, Env, parse_json, with_only};
use crate::filter::Cx;
use crate::head::RequestHead;
use crate::proxy::Proxy;
use crate::reply::Rendered;
use crate::request_id;
use crate::rules::Rules;
use crate::settings::Settings;

/// A chain under its rules, with what the whole module was told.
#[derive(Debug)]
pub struct Module<C> {
    settings: Settings,
    rules: Rules<C>,
}

impl<C: Chain> Module<C> {
    /// Compiles the bytes of a plugin configuration. Pure, so that it may run in any VM, any number of times.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn configure(bytes: impl AsRef<[u8]>, env: &Env) -> Result<Self, ConfigErrors> {
        let object = parse_json(bytes.as_ref())?;
        drop(bytes); // Long ones leave room for what becomes of them.
        let mut errors = ConfigErrors::new();
        let settings =
            errors.take(deserr::deserialize::<Settings, _, ConfigErrors>(with_only(&object, Settings::FIELDS)));
        let rules = errors.take(Rules::configure(object, C::REGISTRIES, C::CASE_SENSITIVE, |rule, object, top| {
            C::configure(object, rule, env, top)
        }));
        match (settings, rules) {
            (Some(settings), Some(rules)) if errors.is_empty() => Ok(Self { settings, rules }),
            _ => Err(errors),
        }
    }

    /// What the whole module was told.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The chain where no rule matches.
    pub fn top(&self) -> Rc<C> {
        Rc::clone(self.rules.top())
    }

    /// Lets the filters of all rules prepare shared state.
    pub fn start(&self, proxy: &dyn Proxy) {
        self.rules.all().for_each(|chain| chain.filters().start(proxy));
    }

    /// The chain for this request, which is given its id.
    ///
    /// # Errors
    /// The reply that refuses a request whose path is ambiguous.
    pub fn choose(&self, head: &mut RequestHead<'_>, cx: &mut Cx<'_>) -> Result<Rc<C>, Rendered> {
        let chosen = self.rules.choose(head, cx);
        if C::MAKES_REQUEST_ID && chosen.as_ref().unwrap_or(&self.rules.top()).account().enforces() {
            request_id::assign(head, cx);
        }
        if let Ok(chain) = chosen {
            return Ok(Rc::clone(chain));
        }
        match self.top().account().refuse_ambiguous_path(head, cx) {
            Step::Reply(reply) => Err(reply),
            Step::Continue | Step::Wait(_) => Ok(self.top()), // The chain's mode lets it pass.
        }
    }
}

#[cfg(test)]
mod tests;
