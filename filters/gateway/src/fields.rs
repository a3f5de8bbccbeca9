//! The fields of the gateway's config, handed to the filters one by one.

use serde_json::Value;
use serde_json::map::Entry;
use sluicegate_common::account::Account;
use sluicegate_common::config::{COMMON, ConfigError, ConfigErrors, Env, Object, Policy, Split, split};
use sluicegate_common::filter::Filter;

use crate::link::Link;

/// Common fields that describe the request and so stand at the gateway's top alone. A filter takes over the others where
/// its own field does not have them.
pub const SHARED: &[&str] = &["client_ip", "request_id"];

/// What is left of one rule's config object, and what was wrong so far.
pub struct Fields<'a> {
    common: Object,
    filters: Object,
    known: Vec<&'static str>,
    codes: Vec<&'static str>,
    errors: ConfigErrors,
    rule: &'a str,
    /// The fields that the rule patches; absent at the top.
    patched: Option<&'a [String]>,
    env: &'a Env,
}

impl<'a> Fields<'a> {
    pub fn of(object: Object, rule: &'a str, patched: Option<&'a [String]>, env: &'a Env) -> Self {
        let Split { common, own } = split(object);
        let codes = Account::CODES.to_vec();
        Self { common, filters: own, known: Vec::new(), codes, errors: ConfigErrors::new(), rule, patched, env }
    }

    /// Compiles a filter's field; `None` where the filter is absent, or wrong (see [`Fields::finish`]).
    /// `here` is its link at the top of the gateway's config, which a rule shares that leaves it as it is; `top` has the
    /// registries.
    pub fn take<F: Filter>(&mut self, top: Option<&Link<F>>, here: Option<&Link<F>>) -> Option<Link<F>> {
        self.known.push(F::NAME);
        self.codes.extend(F::CODES);
        let mut field = self.filters.remove(F::NAME)?;
        if self.leaves::<F>() {
            return here.map(|link| link.under(self.rule));
        }
        let mut inherited = Vec::new();
        if let Value::Object(object) = &mut field {
            self.check_shared::<F>(object);
            inherited = self.inherit::<F>(object);
        }
        let link = Link::configure(field, self.rule, self.env, top).map_err(|errors| {
            // What is wrong with an inherited field is told where it stands, at the gateway's top.
            let own = errors.into_iter().filter(|error| !inherited.contains(&first_name(error.path())));
            own.collect::<ConfigErrors>().under(F::NAME)
        });
        self.errors.take(link)
    }

    /// The same once more, for a second position of the same filter in the chain: what is wrong with it [`Fields::take`]
    /// tells.
    pub fn peek<F: Filter>(&self, top: Option<&Link<F>>, here: Option<&Link<F>>) -> Option<Link<F>> {
        if self.leaves::<F>() {
            return here.map(|link| link.under(self.rule));
        }
        self.again(self.filters.get(F::NAME)?.clone(), top)
    }

    /// Compiles a filter's field for the registries in it, which all positions and rules share. An absent field has them
    /// as well.
    pub fn registries<F: Filter>(&self) -> Option<Link<F>> {
        self.again(self.filters.get(F::NAME).cloned().unwrap_or_else(|| Object::new().into()), None)
    }

    /// Whether the rule leaves a filter as it is at the top: neither its field is patched nor one that it inherits.
    fn leaves<F: Filter>(&self) -> bool {
        let concerns = |name: &String| name == F::NAME || COMMON.contains(&name.as_str());
        self.patched.is_some_and(|patched| !patched.iter().any(concerns))
    }

    fn again<F: Filter>(&self, mut field: Value, top: Option<&Link<F>>) -> Option<Link<F>> {
        if let Value::Object(object) = &mut field {
            self.inherit::<F>(object);
        }
        Link::configure(field, self.rule, self.env, top).ok()
    }

    /// The gateway's own policy.
    ///
    /// # Errors
    /// Everything that was wrong with any field, and the fields that no filter took.
    pub fn finish(mut self) -> Result<Policy, ConfigErrors> {
        for name in self.filters.keys() {
            self.errors.push(ConfigError::unknown_field(name, &self.known));
        }
        let policy = self.errors.take(Policy::parse(self.common));
        if let Some(policy) = &policy {
            self.errors.take(policy.check_codes(&self.codes));
        }
        match policy {
            Some(policy) if self.errors.is_empty() => Ok(policy),
            _ => Err(self.errors),
        }
    }

    fn check_shared<F: Filter>(&mut self, object: &mut Object) {
        for name in SHARED {
            if object.remove(*name).is_some() {
                let path = format!("{}.{name}", F::NAME);
                self.errors.push(ConfigError::invalid(path, "stands at the gateway's top, once for all filters"));
            }
        }
    }

    /// Hands the common fields down; their names.
    fn inherit<F: Filter>(&self, object: &mut Object) -> Vec<&str> {
        let mut inherited = Vec::new();
        for (name, value) in self.common.iter().filter(|(name, _)| !SHARED.contains(&name.as_str())) {
            let Entry::Vacant(free) = object.entry(name) else { continue };
            free.insert(match value {
                Value::Object(errors) if name == "errors" => codes_of::<F>(errors).into(),
                value => value.clone(),
            });
            inherited.push(name.as_str());
        }
        inherited
    }
}

/// The field of an object that an error's path leads into.
fn first_name(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or_default()
}

/// Those overrides that name a reply of this filter.
fn codes_of<F: Filter>(errors: &Object) -> Object {
    let has = |code: &str| F::CODES.contains(&code) || Account::CODES.contains(&code);
    errors.iter().filter(|(code, _)| has(code)).map(|(code, reply)| (code.clone(), reply.clone())).collect()
}

#[cfg(test)]
mod tests;
