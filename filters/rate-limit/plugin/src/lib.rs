//! The rate-limit module: dist/rate-limit.wasm.

sluicegate_host::plugin!(sluicegate_host::Single<sluicegate_rate_limit::RateLimit>);
