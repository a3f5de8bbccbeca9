//! One config, as many as it has rules: the top, and the top as each rule patches it.

use deserr::{Deserr, IntoValue, ValuePointerRef};
use serde_json::Value;

use super::collect::{unknown_field, wrong_type};
use super::common_keys::Object;
use super::error::{ConfigError, ConfigErrorKind, ConfigErrors};
use super::location::path_of;
use super::merge_patch::merge_patch;
use super::name::Name;
use super::patch;
use super::unique::taken;

/// The name of the top in metrics; no rule may bear it.
pub const DEFAULT_RULE: &str = "default";

/// A config's object taken apart by [`layers`]. What was wrong on the way is kept and told by [`Layers::build`], so
/// that the errors of all steps come out at once.
#[derive(Debug, Clone)]
pub struct Layers {
    top: Object,
    registries: Vec<String>,
    rules: Vec<Layer>,
    errors: ConfigErrors,
}

#[derive(Debug, Clone)]
struct Layer {
    path: String,
    /// Absent after an error.
    name: Option<Name>,
    /// Absent after an error.
    matcher: Option<Value>,
    patch: Object,
}

/// What became of a config: one `T` for the top and one for each rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built<M, T> {
    /// Used when no rule matches.
    pub top: T,
    /// In the order of the config: the first that matches is used.
    pub rules: Vec<BuiltRule<M, T>>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltRule<M, T> {
    /// Unique, and never [`DEFAULT_RULE`].
    pub name: Name,
    /// When it is used.
    pub matcher: M,
    /// What holds then.
    pub config: T,
}

/// The top, as a rule is given it.
#[derive(Debug)]
pub struct Top<'a, T> {
    /// What became of it. It has the registries.
    pub built: &'a T,
    /// The fields that the rule's patch names. All others are those of the top.
    pub patched: &'a [String],
}

/// Takes the object of a filter (or of the gateway) apart: the top without `rules` and `$schema`, and the patched
/// object of each rule.
///
/// `registries` are the fields that exist once and that no rule may name, nested ones dotted
/// (`auth.authenticators`); those of the common fields that stand at the top alone are added here.
#[must_use]
pub fn layers(config: Value, registries: &[&str]) -> Layers {
    let origin = ValuePointerRef::Origin;
    let mut errors = ConfigErrors::new();
    super::nulls::find(&config, origin, &mut errors);
    let mut top = errors.take(object(config, origin)).unwrap_or_default();
    top.remove("$schema");
    let rules = top.remove("rules").map(|rules| array(rules, origin.push_key("rules")));
    let rules = rules.and_then(|rules| errors.take(rules)).unwrap_or_default();

    let registries = registries.iter().map(|&name| name.to_owned()).collect();
    let mut layers = Layers { top, registries, rules: Vec::new(), errors };
    for (index, rule) in rules.into_iter().enumerate() {
        layers.add_rule(rule, origin.push_key("rules").push_index(index));
    }
    layers
}

