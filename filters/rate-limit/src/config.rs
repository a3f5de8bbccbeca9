//! What config says, and what it becomes.
//!
//! The registry exists once: the config of a rule takes over that of the top, and says nothing about it itself.

use std::num::NonZeroU32;
use std::rc::Rc;

use sluicegate_common::config::{ConfigError, ConfigErrors, FromConfig, Name, Object, Whole, check_unique, read};
use sluicegate_common::filter::{Needs, Setup};

use crate::fields::Fields;
use crate::global::{Global, RawGlobal};
use crate::limit::{Limit, RawLimit};
use crate::plans::{self, Plans, RawPlans};
use crate::registry::{RawStore, Registry};

/// The fields that exist once, at the top of the config.
pub const REGISTRIES: &[&str] = &["id", "replicas", "store"];

#[derive(FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
struct RawConfig {
    /// Whose levels these are. Filters with the same `id` in one proxy count together, also before and after a reload,
    /// if `vm_id` and the shape of `store` are the same.
    #[config(default, shown = "\"default\"")]
    id: Option<Name>,
    /// How many clients are kept apart, and what becomes of others.
    #[config(default, shown = "{}")]
    store: RawStore,
    /// How many proxies share the traffic: `requests` and `burst` are divided by it, rounded down, at least 1.
    #[config(default, shown = "1")]
    replicas: Option<Whole<1, 10_000>>,

    /// What is asked about a request, see below. **A rule's list replaces that of the top**; to keep a limit, name it
    /// again.
    #[config(default)]
    limits: Vec<RawLimit>,
    /// What each consumer may do by the plan it has, see below; besides `limits`.
    #[config(default)]
    plans: Option<RawPlans>,
    /// A rate limit service that counts for all proxies together, see below; asked once `limits` and `plans` have room.
    #[config(default)]
    global: Option<RawGlobal>,
    /// What clients are told, see below. `[]`: nothing but `Retry-After`.
    #[config(default)]
    headers: Fields,
    /// What becomes of a request when levels cannot be read or written: it passes uncounted, or gets 503.
    #[config(default)]
    on_store_error: OnStoreError,
    /// `"leased"`: a worker takes up to 16 ahead for a key that it is asked about again soon, and decides about the next
    /// requests from memory, see below.
    #[config(default)]
    precision: Precision,
}

/// The JSON Schema of a configuration.
#[cfg(not(target_family = "wasm"))]
#[must_use]
pub fn schema() -> serde_json::Value {
    sluicegate_common::describe::filter::<RawConfig>("rate-limit", REGISTRIES)
}

/// The README with its tables anew; `None`: it lacks a marker.
#[cfg(not(target_family = "wasm"))]
#[must_use]
pub fn tables(readme: &str) -> Option<String> {
    use sluicegate_common::describe::{Described, table};

    let (registry, policy): (Vec<_>, Vec<_>) =
        RawConfig::fields().into_iter().partition(|field| REGISTRIES.contains(&field.name));
    let [limit, store] = [RawLimit::fields(), RawStore::fields()];
    let [plans, throttle, quota] = plans::tables();
    let [global, service, entry] = crate::global::tables();
    let tables = [
        ("rate-limit.registry", registry),
        ("rate-limit", policy),
        ("rate-limit.limit", limit),
        ("rate-limit.plans", plans),
        ("rate-limit.throttle", throttle),
        ("rate-limit.quota", quota),
        ("rate-limit.store", store),
        ("rate-limit.global", global),
        ("rate-limit.service", service),
        ("rate-limit.entry", entry),
    ];
    tables.iter().try_fold(readme.to_owned(), |readme, (name, fields)| table(&readme, name, fields))
}

/// `on_store_error`: what becomes of a request when the levels cannot be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub enum OnStoreError {
    /// It passes, uncounted.
    #[default]
    Allow,
    /// It is refused, 503.
    Deny,
}

/// `precision`: whether a worker may take ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub enum Precision {
    /// Each request takes what it costs.
    #[default]
    Exact,
    /// A batch for the next requests as well.
    Leased,
}

/// A compiled policy, and the registry it shares with all others.
#[derive(Debug)]
pub struct Config {
    /// What exists once.
    pub registry: Rc<Registry>,
    /// Those that are asked about a request, in order.
    pub limits: Vec<Rc<Limit>>,
    /// Those that depend on who the sender is.
    pub plans: Option<Plans>,
    /// Those that another service counts.
    pub global: Option<Global>,
    /// What clients are told.
    pub fields: Fields,
    /// What a failing store means.
    pub on_store_error: OnStoreError,
    /// Whether a worker may take ahead.
    pub precision: Precision,
}

impl Config {
    /// Reads and compiles a config: that of the top, or that of a rule, with which `top` shares its registry.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(config: Object, setup: &Setup<'_>, top: Option<&Self>) -> Result<Self, ConfigErrors> {
        let raw: RawConfig = read(config)?;
        let mut errors = ConfigErrors::new();
        let registry = match top {
            Some(top) => Rc::clone(&top.registry),
            None => {
                let replicas = raw.replicas.and_then(|replicas| NonZeroU32::new(u32::try_from(replicas.get()).ok()?));
                let id = raw.id.as_ref().map_or("default", Name::as_str);
                Rc::new(Registry::new(id, &raw.store, replicas.unwrap_or(NonZeroU32::MIN)))
            }
        };
        errors.take(check_unique("limits", "name", raw.limits.iter().map(|limit| limit.name.as_str())));
        for (index, limit) in raw.limits.iter().enumerate() {
            if raw.plans.is_some() && plans::NAMES.contains(&limit.name.as_str()) {
                errors.push(ConfigError::invalid(format!("limits[{index}].name"), "the name is taken by \"plans\""));
            }
        }
        let mut limits = Vec::new();
        for (index, limit) in raw.limits.into_iter().enumerate() {
            let limit =
                limit.compile(&registry, setup.paths).map_err(|errors| errors.under(&format!("limits[{index}]")));
            limits.extend(errors.take(limit).map(Rc::new));
        }
        let plans = raw.plans.map(|plans| plans.compile(&registry, setup.paths)).transpose();
        let plans = errors.take(plans.map_err(|errors| errors.under("plans"))).flatten();
        let global = raw.global.map(|global| global.compile(setup.paths)).transpose();
        let global = errors.take(global.map_err(|errors| errors.under("global"))).flatten();
        if let (Some(global), Ok(mut given)) = (&global, registry.given.try_borrow_mut()) {
            let new = global.request_headers().iter().filter(|name| !given.contains(name)).cloned().collect::<Vec<_>>();
            given.extend(new);
        }
        errors.into_result(Self {
            registry,
            limits,
            plans,
            global,
            fields: raw.headers,
            on_store_error: raw.on_store_error,
            precision: raw.precision,
        })
    }

    /// What the limits read of a request.
    pub fn needs(&self) -> Needs {
        let Self { limits, plans, global, .. } = self;
        let reads_head = limits.iter().any(|limit| limit.reads_head())
            || plans.as_ref().is_some_and(Plans::reads_head)
            || global.as_ref().is_some_and(Global::reads_headers);
        let uses_paths = limits.iter().any(|limit| limit.uses_paths())
            || plans.as_ref().is_some_and(Plans::uses_paths)
            || global.as_ref().is_some_and(Global::uses_paths);
        Needs { headers: reads_head, paths: uses_paths, ..Needs::default() }
    }
}
