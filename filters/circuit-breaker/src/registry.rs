//! What exists once in a VM: the breakers, which all rules share.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use sluicegate_common::config::{ConfigError, ConfigErrors, Name, Text as _};
use sluicegate_common::filter::{Background, CalloutAnswer, Cx, RootCx};
use sluicegate_common::head::RequestHead;
use sluicegate_common::matcher::HostPattern;
use sluicegate_common::proxy::Proxy;
use sluicegate_common::store::StoreError;

use crate::breaker::{Breaker, FLUSH_AFTER};
use crate::scope::{Part, Scope};
use crate::table::{Place, Table};
use crate::upstream::Slowness;
use crate::window::Shape;

/// How many windows of different shapes a breaker keeps, for rules that differ.
const MOST_SHAPES: usize = 4;

/// The fields that exist once, as written.
pub struct RawRegistry {
    pub id: Option<Name>,
    pub scope: Option<Vec<Part>>,
    pub hosts: Vec<String>,
    pub max_breakers: Option<u64>,
    pub status_path: Option<String>,
}

/// The `id` of a config that says none.
const DEFAULT_ID: &str = "default";

/// What exists once.
#[derive(Debug)]
pub struct Registry {
    id: String,
    scope: Scope,
    table: Table,
    status_path: Option<String>,
    /// Of the windows that policies judge by.
    shapes: RefCell<Vec<Shape>>,
    /// Those that requests came to in this VM, by name.
    breakers: RefCell<BTreeMap<String, Rc<Breaker>>>,
    /// Where the name of a request's breaker is written.
    name: RefCell<String>,
    serves_rules: Cell<bool>,
    slowness: Slowness,
}

impl RawRegistry {
    /// Compiles it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn compile(self) -> Result<Registry, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let parts = self.scope.unwrap_or_else(|| vec![Part::Cluster]);
        if parts.is_empty() {
            errors.push(ConfigError::invalid("scope", "is empty: \"const:<name>\" makes one breaker for all requests"));
        }
        let mut hosts = Vec::new();
        for (index, host) in self.hosts.into_iter().enumerate() {
            match HostPattern::parse(&host) {
                Some(pattern) => hosts.push((pattern, host.to_ascii_lowercase())),
                None => errors.push(ConfigError::expected(
                    format!("hosts[{index}]"),
                    HostPattern::EXPECTED,
                    HostPattern::found(&host),
                )),
            }
        }
        if parts.contains(&Part::Host) == hosts.is_empty() && errors.is_empty() {
            errors
                .push(ConfigError::invalid("hosts", "stands beside \"host\" in \"scope\", and names those told apart"));
        }
        if let Some(path) = &self.status_path
            && !(path.starts_with('/')
                && path.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#;%\\".contains(&byte)))
        {
            errors.push(ConfigError::expected(
                "status_path",
                "a plain path such as \"/circuit-breakers\"",
                path.clone(),
            ));
        }
        let id = self.id.as_ref().map_or(DEFAULT_ID, Name::as_str);
        let most = self.max_breakers.and_then(|most| u32::try_from(most).ok()).unwrap_or(64);
        errors.into_result(Registry {
            scope: Scope::new(parts, hosts),
            table: Table::new(id, most),
            id: id.to_owned(),
            status_path: self.status_path,
            shapes: RefCell::default(),
            breakers: RefCell::default(),
            name: RefCell::default(),
            serves_rules: Cell::new(false),
            slowness: Slowness::default(),
        })
    }
}

impl Registry {
    /// Notes the window of one more policy.
    ///
    /// # Errors
    /// There are four others.
    pub fn add_shape(&self, shape: Shape) -> Result<(), ConfigError> {
        let mut shapes = self.shapes.borrow_mut();
        if !shapes.contains(&shape) {
            if shapes.len() >= MOST_SHAPES {
                let why = format!("the rules have {MOST_SHAPES} other windows already, and breakers keep all of them");
                return Err(ConfigError::invalid("window", why));
            }
            shapes.push(shape);
        }
        Ok(())
    }

