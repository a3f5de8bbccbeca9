//! What is known of one request, shared by all filters of a chain.
//!
//! Each fact is found when first asked for and kept until the stream ends: a filter that later edits `:path` or a
//! header does not change it, so what rules were chosen by stays what limits and records are keyed by. Route metadata
//! is not kept: each entry is asked for by one rule.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::rc::Rc;

use serde_json::Value;

use crate::client_address::{HostAddress, X_FORWARDED_FOR};
use crate::config::parse_json;
use crate::head::{Lengths, RequestHead};
use crate::identity::{self, Identity};
use crate::limit_use::LimitUse;
use crate::matcher::{Match, cookies};
use crate::path::{NormalPath, query};
use crate::proxy::{Proxy, Status};
use crate::settings::Settings;

/// The facts of one request.
#[derive(Debug, Default)]
pub struct Facts {
    path: OnceCell<NormalPath>,
    parameters: OnceCell<Values>,
    cookies: OnceCell<Values>,
    host_address: OnceCell<Option<HostAddress>>,
    client_ip: OnceCell<Option<IpAddr>>,
    route_name: OnceCell<Option<Vec<u8>>>,
    identity: OnceCell<Option<Rc<Identity>>>,
    claims: OnceCell<Option<Rc<Value>>>,
    request_id: OnceCell<Option<Vec<u8>>>,
    assigned_request_id: bool,
    /// The memory of another request's id.
    spare_request_id: Vec<u8>,
    /// Names, `, ` between them.
    exposed: String,
    exposed_lengths: Lengths,
    limits: Vec<LimitUse>,
    breaker: Option<Rc<str>>,
    whole: bool,
    chosen_by: RefCell<Vec<HeaderNames>>,
    templates: RefCell<Vec<Rc<Match>>>,
    failure: Cell<Option<Status>>,
}

/// What stands between the names of a list in a header.
pub const SEPARATOR: &str = ", ";

/// Names of headers, in lower case.
pub(crate) type HeaderNames = Rc<BTreeSet<String>>;

/// Values by name, those of one name in order. Parsed once for all rules: what a client sends is long as it likes.
type Values = BTreeMap<Vec<u8>, Vec<Vec<u8>>>;

fn by_name<T: Into<Vec<u8>>>(pairs: impl Iterator<Item = (T, T)>) -> Values {
    let mut values = Values::new();
    pairs.for_each(|(name, value)| values.entry(name.into()).or_default().push(value.into()));
    values
}

fn of<'v>(values: &'v Values, name: &str) -> &'v [Vec<u8>] {
    values.get(name.as_bytes()).map(Vec::as_slice).unwrap_or_default()
}

impl Facts {
    /// Nothing known, for another request; the memory of what is listed of most requests stays.
    pub fn clear(&mut self) {
        const LISTED: usize = 16;
        let (mut limits, mut chosen_by, mut templates) =
            (std::mem::take(&mut self.limits), self.chosen_by.take(), self.templates.take());
        limits.clear();
        limits.shrink_to(LISTED);
        let mut exposed = std::mem::take(&mut self.exposed);
        exposed.clear();
        chosen_by.clear();
        templates.clear();
        let mut spare_request_id = self.request_id.take().flatten().unwrap_or_else(|| self.spare_request_id());
        spare_request_id.clear();
        let (chosen_by, templates) = (chosen_by.into(), templates.into());
        *self = Self { limits, exposed, chosen_by, templates, spare_request_id, ..Self::default() };
    }

    /// The path in normal form.
    pub fn path(&self, head: &RequestHead<'_>) -> &NormalPath {
        self.path.get_or_init(|| NormalPath::of(head.target()))
    }

    /// The values of a query parameter, decoded.
    pub fn parameter(&self, head: &RequestHead<'_>, name: &str) -> &[Vec<u8>] {
        let parse = || by_name(query::pairs(query::split(head.target()).1.unwrap_or_default()));
        of(self.parameters.get_or_init(parse), name)
    }

