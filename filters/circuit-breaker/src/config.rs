//! What config says, and what it becomes.
//!
//! The registry exists once: the config of a rule takes over that of the top, and says nothing about it itself.

use std::rc::Rc;
use std::time::Duration;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use sluicegate_common::config::{
    ConfigError, ConfigErrors, FromConfig, Name, Object, OrOff, Percent, Whole, path_of, read, take_type,
};
#[cfg(not(target_family = "wasm"))]
use sluicegate_common::describe;
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
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct RawConfig {
    /// Whose breakers these are. Filters with the same `id` in one proxy have the same, also before and after a reload,
    /// if `vm_id` is the same.
    #[config(default, shown = "\"default\"")]
    id: Option<Name>,
    /// Which requests have one breaker, see below.
    #[config(default, shown = "[\"cluster\"]")]
    scope: Option<Vec<crate::scope::Part>>,
    /// Which hosts, patterns such as `"*.example.com"` included, `"host"` tells apart, and required with it; all others
    /// are `other`.
    #[config(default, described = Vec<sluicegate_common::matcher::HostPattern>)]
    hosts: Vec<String>,
    /// How many breakers there may be. All names beyond share one, `other`.
    #[config(default, shown = "64")]
    max_breakers: Option<Whole<1, 1024>>,
    /// Where the status page is, a plain path, see [below](#status-page).
    #[config(default)]
    status_path: Option<String>,

    /// By which calls is judged: the last so many, or those of the last so many seconds, which go second by second,
    /// those of more than a minute by sixtieths. The top and its rules may have four different windows.
    #[config(default, shown = "{\"type\": \"count\", \"size\": 100}")]
    window: Option<RawWindow>,
    /// Rates are judged from so many calls in the window on. Above the size of a count window it counts as that size.
    #[config(default, shown = "20")]
    minimum_calls: Option<Whole<1, 1_000_000>>,
    /// Percent of calls that failed at which the breaker opens. 0: off.
    #[config(default, shown = "50")]
    failure_rate_threshold: Option<Percent>,
    /// From when on a call is slow, from the request to the response's head, see [below](#what-counts).
    #[config(default, described = describe::AboveZero, shown = "\"2s\"")]
    slow_call_duration: Option<Duration>,
    /// Percent of slow calls at which the breaker opens. 0: off.
    #[config(default, shown = "100")]
    slow_call_rate_threshold: Option<Percent>,
    /// Failures in a row at which the breaker opens, whatever `minimum_calls` says. A success begins anew, a slow one
    /// too. 0: off. One of the three must be on.
    #[config(default, shown = "5")]
    consecutive_failures: Option<Whole<0, 1_000_000>>,
    /// What a failure is, see below.
    #[config(default, shown = "{}")]
    failure: RawFailure,
    /// What does not concern the breaker, see below.
    #[config(default, shown = "{}")]
    ignore: RawIgnore,
    /// How long it is open.
    #[config(default, described = describe::AboveZero, shown = "\"60s\"")]
    wait_duration_in_open_state: Option<Duration>,
    /// How much longer it is open when it opens again, see below.
    #[config(default, shown = "{}")]
    wait_backoff: RawBackoff,
    /// How many calls decide whether it closes.
    #[config(default, shown = "5")]
    permitted_calls_in_half_open: Option<Whole<1, { MOST_PERMITS as u64 }>>,
    /// How long a call that tries may take before another one tries in its place. Let it be above the route's timeout
    /// (Envoy: 15 s unless it says otherwise): a try that times out later than its lease is not counted.
    #[config(default, described = describe::AboveZero, shown = "\"15s\"")]
    permit_lease: Option<Duration>,
    /// After how long without a decision it opens again, from the first call that tries on.
    #[config(default = OrOff::Off, described = OrOff<describe::AboveZero>)]
    max_wait_in_half_open: OrOff<Duration>,
    /// What those are told who are rejected, see below.
    #[config(default, shown = "{}")]
    open: RawOpen,
    /// `disabled`: all pass and nothing is counted. `forced_open`: all are rejected. `metrics_only`: all pass, and
    /// metrics tell what became of them; the state does not change.
    #[config(default)]
    state: StateRule,
}

/// `state`: whether the breaker works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
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
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct RawBackoff {
    /// How much longer it is open each time that it opens again without a full window of health in between.
    #[config(default, described = describe::Number<1, 100>, shown = "1")]
    multiplier: Option<f64>,
    /// No wait is longer, jitter included. At least `wait_duration_in_open_state`; where that is above 5 minutes, the
    /// default is that.
    #[config(default, shown = "\"5m\"")]
    max: Option<Duration>,
    /// By which part of it a wait is longer or shorter, at random: proxies do not all come back at once.
    #[config(default, described = describe::Number<0, 1>, shown = "0")]
    jitter: Option<f64>,
}

/// `window`.
struct RawWindow(Shape);

#[derive(FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct RawCount {
    size: CountSize,
}

type CountSize = Whole<1, 10_000>;

#[derive(FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct RawTime {
    size: Duration,
}

#[cfg(not(target_family = "wasm"))]
impl describe::Described for RawWindow {
    fn schema() -> serde_json::Value {
        describe::tagged(&[("count", RawCount::fields()), ("time", RawTime::fields())])
    }

    fn kind() -> String {
        format!(
            "`{{\"type\": \"count\", \"size\": {}}}` or `{{\"type\": \"time\", \"size\": \"1s\" to \"1h\"}}`",
            CountSize::kind()
        )
    }
}

/// The JSON Schema of a configuration.
#[cfg(not(target_family = "wasm"))]
#[must_use]
pub fn schema() -> serde_json::Value {
    describe::filter::<RawConfig>("circuit-breaker", REGISTRIES)
}

/// The README with its tables anew; `None`: it lacks a marker.
#[cfg(not(target_family = "wasm"))]
#[must_use]
pub fn tables(readme: &str) -> Option<String> {
    use describe::Described;

    let (registry, policy): (Vec<_>, Vec<_>) =
        RawConfig::fields().into_iter().partition(|field| REGISTRIES.contains(&field.name));
    let tables = [
        ("registry", registry),
        ("policy", policy),
        ("failure", RawFailure::fields()),
        ("ignore", RawIgnore::fields()),
        ("wait_backoff", RawBackoff::fields()),
        ("open", RawOpen::fields()),
    ];
    tables.iter().try_fold(readme.to_owned(), |readme, (name, fields)| describe::table(&readme, name, fields))
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