    /// Notes that there are policies of rules.
    pub fn serve_rules(&self) {
        self.serves_rules.set(true);
    }

    /// Whether there are.
    pub fn serves_rules(&self) -> bool {
        self.serves_rules.get()
    }

    /// How slow calls are told.
    pub fn slowness(&self) -> &Slowness {
        &self.slowness
    }

    /// Whether the path is looked at.
    pub fn uses_paths(&self) -> bool {
        self.status_path.is_some() || self.scope.uses_paths()
    }

    /// Makes all entries of shared data that will ever be, and the gauges of those breakers whose names are known.
    pub fn start(&self, proxy: &dyn Proxy) {
        self.table.start(proxy);
        for name in self.scope.known() {
            if let Err(error) = self.breaker(&name, proxy) {
                log::warn!("circuit_breaker: {error}");
            }
        }
    }

    /// The breaker of a request.
    ///
    /// # Errors
    /// Shared data fails.
    pub fn breaker_of(&self, head: &RequestHead<'_>, cx: &Cx<'_>) -> Result<Rc<Breaker>, StoreError> {
        let mut name = self.name.take();
        self.scope.write_name(head, cx, &mut name);
        let breaker = self.breaker(&name, cx.proxy);
        self.name.replace(name);
        breaker
    }

    fn breaker(&self, name: &str, proxy: &dyn Proxy) -> Result<Rc<Breaker>, StoreError> {
        let mut breakers = self.breakers.borrow_mut();
        if let Some(breaker) = breakers.get(name) {
            let Some(place) = breaker.lost_place() else { return Ok(Rc::clone(breaker)) };
            self.table.forget(place);
            breakers.remove(name);
        }
        let place = self.table.find(proxy, name)?;
        if let Some(breaker) = breakers.get(place.name()) {
            return Ok(Rc::clone(breaker));
        }
        let labels = self.labels(&place);
        let breaker = Rc::new(Breaker::new(place, self.shapes.borrow().clone(), &labels));
        breaker.show(proxy);
        breakers.insert(breaker.name().to_owned(), Rc::clone(&breaker));
        Ok(breaker)
    }

    /// What metrics of that breaker end with. Its name is the last label: it may hold dots.
    fn labels(&self, place: &Place) -> String {
        match (self.id.as_str(), place.name()) {
            (DEFAULT_ID, name) => format!("breaker.{name}"),
            (id, name) => format!("id.{id}.breaker.{name}"),
        }
    }

    /// Whether the request asks for the status page.
    pub fn is_status_page(&self, head: &RequestHead<'_>, cx: &Cx<'_>) -> bool {
        let Some(wanted) = &self.status_path else { return false };
        matches!(head.method(), b"GET" | b"HEAD")
            && cx.facts.path(head).ambiguity().is_none()
            && cx.facts.path(head).text() == wanted.as_bytes()
    }

    /// All breakers of the process.
    ///
    /// # Errors
    /// Shared data fails.
    pub fn all(&self, proxy: &dyn Proxy) -> Result<Vec<Rc<Breaker>>, StoreError> {
        let places = self.table.occupied(proxy)?;
        places.into_iter().map(|place| self.breaker(place.name(), proxy)).collect()
    }
}

/// Writes what workers have kept back.
pub struct Flush(pub Rc<Registry>);

impl Background for Flush {
    fn period(&self) -> Duration {
        FLUSH_AFTER
    }

    fn on_tick(&self, cx: &mut RootCx<'_>) {
        if let Ok(breakers) = self.0.breakers.try_borrow() {
            breakers.values().for_each(|breaker| breaker.on_tick(cx.proxy, cx.now));
        }
    }

    fn on_answer(&self, _: &CalloutAnswer, _: &mut RootCx<'_>) {}
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
