//! What a whole module is told once, at the top of its config.

use std::cell::Cell;

use crate::client_address::ClientIp;
use crate::config::FromConfig;
use crate::proxy::{Counter, Proxy};
use crate::request_id::RequestId;

/// The common registries of a module. Other fields of the object have readers of their own.
#[derive(Debug, Default, FromConfig)]
#[config(allow_unknown)]
pub struct Settings {
    /// Whose address counts as the client's.
    #[config(default)]
    pub client_ip: ClientIp,
    /// Where a request's id stands.
    #[config(default)]
    pub request_id: RequestId,
    #[config(skip)]
    pub(crate) forgeable: Forgeable,
}

impl Settings {
    /// What is read of the object.
    pub(crate) const FIELDS: &[&str] = &["client_ip", "request_id"];
}

/// Requests whose address the host took from a header that the client may have written (told by port 0).
#[derive(Debug)]
pub(crate) struct Forgeable {
    counter: Counter,
    warned: Cell<bool>,
}

impl Default for Forgeable {
    fn default() -> Self {
        Self { counter: Counter::new("sluicegate_client_ip_from_header_total"), warned: Cell::new(false) }
    }
}

impl Forgeable {
    /// Counts one; the first of a VM is logged.
    pub(crate) fn note(&self, proxy: &dyn Proxy) {
        self.counter.increment(proxy);
        if !self.warned.replace(true) {
            log::warn!(
                "the proxy takes the client's address from X-Forwarded-For, which clients can write: \
                 set use_remote_address: true, or client_ip with trusted_hops"
            );
        }
    }
}
