//! The README's configs work.

#![allow(clippy::unwrap_used, clippy::panic)]

use sluicegate_common::config::Env;
use sluicegate_common::module::Module;
use sluicegate_gateway::Gateway;

#[test]
fn every_config_of_the_readme_is_accepted() {
    let readme = include_str!("../README.md");
    let blocks: Vec<&str> = readme.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), readme.matches("```json").count());
    assert!(!blocks.is_empty());
    for block in blocks {
        if let Err(errors) = Module::<Gateway>::configure(block.as_bytes(), &Env::default()) {
            panic!("{errors}\n{block}");
        }
    }
}
