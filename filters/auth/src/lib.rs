//! Who may come in: JSON Web Tokens, API keys, user names and passwords; what they may do; tokens revoked.

pub mod api_key;
pub mod authorize;
pub mod basic;
pub mod config;
pub mod consumers;
pub mod deny;
pub mod forward;
pub mod jose;
pub mod jwt;
pub mod logout;
pub mod principal;
pub mod reason;
pub mod require;
pub mod revocation;
pub mod source;
