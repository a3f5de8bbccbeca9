//! Conformance cases of others through the auth module: in this crate's host with its virtual clock, and in real Envoy.
//!
//! The cases are read from the folder that `SLUICEGATE_CASES` names; what they mean stands with the filter, whose own
//! tests play them on its rules alone. Every case is played with its keys in config and with fetched ones. A token is
//! refused by 400, 401, 403 or 431; nothing else counts as a refusal. Behind each batch a good token must pass.

mod audiences;
#[allow(dead_code, unused_imports, reason = "the filter's own tests look at more of it")]
#[path = "../../../filters/auth/tests/jwt_cases/cases/mod.rs"]
mod cases;
mod documents;
mod envoy;
mod extraction;
mod hs256;
mod player;
mod tokens;

use test_harness::backend::envoy::{Envoy, Install};
use test_harness::backend::wasmtime::Wasmtime;

#[test]
fn tokens_in_wasmtime() {
    let failed: Vec<String> =
        tokens::batches().iter().flat_map(|(title, cases)| tokens::play(&Wasmtime::default(), title, cases)).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn tokens_in_envoy() {
    match Install::find() {
        Ok(install) => envoy::play(&install),
        Err(why) => println!("SKIPPED: {why}"),
    }
}

#[test]
fn extraction_in_wasmtime() {
    extraction::play(&Wasmtime::default());
}

#[test]
fn extraction_in_envoy() {
    match Install::find() {
        Ok(install) => extraction::play(&Envoy::new(install)),
        Err(why) => println!("SKIPPED: {why}"),
    }
}

/// Keys that Envoy would load are loaded, those it would not are left out.
#[test]
fn documents_load() {
    documents::load_in(&Wasmtime::default());
}
