//! The gateway module: dist/gateway.wasm.

sluicegate_host::plugin!(sluicegate_gateway::Gateway);
