//! The cors module: dist/cors.wasm.

sluicegate_host::plugin!(sluicegate_host::Single<sluicegate_cors::Cors>);