impl Layers {
    /// Compiles the layers: `config` makes a `T` of the top and of each patched object and is told the name of the rule
    /// ([`DEFAULT_RULE`] for the top); `matcher` compiles what a rule's `match` says.
    ///
    /// Objects of rules come without the registries, and with the top, which has them: they exist once, however many
    /// rules there are. Only where the top is wrong do rules come without it, and with the registries but for the ends of
    /// long lists, to be checked nevertheless.
    ///
    /// # Errors
    /// All there are: of the rules themselves, of the top, and of each patched object under `rules[i].config`, except
    /// those that the top has as well.
    pub fn build<M, T>(
        self,
        mut matcher: impl FnMut(Value) -> Result<M, ConfigErrors>,
        mut config: impl FnMut(&str, Object, Option<Top<'_, T>>) -> Result<T, ConfigErrors>,
    ) -> Result<Built<M, T>, ConfigErrors> {
        let mut errors = self.errors;
        let mut whole = self.top;
        let (mut base, abridged) =
            if self.rules.is_empty() { <_>::default() } else { copy(&mut whole, &self.registries) };
        let top = config(DEFAULT_RULE, whole, None);
        if top.is_err() {
            abridged.into_iter().for_each(|(registry, value)| patch::put(&mut base, registry, value));
        }
        let of_top = top.as_ref().err().cloned().unwrap_or_default();
        let top = errors.take(top);
        let mut rules = Vec::new();
        for Layer { path, name, matcher: given, patch } in self.rules {
            let matched = given.map(|given| matcher(given).map_err(|e| e.under(&format!("{path}.match"))));
            let matched = matched.and_then(|matched| errors.take(matched));
            let label = name.as_ref().map_or("", Name::as_str);
            let patched: Vec<String> = patch.keys().cloned().collect();
            let object = patched_by(patch, base.clone());
            let top = top.as_ref().map(|built| Top { built, patched: &patched });
            let built = config(label, object, top).map_err(|e| e.without(&of_top).under(&format!("{path}.config")));
            let built = errors.take(built);
            if let (Some(name), Some(matcher), Some(config)) = (name, matched, built) {
                rules.push(BuiltRule { name, matcher, config });
            }
        }
        match top {
            Some(top) if errors.is_empty() => Ok(Built { top, rules }),
            _ => Err(errors),
        }
    }

    fn add_rule(&mut self, rule: Value, location: ValuePointerRef<'_>) {
        let Some(mut rule) = self.errors.take(object(rule, location)) else { return };
        let name = self.take_name(&mut rule, location);
        let matcher = self.take_field(&mut rule, "match", location);
        let config = self.take_field(&mut rule, "config", location);
        for field in rule.keys() {
            self.errors.push(unknown_field(field, &["name", "match", "config"], location));
        }
        let patch = config.and_then(|config| self.errors.take(object(config, location.push_key("config"))));
        let mut patch = patch.unwrap_or_default();
        patch::check(&mut patch, &self.top, &self.registries, location.push_key("config"), &mut self.errors);
        self.rules.push(Layer { path: path_of(location), name, matcher, patch });
    }

    fn take_name(&mut self, rule: &mut Object, location: ValuePointerRef<'_>) -> Option<Name> {
        let name = self.take_field(rule, "name", location)?;
        let location = location.push_key("name");
        let name: Name = self.errors.take(Name::deserialize_from_value(name.into_value(), location))?;
        let error = if name.as_str() == DEFAULT_RULE {
            ConfigError::invalid(path_of(location), "\"default\" is the name of what holds when no rule matches")
        } else if let Some(other) = self.rules.iter().find(|rule| rule.name.as_ref() == Some(&name)) {
            taken(path_of(location), name.as_str(), &other.path)
        } else {
            return Some(name);
        };
        self.errors.push(error);
        None
    }

    fn take_field(&mut self, rule: &mut Object, name: &str, location: ValuePointerRef<'_>) -> Option<Value> {
        let field = rule.remove(name);
        if field.is_none() {
            let path = path_of(location.push_key(name));
            self.errors.push(ConfigError::new(path, ConfigErrorKind::MissingField));
        }
        field
    }
}

fn patched_by(patch: Object, mut target: Object) -> Object {
    patch::take_out_sums(&patch, &mut target);
    match merge_patch(Value::Object(target), Value::Object(patch)) {
        Value::Object(object) => object,
        _ => Object::new(), // A patch that is an object makes one.
    }
}

/// How many elements of a list of a registry rules are checked with where the top is wrong.
const ENOUGH: usize = 64;

/// A copy of the top without registries, and of these as much as rules are checked with where the top is wrong. No copy
/// of the whole: with many keys it would be half of what a VM ever allocates.
fn copy<'r>(top: &mut Object, registries: &'r [String]) -> (Object, Vec<(&'r str, Value)>) {
    let mut taken = Vec::new();
    for registry in registries {
        taken.extend(patch::take(top, registry).map(|value| (registry.as_str(), value)));
    }
    let (base, mut abridged) = (top.clone(), Vec::new());
    for (registry, value) in taken {
        abridged.push((registry, self::abridged(&value)));
        patch::put(top, registry, value);
    }
    (base, abridged)
}

/// A copy with the first elements of each list.
fn abridged(value: &Value) -> Value {
    match value {
        Value::Array(elements) => elements.iter().take(ENOUGH).map(abridged).collect(),
        Value::Object(fields) => {
            // Not collected: `collect` sorts, and each type it sorts is 5 KB of code.
            let mut copy = Object::new();
            copy.extend(fields.iter().map(|(name, field)| (name.clone(), abridged(field))));
            copy.into()
        }
        value => value.clone(),
    }
}

fn object(value: Value, location: ValuePointerRef<'_>) -> Result<Object, ConfigErrors> {
    match value {
        Value::Object(object) => Ok(object),
        other => Err(wrong_type(&other.into_value(), "an object", location)),
    }
}

fn array(value: Value, location: ValuePointerRef<'_>) -> Result<Vec<Value>, ConfigErrors> {
    match value {
        Value::Array(elements) => Ok(elements),
        other => Err(wrong_type(&other.into_value(), "an array", location)),
    }
}

#[cfg(test)]
mod tests;
