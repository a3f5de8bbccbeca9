//! Circuit breakers with the rules of resilience4j, shared by all workers of a proxy.

pub mod call;
pub mod record;
pub mod rules;
pub mod status;
pub mod table;
pub mod upstream;
pub mod window;
