//! The plugin of these tests, and folders with scenarios for it.

use std::path::Path;

use tempfile::TempDir;
use test_harness::scenario::{Scenario, load};

/// A folder with `hello.wasm`.
pub fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let module = wat::parse_str(include_str!("hello.wat")).expect("hello.wat is valid");
    std::fs::write(folder.path().join("hello.wasm"), module).expect("a writable folder");
    folder
}

/// Reads `text` as a scenario file of that folder.
pub fn scenario(folder: &Path, text: &str) -> Scenario {
    let file = folder.join("scenario.yaml");
    std::fs::write(&file, text).expect("a writable folder");
    load(folder, &file).unwrap_or_else(|error| panic!("{error}"))
}
