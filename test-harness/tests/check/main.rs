//! `check`: what it finds in the files of `broken/`, and that it finds nothing in what is shipped.
//!
//! `BLESS=1` writes what is found into the `.txt` beside each file.

mod try_request;

use std::path::{Path, PathBuf};
use std::process::Command;

use test_harness::check::{Checked, Options, check};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn dist() -> PathBuf {
    std::env::var_os("SLUICEGATE_DIST").map_or_else(|| root().join("dist"), PathBuf::from)
}

fn options(wasm: Option<PathBuf>, environment: Vec<(String, String)>) -> Options {
    assert!(dist().join("gateway.wasm").is_file(), "no modules in {}: make build", dist().display());
    Options { wasm, modules: dist(), environment }
}

/// The findings, a file named by its name alone.
fn printed(checked: &Checked, file: &Path) -> String {
    let name = file.file_name().expect("a file name").to_string_lossy().into_owned();
    let lines: Vec<String> = checked.findings.iter().map(ToString::to_string).collect();
    let lines = lines.join("\n").replace(&file.display().to_string(), &name);
    lines.replace(&dist().display().to_string(), "dist") + "\n"
}

fn broken() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check/broken");
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_none_or(|kind| kind != "txt")).collect();
    files.sort();
    files
}

#[test]
fn every_broken_file_is_told_as_committed() {
    let mut wrong = Vec::new();
    let files = broken();
    assert_eq!(files.len(), 6);
    for file in files {
        // `typo.cors.json` is a configuration of cors.
        let plugin = file.extension().filter(|kind| *kind == "json").and_then(|_| file.file_stem());
        let plugin = plugin.and_then(|stem| Path::new(stem).extension()).map(|name| dist().join(name));
        let options = options(plugin.map(|path| path.with_extension("wasm")), Vec::new());
        let found = printed(&check(&file, &options).expect("it can be checked"), &file);
        let expected = file.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&expected, &found).expect("a writable folder");
        }
        let committed = std::fs::read_to_string(&expected).unwrap_or_default();
        if found != committed {
            wrong.push(format!("{}:\n{found}but committed is\n{committed}", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Files that git knows below a folder.
fn tracked(folder: &str) -> Vec<PathBuf> {
    let list = Command::new("git").args(["ls-files", "-z", folder]).current_dir(root()).output().expect("git runs");
    let list = String::from_utf8(list.stdout).expect("UTF-8");
    list.split_terminator('\0').map(|path| root().join(path)).filter(|path| path.is_file()).collect()
}

/// The module of a configuration: that whose name the folder's ends with, that of an example's own, or the gateway.
fn module_of(config: &Path) -> PathBuf {
    let folder = config.parent().and_then(Path::file_name).expect("a folder").to_string_lossy().into_owned();
    let filters = ["auth", "circuit-breaker", "cors", "header-transform", "rate-limit"];
    let own = filters.iter().find(|name| folder.ends_with(**name)).map(|name| dist().join(name));
    let own = own.filter(|_| !dist().join("examples").join(&folder).with_extension("wasm").is_file());
    let candidates = [own.unwrap_or_default(), dist().join("examples").join(&folder)];
    let mut candidates = candidates.iter().map(|path| path.with_extension("wasm"));
    candidates.find(|path| path.is_file()).unwrap_or_else(|| dist().join("gateway.wasm"))
}

/// Stands in for each variable that a text names.
fn environment(text: &str) -> Vec<(String, String)> {
    let name = regex::Regex::new(r#""?\benv"?: *"?([A-Z][A-Z0-9_]*)"?"#).expect("a regex");
    let value =
        |name: regex::Captures<'_>| (name[1].to_owned(), "stands-in-for-a-secret-of-sufficient-length".repeat(2));
    name.captures_iter(text).map(value).collect()
}

#[test]
fn nothing_is_wrong_with_what_is_shipped() {
    let (mut wrong, mut plugins) = (String::new(), 0);
    for file in ["envoy", "examples"].into_iter().flat_map(tracked) {
        let kind = file.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
        if !["json", "yaml", "yml"].contains(&kind) {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("a readable file");
        let mounts = [
            "\"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "kind: WasmPlugin",
            "kind: EnvoyExtensionPolicy",
            "filter_chains:\n  - name:",
        ];
        let mounts = mounts.iter().any(|sign| text.contains(sign));
        let folder = file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let config =
            kind == "json" && (file.ends_with("config.json") || dist().join(format!("{folder}.wasm")).is_file());
        if !mounts && !config {
            continue;
        }
        let module = config.then(|| module_of(&file));
        let checked = check(&file, &options(module, environment(&text))).expect("it can be checked");
        assert!(!checked.plugins.is_empty(), "{}: nothing in it was tried", file.display());
        plugins += checked.plugins.len();
        wrong += printed(&checked, &file).trim_start();
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(plugins >= 18, "only {plugins} configurations");
}

/// What it prints and how it ends.
fn command(arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_test-harness"));
    command.arg("check").arg("--modules").arg(dist()).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.output().expect("it was built");
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn the_exit_status_tells() {
    let broken = "tests/check/broken";
    let (typo, warned) = (format!("{broken}/typo.cors.json"), format!("{broken}/changed-route.yaml"));
    for (arguments, want) in [
        (vec!["../examples/cors/config.json", "--plugin", "cors"], 0),
        (vec![typo.as_str(), "--plugin", "cors"], 1),
        (vec![&warned], 0),
        (vec![&warned, "--deny-warnings"], 1),
        (vec![&typo], 2),
        (vec!["nosuchfile.yaml"], 2),
        (vec!["--nosuchoption"], 2),
    ] {
        let (status, printed) = command(&arguments);
        assert_eq!(status, Some(want), "{arguments:?}\n{printed}");
    }
}
