//! Every link of every Markdown file leads somewhere: to a file, a folder or a heading that is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Those that git knows or would add, by their path from the root.
fn markdown() -> Vec<PathBuf> {
    let listed = ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"];
    let output = Command::new("git").args(listed).current_dir(root()).output().expect("git runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let files = String::from_utf8(output.stdout).expect("UTF-8");
    files.lines().map(PathBuf::from).filter(|file| root().join(file).is_file()).collect()
}

/// The text outside of blocks of code; `without_spans`: outside of code in a line as well.
fn prose(text: &str, without_spans: bool) -> String {
    let mut fenced = false;
    let outside = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fence && !fenced
    });
    let prose = outside.collect::<Vec<_>>().join("\n");
    let span = Regex::new("`[^`\n]*`").expect("a regex");
    if without_spans { span.replace_all(&prose, "").into_owned() } else { prose }
}

/// The anchors of a file's headings, as GitHub makes them: lower case, blanks as hyphens, no other punctuation, and a
/// number where one comes again.
fn anchors(text: &str) -> BTreeSet<String> {
    let link = Regex::new(r"\[([^\]]*)\]\([^)]*\)").expect("a regex");
    let mut anchors = BTreeSet::new();
    for line in prose(text, false).lines().filter(|line| line.starts_with('#')) {
        let heading = line.trim_start_matches('#').trim();
        let heading = link.replace_all(heading, "$1").to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let numbered = (1..).map(|number| format!("{anchor}-{number}"));
        let free = std::iter::once(anchor.clone()).chain(numbered).find(|anchor| !anchors.contains(anchor));
        anchors.extend(free);
    }
    anchors
}

/// Where the links of a file lead that does not leave the repository: inline ones, and those of definitions.
fn targets(text: &str) -> Vec<String> {
    let inline = Regex::new(r"\]\(<?([^)\s>]+)>?[^)]*\)").expect("a regex");
    let defined = Regex::new(r"(?m)^ {0,3}\[[^\]]+\]: +(\S+)").expect("a regex");
    let prose = prose(text, true);
    let all = inline.captures_iter(&prose).chain(defined.captures_iter(&prose)).map(|found| found[1].to_owned());
    all.filter(|target| !target.contains("://") && !target.starts_with("mailto:")).collect()
}

/// What is wrong with a link; None: nothing.
fn broken(file: &Path, target: &str) -> Option<String> {
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let from = root().join(file);
    let to = if path.is_empty() { from } else { from.parent()?.join(path) };
    if !to.exists() {
        return Some(format!("{}: nothing at {target}", file.display()));
    }
    let anchor = anchor.filter(|_| to.extension().is_some_and(|extension| extension == "md"))?;
    let there = fs::read_to_string(&to).map(|text| anchors(&text)).unwrap_or_default();
    (!there.contains(anchor)).then(|| format!("{}: no heading for {target}, but {there:?}", file.display()))
}

#[test]
fn every_link_leads_somewhere() {
    let files = markdown();
    assert!(files.iter().any(|file| file == Path::new("README.md")), "{files:?}");
    let mut links = 0;
    let mut wrong = Vec::new();
    for file in &files {
        let text = fs::read_to_string(root().join(file)).expect("a readable file");
        let targets = targets(&text);
        links += targets.len();
        wrong.extend(targets.iter().filter_map(|target| broken(file, target)));
    }
    assert!(wrong.is_empty(), "{} of {links} links in {} files: {wrong:#?}", wrong.len(), files.len());
    println!("{links} links in {} files", files.len());
}

/// Paths that prose names, in code: `filters/auth/README.md`, `scripts/test`. Those that a build makes are left out.
#[test]
fn every_path_that_is_named_is_there() {
    let folders = "docs|envoy|examples|filters|fuzz|scripts|test-harness";
    let path = Regex::new(&format!(r"`((?:\.\./)*(?:{folders})/[A-Za-z0-9_./-]+)`")).expect("a regex");
    let mut wrong = Vec::new();
    for file in markdown() {
        let text = prose(&fs::read_to_string(root().join(&file)).expect("a readable file"), false);
        let above = file.parent().unwrap_or(Path::new(""));
        // From the root, from the file, or from the folder of the crate that it is about.
        let is_there = |path: &str| root().join(path).exists() || root().join(above).join(path).exists();
        // Envoy's own sources begin with the same word.
        let is_envoys = |path: &str| path.starts_with("envoy/") && (path.ends_with(".h") || path.ends_with(".proto"));
        let named = path.captures_iter(&text).map(|found| found[1].to_owned()).filter(|path| !is_envoys(path));
        wrong.extend(named.filter(|path| !is_there(path)).map(|path| format!("{}: no {path}", file.display())));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_wrong_is_seen() {
    let file = Path::new("README.md");
    for target in ["nowhere.md", "filters/auth/README.md#nothing-of-this-name", "#nor-here"] {
        assert!(broken(file, target).is_some(), "{target}");
    }
    for target in ["filters/auth/README.md#config", "examples", "#filters", "Makefile#anything"] {
        assert_eq!(broken(file, target), None);
    }
    let text =
        "[a](b.md) `[no](no.md)` [c](<d.md> \"title\") ![e](f.svg)\n```\n[no](no.md)\n```\n[g]: h.md\n[i](https://x)";
    assert_eq!(targets(text), ["b.md", "d.md", "f.svg", "h.md"]);
    let headings = "# A `b` & c\n## A [d](e)\n```\n# no\n```\n## x\n## x\n### `config.json`: _what_";
    assert_eq!(anchors(headings), ["a-b--c", "a-d", "configjson-_what_", "x", "x-1"].map(String::from).into());
}
