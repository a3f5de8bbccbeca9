//! The blocks of code in `docs/` are excerpts of files that are built, played or started: line by line, in order.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What these show is run by hand, or drawn.
const NOT_COMPARED: [&str; 5] = ["", "sh", "console", "text", "mermaid"];
/// Where blocks come from. Documents are compared with what is tested, never with each other; the harness's own README is
/// played by its tests.
const SOURCES: [&str; 4] = ["envoy", "examples", "test-harness/scenarios", "test-harness/README.md"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

struct Block {
    place: String,
    lines: Vec<String>,
}

/// The blocks of a document that are compared; blank lines do not count.
fn blocks(name: &str, text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(bool, Block)> = None;
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                let block = Block { place: format!("{name}:{number}"), lines: Vec::new() };
                open = Some((!NOT_COMPARED.contains(&language), block));
            }
            (Some(_), Some(_)) => blocks.extend(open.take().filter(|(compared, _)| *compared).map(|(_, block)| block)),
            (None, Some((_, block))) if !line.is_empty() => block.lines.push(line.to_owned()),
            (None, _) => {}
        }
    }
    blocks
}

/// Whether the lines stand in a file in this order, others between them or not. The comma behind the last of a list is the
/// file's.
fn is_excerpt(lines: &[String], file: &str) -> bool {
    let bare = |line: &str| line.trim().trim_end_matches(',').to_owned();
    let mut there = file.lines().map(bare);
    lines.iter().all(|line| there.any(|found| found == bare(line)))
}

fn sources() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "--"])
        .args(SOURCES)
        .current_dir(root())
        .output()
        .expect("git runs");
    let files = String::from_utf8(output.stdout).expect("UTF-8");
    let is_source = |file: &&str| !file.ends_with(".md") || SOURCES.contains(file);
    files.lines().filter(is_source).filter_map(|file| fs::read_to_string(root().join(file)).ok()).collect()
}

#[test]
fn blocks_are_excerpts() {
    let sources = sources();
    let mut compared = 0;
    let mut wrong = Vec::new();
    for file in fs::read_dir(root().join("docs")).expect("docs is there") {
        let path = file.expect("a readable folder").path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let blocks = blocks(&name, &fs::read_to_string(&path).expect("a readable file"));
            compared += blocks.len();
            let alone = blocks.into_iter().filter(|block| !sources.iter().any(|file| is_excerpt(&block.lines, file)));
            wrong.extend(alone.map(|block| block.place));
        }
    }
    assert!(compared > 0, "no block");
    assert!(wrong.is_empty(), "of {compared} blocks these are in no file that is tested: {wrong:#?}");
}

#[test]
fn what_is_no_excerpt_is_seen() {
    let [block] = &blocks("a.md", "text\n  ```json\n  {\n\n    \"b\": 2\n  }\n  ```\n```sh\nls\n```\n")[..] else {
        panic!("one block of the two is compared");
    };
    assert_eq!((block.place.as_str(), block.lines.len()), ("a.md:2", 3));
    assert!(is_excerpt(&block.lines, "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}"));
    assert!(!is_excerpt(&block.lines, "{\n  \"b\": 3\n}"));
    assert!(!is_excerpt(&block.lines, "\"b\": 2\n{\n}"));
}
