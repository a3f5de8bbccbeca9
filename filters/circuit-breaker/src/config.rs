//! What config says, and what it becomes.
//!
//! The registry exists once: the config of a rule takes over that of the top, and says nothing about it itself.

use std::rc::Rc;
use std::time::Duration;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use sluicegate_common::config::{
    ConfigError, ConfigErrors, FromConfig, Name, Object, OrOff, Percent, Whole, path_of, read, take_type,
};
use sluicegate_common::filter::{Needs, Setup};

use crate::open::{Open, RawOpen};
use crate::record::MOST_PERMITS;
use crate::registry::{RawRegistry, Registry};
use crate::rules::Rules;
use crate::upstream::{Failure, Ignore, RawFailure, RawIgnore};
use crate::window::Shape;

/// The fields that exist once, at the top of the config.
pub const REGISTRIES: &[&str] = &["hosts", "id", "max_breakers", "scope", "status_path"];

#[derive(FromConfig)]
struct RawConfig {
    #[config(default)]
    id: Option<Name>,
    #[config(default)]
    scope: Option<Vec<crate::scope::Part>>,
    #[config(default)]
    hosts: Vec<String>,
    #[config(default)]
    max_breakers: Option<Whole<1, 1024>>,
    #[config(default)]
    status_path: Option<String>,

    #[config(default)]
    window: Option<RawWindow>,
    #[config(default)]
    minimum_calls: Option<Whole<1, 1_000_000>>,
    #[config(default)]
    failure_rate_threshold: Option<Percent>,
    #[config(default)]
    slow_call_duration: Option<Duration>,
    #[config(default)]
    slow_call_rate_threshold: Option<Percent>,
    #[config(default)]
    consecutive_failures: Option<Whole<0, 1_000_000>>,
    #[config(default)]
    failure: RawFailure,
    #[config(default)]
    ignore: RawIgnore,
    #[config(default)]
    wait_duration_in_open_state: Option<Duration>,
    #[config(default)]
    wait_backoff: RawBackoff,
    #[config(default)]
    permitted_calls_in_half_open: Option<Whole<1, { MOST_PERMITS as u64 }>>,
    #[config(default)]
    permit_lease: Option<Duration>,
    #[config(default = OrOff::Off)]
    max_wait_in_half_open: OrOff<Duration>,
    #[config(default)]
    open: RawOpen,
    #[config(default)]
    state: StateRule,
}

/// `state`: whether the breaker works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
pub enum StateRule {
    /// It does.
    #[default]
    #[config(rename = "auto")]
    Auto,
    /// Requests pass, and nothing is counted.
    #[config(rename = "disabled")]
    Disabled,
    /// All requests are rejected.
    #[config(rename = "forced_open")]
    ForcedOpen,
    /// Requests pass; what became of them is told by metrics alone.
    #[config(rename = "metrics_only")]
    MetricsOnly,
}

#[derive(FromConfig, Default)]
struct RawBackoff {
    #[config(default)]
    multiplier: Option<f64>,
    #[config(default)]
    max: Option<Duration>,
    #[config(default)]
    jitter: Option<f64>,
}

/// `window`.
struct RawWindow(Shape);

#[derive(FromConfig)]
struct RawCount {
    size: Whole<1, 10_000>,
}

#[derive(FromConfig)]
struct RawTime {
    size: Duration,
}

impl Deserr<ConfigErrors> for RawWindow {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let (kind, value) = take_type(value, location, &["count", "time"])?;
        let (size, shape): (_, fn(_) -> _) = match kind {
            "count" => (RawCount::deserialize_from_value(value, location)?.size.get(), Shape::Count),
            _ => {
                let size = RawTime::deserialize_from_value(value, location)?.size;
                let whole = size.subsec_nanos() == 0 && (1..=3600).contains(&size.as_secs());
                if !whole {
                    let path = path_of(location.push_key("size"));
                    let found = format!("{size:?}");
                    return Err(ConfigError::expected(path, "whole seconds from \"1s\" to \"1h\"", found).into());
                }
                (size.as_secs(), Shape::Time)
            }
        };
        let size = u32::try_from(size).ok().and_then(std::num::NonZeroU32::new).unwrap_or(std::num::NonZeroU32::MIN);
        Ok(Self(shape(size)))
    }
}

/// A compiled policy, and the registry it shares with all others.
#[derive(Debug)]
pub struct Config {
    /// What exists once.
    pub registry: Rc<Registry>,
    /// When a breaker changes its state.
    pub rules: Rc<Rules>,
    /// From when on a call is slow.
    pub slow_call_duration: Duration,
    /// What is a failure.
    pub failure: Failure,
    /// What does not concern the breaker.
    pub ignore: Ignore,
    /// How a request is rejected.
    pub open: Open,
    /// Whether it works.
    pub state: StateRule,
}