    /// The values of a cookie ([`cookies`]).
    pub fn cookie(&self, head: &RequestHead<'_>, name: &str) -> &[Vec<u8>] {
        of(self.cookies.get_or_init(|| by_name(cookies(head))), name)
    }

    /// The client's address as the host names it (`source.address`); `None` where it names none.
    pub fn host_address(&self, proxy: &dyn Proxy) -> Option<HostAddress> {
        *self.host_address.get_or_init(|| {
            let address = self.property(proxy, &["source", "address"]);
            address.and_then(|address| HostAddress::parse(&address))
        })
    }

    /// The client's address as `client_ip` chooses it, which is the same for all filters of a module.
    pub fn client_ip(&self, head: &RequestHead<'_>, proxy: &dyn Proxy, settings: &Settings) -> Option<IpAddr> {
        *self.client_ip.get_or_init(|| {
            let (host, config) = (self.host_address(proxy), &settings.client_ip);
            if host.is_some_and(|address| address.from_header) {
                settings.forgeable.note(proxy);
            }
            let host = host.map(|address| address.ip);
            if !config.reads_header() {
                return host;
            }
            let lines: Vec<&[u8]> = head.values(X_FORWARDED_FOR).collect();
            config.choose(host, &lines)
        })
    }

    /// The name of the route the proxy chose, before any edit re-selects it; `None` where it has none (Kong's engine).
    pub fn route_name(&self, proxy: &dyn Proxy) -> Option<&[u8]> {
        self.route_name.get_or_init(|| self.property(proxy, &["xds", "route_name"])).as_deref()
    }

    /// A string in the metadata of the route: Envoy's way to configure a filter per route.
    pub fn route_metadata(&self, proxy: &dyn Proxy, namespace: &str, key: &str) -> Option<Vec<u8>> {
        self.property(proxy, &["xds", "route_metadata", "filter_metadata", namespace, key])
    }

    /// Who the request was found to come from, if a filter before this one found out ([`crate::identity`]).
    pub fn identity(&self, proxy: &dyn Proxy) -> Option<&Identity> {
        let published = || self.published(proxy, identity::PROPERTY, identity::PROPERTY_IN_KONG);
        self.identity.get_or_init(|| published().and_then(Identity::decode).map(Rc::new)).as_deref()
    }

    /// The claims of the verified token, if a filter before this one published them.
    pub fn claims(&self, proxy: &dyn Proxy) -> Option<&Value> {
        let published = || self.published(proxy, identity::CLAIMS, identity::CLAIMS_IN_KONG);
        self.claims.get_or_init(|| published().and_then(|json| parse_json(&json).ok()).map(Rc::new)).as_deref()
    }

    /// What a filter of this module found out of who the request comes from, for those behind it: it takes the place of
    /// what other modules published.
    pub fn set_identity(&mut self, identity: Option<Rc<Identity>>, claims: Option<Rc<Value>>) {
        self.identity = OnceCell::from(identity);
        self.claims = OnceCell::from(claims);
    }

    /// The request's id: the one it was given ([`crate::request_id::assign`]), else the one it carries.
    pub fn request_id(&self, head: &RequestHead<'_>, settings: &Settings) -> Option<&[u8]> {
        let config = &settings.request_id;
        let choose = || config.choose(head.get(config.header()), head.get("x-request-id")).map(<[u8]>::to_vec);
        self.request_id.get_or_init(choose).as_deref()
    }

