//! The authenticator of JSON Web Tokens.

pub mod cache;
pub mod remote;
