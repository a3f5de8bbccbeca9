//! The cors module: dist/cors.wasm.

sluicegate_host::plugin!(sluicegate_common::single::Single<sluicegate_cors::Cors>);
