//! The only crate that calls the proxy: the ABI, root contexts and streams, and the chain driver.
//!
//! A plugin is one line: `sluicegate_host::plugin!(Chain);`, where `Chain` is a full path (`crate::Mine`).

#[cfg_attr(test, allow(dead_code))]
mod abi;
mod answers;
mod body;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod body_tests;
mod dispatcher;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod dispatcher_tests;
#[cfg_attr(test, allow(dead_code))]
mod ffi;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod grpc_tests;
#[cfg(not(test))]
mod hostcalls;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
#[path = "fake_host.rs"]
mod hostcalls;
mod logger;
mod park;
mod root;
mod shared_data;
mod stream;
mod streams;
mod table;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod waiting_tests;
#[cfg(test)]
mod worker;

#[doc(hidden)]
pub use ffi::initialize;
pub use sluicegate_common::single::Single;
