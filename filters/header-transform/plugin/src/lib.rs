//! The header-transform module: dist/header-transform.wasm.

sluicegate_host::plugin!(sluicegate_host::Single<sluicegate_header_transform::HeaderTransform>);
