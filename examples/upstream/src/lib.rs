//! The services behind the example gateways: user, order, product and payment, the credential
//! service, and an echo. Plain HTTP/1.1, data in memory, no authentication: that is the gateway's
//! part.
//!
//! Each service is a [`Service`] with a [`Mode`] that the control listener changes at run time, so
//! that a gateway can be watched while its upstream is slow, failing or gone.

mod bytes;
mod collection;
mod control;
mod credentials;
mod echo;
mod mode;
mod seed;
mod server;
mod services;

pub use bytes::printable;
pub use mode::Mode;
pub use server::{Addresses, Upstream};
pub use services::Service;
