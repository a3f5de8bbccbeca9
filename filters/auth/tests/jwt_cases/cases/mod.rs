//! The conformance cases for whole tokens: what their files have, the config that each asks for, what became of them.
//!
//! The filter's own tests play them on its rules alone, those of its module through a proxy.

mod case;
mod config;
mod score;

pub use case::{AudienceCase, Case, load, load_lines};
pub use config::{NOW, OFFERED, documents, is_offered, jwt, text};
pub use score::{Score, Verdict};

/// The files of [`Case`]s.
pub const FILES: [&str; 5] = ["attacks", "claims", "library_tokens", "wycheproof_jwt_transplant", "jwks_selection"];