impl Config {
    /// Reads and compiles a config: that of the top, or that of a rule, with which `top` shares its registry.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(config: Object, setup: &Setup<'_>, top: Option<&Self>) -> Result<Self, ConfigErrors> {
        let raw: RawConfig = read(config)?;
        let mut errors = ConfigErrors::new();
        let rules = errors.take(rules(&raw));
        let registry = match top {
            Some(top) => Some(Rc::clone(&top.registry)),
            None => {
                let registry = RawRegistry {
                    id: raw.id,
                    scope: raw.scope,
                    hosts: raw.hosts,
                    max_breakers: raw.max_breakers.map(Whole::get),
                    status_path: raw.status_path,
                };
                errors.take(registry.compile()).map(Rc::new)
            }
        };
        let failure = errors.take(raw.failure.compile(&raw.ignore));
        let ignore = errors.take(raw.ignore.compile(setup.paths));
        let open = errors.take(raw.open.compile().map_err(|errors| errors.under("open")));
        if let (Some(registry), Some(rules)) = (&registry, &rules) {
            if top.is_some() {
                registry.serve_rules();
            }
            errors.take(registry.add_shape(rules.window));
        }
        match (registry, rules, failure, ignore, open) {
            (Some(registry), Some(rules), Some(failure), Some(ignore), Some(open)) if errors.is_empty() => Ok(Self {
                registry,
                rules: Rc::new(rules),
                slow_call_duration: raw.slow_call_duration.unwrap_or(Duration::from_secs(2)),
                failure,
                ignore,
                open,
                state: raw.state,
            }),
            _ => Err(errors),
        }
    }

    /// What is read of a request.
    pub fn needs(&self) -> Needs {
        let paths = self.ignore.uses_paths() || self.registry.uses_paths();
        // Its reply reads more than one header; that a request is to be judged at all takes one.
        Needs { headers: self.state == StateRule::ForcedOpen, paths, times: true, ..Needs::default() }
    }
}

/// The numbers, checked against each other.
fn rules(raw: &RawConfig) -> Result<Rules, ConfigErrors> {
    let mut errors = ConfigErrors::new();
    let mut above_zero = |path: &str, given: Option<Duration>, default: Duration| {
        if given == Some(Duration::ZERO) {
            errors.push(ConfigError::expected(path, "a duration above zero", "\"0s\""));
        }
        given.unwrap_or(default)
    };
    let wait = above_zero("wait_duration_in_open_state", raw.wait_duration_in_open_state, Duration::from_secs(60));
    let permit_lease = above_zero("permit_lease", raw.permit_lease, Duration::from_secs(15));
    let in_half_open = match raw.max_wait_in_half_open {
        OrOff::On(most) => Some(above_zero("max_wait_in_half_open", Some(most), most)),
        OrOff::Off => None,
    };
    above_zero("slow_call_duration", raw.slow_call_duration, Duration::ZERO);
    let RawBackoff { multiplier, max, jitter } = raw.wait_backoff;
    let (multiplier, jitter) = (multiplier.unwrap_or(1.0), jitter.unwrap_or(0.0));
    if !(1.0..=100.0).contains(&multiplier) {
        errors.push(ConfigError::expected("wait_backoff.multiplier", "a number from 1 to 100", multiplier.to_string()));
    }
    if !(0.0..=1.0).contains(&jitter) {
        errors.push(ConfigError::expected("wait_backoff.jitter", "a number from 0 to 1", jitter.to_string()));
    }
    if max.is_some_and(|max| max < wait) {
        errors.push(ConfigError::invalid("wait_backoff.max", "is shorter than \"wait_duration_in_open_state\""));
    }
    let small =
        |given: Option<u64>, default: u32| given.map_or(default, |given| u32::try_from(given).unwrap_or(u32::MAX));
    let percent = |given: Option<Percent>, default: u32| given.map_or(default, |given| u32::from(given.get()));
    let rules = Rules {
        window: raw.window.as_ref().map_or(DEFAULT_WINDOW, |window| window.0),
        minimum_calls: small(raw.minimum_calls.map(Whole::get), 20),
        failure_rate: percent(raw.failure_rate_threshold, 50),
        slow_call_rate: percent(raw.slow_call_rate_threshold, 100),
        consecutive_failures: small(raw.consecutive_failures.map(Whole::get), 5),
        wait,
        multiplier,
        max_wait: max.unwrap_or(Duration::from_secs(300)).max(wait),
        jitter,
        permitted_calls: small(raw.permitted_calls_in_half_open.map(Whole::get), 5),
        permit_lease,
        max_wait_in_half_open: in_half_open,
    };
    if rules.failure_rate == 0 && rules.slow_call_rate == 0 && rules.consecutive_failures == 0 {
        errors.push(ConfigError::invalid(
            "consecutive_failures",
            "no rule is on: one of \"failure_rate_threshold\", \"slow_call_rate_threshold\" and \"consecutive_failures\" \
             must be above 0",
        ));
    }
    errors.into_result(rules)
}

/// The last hundred calls.
const DEFAULT_WINDOW: Shape = match std::num::NonZeroU32::new(100) {
    Some(size) => Shape::Count(size),
    None => Shape::Count(std::num::NonZeroU32::MIN),
};

#[cfg(test)]
mod tests;