    /// Empty, to make an id in.
    pub(crate) fn spare_request_id(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.spare_request_id)
    }

    pub(crate) fn assign_request_id(&mut self, id: Vec<u8>) {
        self.request_id = Some(id).into();
        self.assigned_request_id = true;
    }

    pub(crate) fn assigned_request_id(&self) -> Option<&[u8]> {
        self.request_id.get()?.as_deref().filter(|_| self.assigned_request_id)
    }

    /// Notes a response header of the bundle itself that pages of other origins may read. The name is in lower case.
    pub fn expose(&mut self, name: &str) {
        if self.exposed_lengths.may_have(name.len()) && self.exposed().split(SEPARATOR).any(|known| known == name) {
            return;
        }
        self.exposed_lengths.add(name.len());
        if !self.exposed.is_empty() {
            self.exposed.push_str(SEPARATOR);
        }
        self.exposed.push_str(name);
    }

    /// The headers noted by [`Facts::expose`], each once, with [`SEPARATOR`] between them.
    #[must_use]
    pub fn exposed(&self) -> &str {
        &self.exposed
    }

    /// Notes how the request stands with a limit, for whichever filter tells the client of it.
    pub fn note_limit(&mut self, limit: LimitUse) {
        self.limits.push(limit);
    }

    /// Hands out what [`Facts::note_limit`] noted, once.
    pub fn take_limits(&mut self) -> Vec<LimitUse> {
        std::mem::take(&mut self.limits)
    }

    /// Takes back the memory of [`Facts::take_limits`], for another request's.
    pub fn reuse_limits(&mut self, mut told: Vec<LimitUse>) {
        told.clear();
        if self.limits.is_empty() {
            self.limits = told;
        }
    }

    /// Notes that the request is whole with its head: nothing of it is still to come.
    pub fn set_whole(&mut self) {
        self.whole = true;
    }

    /// Whether the request was whole with its head; not where the host does not tell.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Notes the circuit breaker that the request came to.
    pub fn set_breaker(&mut self, name: Rc<str>) {
        self.breaker = Some(name);
    }

    /// The name of the circuit breaker that the request came to.
    #[must_use]
    pub fn breaker(&self) -> Option<&str> {
        self.breaker.as_deref()
    }

    /// Notes that rules which look at these headers chose the policy.
    pub(crate) fn note_chosen_by(&self, names: &HeaderNames) {
        if !names.is_empty()
            && let Ok(mut chosen_by) = self.chosen_by.try_borrow_mut()
        {
            chosen_by.push(Rc::clone(names));
        }
    }

    /// The headers by which rules chose the policy so far, in lower case: an answer that the policy shapes varies by
    /// them (RFC 9110 section 12.5.5).
    #[must_use]
    pub fn chosen_by(&self) -> BTreeSet<String> {
        // Not collected: `collect` sorts, and each type it sorts is 5 KB of code.
        let mut all = BTreeSet::new();
        if let Ok(chosen_by) = self.chosen_by.try_borrow() {
            all.extend(chosen_by.iter().flat_map(|names| names.iter().cloned()));
        }
        all
    }

    /// Notes the match of a rule that was chosen. Costs nothing where it has no template.
    pub(crate) fn note_chosen(&self, chosen: &Rc<Match>) {
        if chosen.has_templates()
            && let Ok(mut templates) = self.templates.try_borrow_mut()
        {
            templates.push(Rc::clone(chosen));
        }
    }

    /// The template that the path fits among those of the rules that were chosen so far, as the config writes it. Of
    /// several rules it is the last one's: a filter's own rule is chosen after the gateway's and other filters'.
    pub fn path_template(&self, head: &RequestHead<'_>) -> Option<Rc<str>> {
        let templates = self.templates.try_borrow().ok()?;
        templates.iter().rev().find_map(|chosen| chosen.path_template(head, self).cloned())
    }

    /// The status of the first read that failed: a fact that is `None` may only have been unreadable.
    #[must_use]
    pub fn failure(&self) -> Option<Status> {
        self.failure.get()
    }

    /// What a filter before this one published for those behind, as either host lets it.
    fn published(&self, proxy: &dyn Proxy, path: &[&str], in_kong: &[&str]) -> Option<Vec<u8>> {
        self.property(proxy, path).or_else(|| self.property(proxy, in_kong))
    }

    /// A property; `None` where there is none, or it could not be read ([`Facts::failure`]).
    fn property(&self, proxy: &dyn Proxy, path: &[&str]) -> Option<Vec<u8>> {
        proxy.property(path).unwrap_or_else(|status| {
            self.failure.set(self.failure.get().or(Some(status)));
            None
        })
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
pub(crate) mod fake;
