//! The README's configs work.

use crate::exchange::try_cors;

#[test]
fn every_config_of_the_readme_is_accepted() {
    let readme = include_str!("../../README.md");
    let blocks: Vec<&str> = readme.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        let config = serde_json::from_str(block).unwrap_or_else(|error| panic!("{error}: {block}"));
        try_cors(&config).unwrap_or_else(|errors| panic!("{errors}\n{block}"));
    }
}
