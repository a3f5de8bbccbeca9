//! dist/gateway.wasm.
