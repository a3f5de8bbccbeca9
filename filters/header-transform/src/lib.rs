//! Edits of request and response.

#[allow(dead_code)]
mod cookies;
#[allow(dead_code)]
mod forwarded;
#[allow(dead_code)]
mod names;
#[allow(dead_code)]
mod pairs;
#[allow(dead_code)]
mod query;
#[allow(dead_code)]
mod security_headers;
#[allow(dead_code)]
mod substitution;
#[allow(dead_code)]
mod traceparent;
