//! What every Sluicegate filter shares. Pure: no host call, no clock, no store of its own.

// What is derived names this crate as others do.
extern crate self as sluicegate_common;

pub mod account;
pub mod body;
pub mod callout;
pub mod chain;
pub mod client_address;
pub mod config;
#[cfg(not(target_family = "wasm"))]
pub mod describe;
pub mod facts;
pub mod filter;
pub mod head;
pub mod identity;
pub mod limit_use;
pub mod matcher;
pub mod module;
pub mod pairs;
pub mod path;
pub mod proxy;
pub mod reply;
pub mod request_id;
pub mod rules;
pub mod seldom;
pub mod settings;
pub mod single;
pub mod store;
pub mod template;
pub mod time;
