//! The circuit-breaker module: dist/circuit-breaker.wasm.

sluicegate_host::plugin!(sluicegate_host::Single<sluicegate_circuit_breaker::CircuitBreaker>);
