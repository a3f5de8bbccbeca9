//! The whole way of a config, by the example of the module's documentation.

use crate::config::FromConfig;
use std::time::Duration;

use deserr::Deserr;
use serde_json::Value;

use super::*;

/// One value, read as a filter's field would be; the error as a user sees it.
pub(super) fn given<T: Deserr<ConfigErrors>>(value: Value) -> Result<T, String> {
    deserr::deserialize(value).map_err(|errors: ConfigErrors| errors.to_string())
}

/// Texts that are read, with what they mean, and texts that are not.
pub(super) fn check_text<T: Text + PartialEq + std::fmt::Debug>(accepted: &[(&str, T)], refused: &[&str]) {
    for (given, want) in accepted {
        assert_eq!(T::parse(given).as_ref(), Some(want), "{given:?}");
    }
    for given in refused {
        assert_eq!(T::parse(given), None, "{given:?}");
    }
}

#[derive(Debug, FromConfig)]
struct RawConfig {
    upstreams: Vec<HeaderName>,
    #[config(default = OrOff::On(Duration::from_secs(5)))]
    timeout: OrOff<Duration>,
    #[config(default = 3)]
    retries: u8,
    #[config(default)]
    retry_on: Statuses,
}

#[derive(Debug, PartialEq)]
struct Config {
    upstreams: Vec<String>,
    timeout: Option<Duration>,
    retries: u8,
    retry_on: Statuses,
}

impl TryFrom<RawConfig> for Config {
    type Error = ConfigErrors;

    fn try_from(raw: RawConfig) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        if raw.upstreams.is_empty() {
            errors.push(ConfigError::expected("upstreams", "at least one upstream", "none"));
        }
        if raw.retries > 0 && raw.retry_on.is_empty() {
            errors.push(ConfigError::invalid("retry_on", "\"retries\" needs a status to retry on"));
        }
        errors.into_result(Self {
            upstreams: raw.upstreams.into_iter().map(HeaderName::into_string).collect(),
            timeout: raw.timeout.on(),
            retries: raw.retries,
            retry_on: raw.retry_on,
        })
    }
}

fn load(text: &str) -> Result<Built<Value, (Policy, Config)>, ConfigErrors> {
    let config = parse_json(text.as_bytes())?;
    layers(config, &["upstreams"]).build(Ok, |_, object, top: Option<Top<'_, (Policy, Config)>>| {
        let Split { common, mut own } = split(object);
        if let Some(Top { built: (_, top), .. }) = top {
            own.insert("upstreams".into(), top.upstreams.clone().into());
        }
        let mut errors = ConfigErrors::new();
        let policy = errors.take(Policy::parse(common));
        let config = errors.take(read::<RawConfig>(own).and_then(Config::try_from));
        match (policy, config) {
            (Some(policy), Some(config)) => Ok((policy, config)),
            _ => Err(errors),
        }
    })
}

fn errors_of(text: &str) -> String {
    load(text).unwrap_err().to_string()
}

#[test]
fn a_rule_changes_what_it_names_and_keeps_the_rest() {
    let built = load(
        r#"{"$schema": "filter.schema.json", "mode": "shadow", "upstreams": ["A", "b"], "retries": 1, "retry_on": ["5xx"],
            "rules": [{"name": "slow", "match": {"paths": []}, "config": {"timeout": "off", "mode": null, "retries": 0}}]}"#,
    )
    .unwrap();
    let (policy, top) = built.top;
    assert_eq!((policy.mode, top.timeout, top.retries), (Mode::Shadow, Some(Duration::from_secs(5)), 1));
    let [rule] = &built.rules[..] else { panic!("one rule") };
    let (policy, config) = &rule.config;
    assert_eq!(rule.name.as_str(), "slow");
    assert_eq!(rule.matcher, serde_json::json!({"paths": []}));
    assert_eq!((policy.mode, config.timeout, config.retries), (Mode::Enforce, None, 0));
    assert_eq!(config.upstreams, ["a", "b"]);
    assert!(config.retry_on.contains(503));
}

#[test]
fn errors_of_one_step_are_listed_together() {
    let errors = errors_of(
        r#"{"mode": "shadw", "upstreams": ["x-a", ":path"], "timeout": 5, "retries": 300, "retry_no": ["5xx"],
            "on_internal_eror": "deny", "rules": [
              {"name": "default", "match": {}, "config": {"timeout": "5 parsecs", "upstreams": []}, "confg": {}},
              {"name": "b", "config": {"client_ip": {}, "retry_n": null}}]}"#,
    );
    assert_eq!(
        errors,
        r#"rules[0].name: "default" is the name of what holds when no rule matches
rules[0].confg: unknown field, did you mean "config"?
rules[0].config.upstreams: a registry stands at the top, once for all rules: no rule can change it
rules[1].match: required field is missing
rules[1].config.client_ip: stands at the top, once for all rules: no rule can change it
rules[1].config.retry_n: null removes a field of the top, which has none of this name, did you mean "retry_no"?
mode: expected "enforce", "shadow" or "off", found "shadw", did you mean "shadow"?
on_internal_eror: unknown field, did you mean "on_internal_error"?
retries: value: `300` is too large to be deserialized, maximum value authorized is `255`
retry_no: unknown field, did you mean "retry_on"?
timeout: expected a duration such as "1500ms" (units ns, us, ms, s, m, h, d), or "off", found a whole number
upstreams[1]: expected a header name such as "x-correlation-id", found ":path"
rules[0].config.timeout: expected a duration such as "1500ms" (units ns, us, ms, s, m, h, d), or "off", found "5 parsecs""#
    );
}
