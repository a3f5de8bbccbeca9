//! What a whole module is told once, at the top of its config.

use deserr::Deserr;

use crate::client_address::ClientIp;
use crate::config::ConfigErrors;
use crate::request_id::RequestId;

/// The common registries of a module. Other fields of the object have readers of their own.
#[derive(Debug, Clone, Default, Deserr)]
#[deserr(error = ConfigErrors)]
pub struct Settings {
    /// Whose address counts as the client's.
    #[deserr(default)]
    pub client_ip: ClientIp,
    /// Where a request's id stands.
    #[deserr(default)]
    pub request_id: RequestId,
}
