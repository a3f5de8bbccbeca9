//! What a whole module is told once, at the top of its config.

use crate::client_address::ClientIp;
use crate::request_id::RequestId;

/// The common registries of a module.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Whose address counts as the client's.
    pub client_ip: ClientIp,
    /// Where a request's id stands.
    pub request_id: RequestId,
}
