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
    assert_eq!(files.len(), 10);
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
        assert!(!checked.modules.is_empty(), "{}: nothing in it was tried", file.display());
        plugins += checked.modules.len();
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

/// What is found in a text, without a name of its file.
fn told(name: &str, text: &[u8], wasm: Option<PathBuf>) -> String {
    let folder = std::env::temp_dir().join(format!("check-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a writable folder");
    let file = folder.join(name);
    std::fs::write(&file, text).expect("a writable folder");
    printed(&check(&file, &options(wasm, Vec::new())).expect("it can be checked"), &file)
}

#[test]
fn a_configuration_is_judged_by_its_module_whatever_it_is() {
    let cors = || Some(dist().join("cors.wasm"));
    for (text, wanted) in [
        ("", "a:1:1: error: is empty"),
        ("[]", "a:1:1: error: expected an object, found an array"),
        ("allow_origins: []", "a:1:1: error: not JSON"),
        ("{", "a:1:1: error: not JSON: EOF"),
        (r#"{"mode": "off", "mode": "off"}"#, "a:1:17: error: mode: the name stands twice"),
    ] {
        let found = told("a", text.as_bytes(), cors());
        assert!(found.starts_with(wanted), "{text}: {found}");
    }
}

#[test]
fn of_names_that_stand_twice_the_last_one_counts() {
    let configuration = |json: &str| {
        format!("  configuration: {{\"@type\": type.googleapis.com/google.protobuf.StringValue, value: '{json}'}}\n")
    };
    let filter = "\"@type\": envoy.extensions.filters.http.wasm.v3.Wasm\nconfig:\n  failure_policy: FAIL_CLOSED\n  vm_config: \
                  {code: {local: {filename: /etc/envoy/cors.wasm}}}\n";
    let (good, bad) = (configuration(r#"{"allow_origins": ["*"]}"#), configuration(r#"{"allow_orgins": ["*"]}"#));
    let twice = "twice:6:3: warning: \"configuration\" stands twice in its object; the last one counts\n";
    assert_eq!(told("twice", format!("{filter}{bad}{good}").as_bytes(), None), twice);
    assert!(told("twice", format!("{filter}{good}{bad}").as_bytes(), None).contains("allow_orgins: unknown field"));
}

#[test]
fn a_large_bootstrap_is_read() {
    let cluster =
        "  - {name: upstream, type: STATIC, connect_timeout: 1s, load_assignment: {cluster_name: upstream}}\n";
    let listener = "listeners: [{\"@type\": envoy.extensions.filters.http.wasm.v3.Wasm}]";
    let text = format!("static_resources:\n  {listener}\n  clusters:\n{}", cluster.repeat(30_000));
    let found = told("large", text.as_bytes(), None);
    assert!(found.contains("no module is named here"), "{found}");
}

#[test]
fn what_is_no_module_is_told_at_its_name() {
    let module = std::env::temp_dir().join(format!("check-{}.wasm", std::process::id()));
    std::fs::write(&module, "no module").expect("a writable folder");
    let filter = format!(
        "\"@type\": envoy.extensions.filters.http.wasm.v3.Wasm\nconfig:\n  failure_policy: FAIL_CLOSED\n  vm_config:\n    \
         code: {{local: {{filename: {}}}}}\n",
        module.display()
    );
    let found = told("no-module", filter.as_bytes(), None);
    let line = found.lines().find(|line| line.contains("cannot be loaded")).unwrap_or_default();
    assert!(line.starts_with("no-module:5:30: error: ") && line.contains("] (at offset"), "{found}");
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
