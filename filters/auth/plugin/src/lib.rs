//! The auth module: dist/auth.wasm.

sluicegate_host::plugin!(sluicegate_host::Single<sluicegate_auth::Auth>);
