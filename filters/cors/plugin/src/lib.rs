//! dist/cors.wasm.
