//! Limits per client: exact across the workers of a process, bounded in memory, told to clients.

pub mod admit;
pub mod cost;
pub mod fields;
pub mod global;
pub mod key;
pub mod quota;
pub mod table;
