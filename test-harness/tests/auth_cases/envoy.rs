//! The cases of tokens in real Envoy, sent by the driver that lies beside them.
//!
//! The driver sends no token that needs a clock of its own; the claims are signed anew for the clock of today.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};
use test_harness::backend::envoy::Install;

use crate::audiences::of_ours;
use crate::cases::{Case, Score, Verdict};
use crate::hs256;
use crate::tokens::{Seen, batches, left_out, verdict};

/// Plays all files with keys in config and with fetched ones.
pub fn play(install: &Install) {
    let Some(folder) = std::env::var_os("SLUICEGATE_CASES").map(PathBuf::from) else {
        return println!("SKIPPED: SLUICEGATE_CASES is not set");
    };
    if let Err(why) = python(&["-c".as_ref(), "import cryptography".as_ref()], &[]) {
        return println!("SKIPPED: the driver needs python3 and its package cryptography: {why}");
    }
    let scratch = tempfile::tempdir().expect("a folder");
    let batches = signed_for_today(batches(), &folder);
    let files = write(&batches, scratch.path());
    let in_config = drive(install, &folder, scratch.path(), &files, "config");
    let fetched = drive(install, &folder, scratch.path(), &files, "fetched");
    let mut failed = Vec::new();
    for (at, (title, cases)) in batches.iter().enumerate() {
        let control = control(at).id;
        assert_eq!(
            (in_config[&control].as_str(), fetched[&control].as_str()),
            ("valid", "valid"),
            "{title}: {control}"
        );
        let mut score = Score::of(format!("{title} in envoy"));
        for case in cases {
            let played = in_config.get(&case.id).zip(fetched.get(&case.id));
            let found = match (left_out(case), played) {
                (Some(why), _) => Verdict::Skipped(why),
                (None, Some((in_config, fetched))) => verdict(seen(in_config), seen(fetched)),
                (None, None) if case.now.is_some() => Verdict::Skipped("it needs a clock of its own"),
                (None, None) => Verdict::Skipped("the driver does not send it: empty, above 55,000 bytes, or no text"),
            };
            score.add(case, found);
        }
        failed.extend(score.settle());
    }
    assert_no_traps(scratch.path());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The claims by the clock of today. Those left as they are whose times are too near: Envoy starts several times.
fn signed_for_today(mut batches: Vec<(String, Vec<Case>)>, folder: &Path) -> Vec<(String, Vec<Case>)> {
    let script = folder.join("drive/mint_claims.py");
    let (claims, keys) = (folder.join("jwt/claims.jsonl"), folder.join("jwt/keys_private.json"));
    let minted = python(&[script.as_ref(), claims.as_ref(), keys.as_ref()], &[]).expect("claims for today");
    let minted: Vec<Case> =
        minted.lines().map(|line| serde_json::from_str(line).expect("a case as in the other files")).collect();
    for (_, cases) in batches.iter_mut().filter(|(title, _)| title == "jwt/claims.jsonl") {
        for case in cases {
            if let Some(minted) = minted.iter().find(|minted| minted.id == case.id && holds_for_minutes(minted)) {
                *case = minted.clone();
            }
        }
    }
    batches
}

/// Whether nothing becomes valid or invalid within ten minutes.
fn holds_for_minutes(case: &Case) -> bool {
    let payload = case.token.split('.').nth(1).and_then(|payload| BASE64URL.decode(payload).ok()).unwrap_or_default();
    let claims: Value = serde_json::from_slice(&payload).unwrap_or_default();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("later than 1970").as_secs_f64();
    let leeway = case.leeway.unwrap_or(0) as f64;
    let near = |claim: &str| claims[claim].as_f64().is_some_and(|at| (-leeway..600.0 + leeway).contains(&(at - now)));
    !["exp", "nbf", "iat"].into_iter().any(near)
}

/// A file for each batch, with a good token at its end.
fn write(batches: &[(String, Vec<Case>)], folder: &Path) -> Vec<PathBuf> {
    let file = |(at, (_, cases)): (usize, &(String, Vec<Case>))| {
        let path = folder.join(format!("batch-{at}.jsonl"));
        let line = |case: &Case| serde_json::to_string(&explicit(case)).expect("JSON") + "\n";
        let text: String = cases.iter().chain([&control(at)]).map(line).collect();
        std::fs::write(&path, text).expect("a file");
        path
    };
    batches.iter().enumerate().map(file).collect()
}

/// The driver takes `exp` for required only where the case says so.
fn explicit(case: &Case) -> Case {
    let eternal = case.requires.as_deref() == Some("require_exp=false");
    Case { require_exp: case.require_exp.or(Some(!eternal)), ..case.clone() }
}

fn control(batch: usize) -> Case {
    of_ours(format!("control {batch}"), hs256::token(json!({})), hs256::jwks())
}

/// What the driver saw, by the case's id.
fn drive(install: &Install, folder: &Path, scratch: &Path, files: &[PathBuf], keys: &str) -> BTreeMap<String, String> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let module = crate_folder.join("../dist/auth.wasm");
    assert!(module.is_file(), "{} is missing: run `make build`", module.display());
    let port =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr()).expect("a port").port();
    let (port, out) = (port.to_string(), scratch.join(format!("{keys}.json")));
    let (driver, adapter) = (folder.join("drive/drive_jwt.py"), crate_folder.join("tests/auth_cases/adapter.py"));
    let mut arguments: Vec<&OsStr> = vec![driver.as_ref(), install.envoy.as_ref(), adapter.as_ref(), out.as_ref()];
    arguments.extend(files.iter().map(AsRef::<OsStr>::as_ref));
    let environment: [(&str, &OsStr); 5] = [
        ("PORT", port.as_ref()),
        ("KEYS", keys.as_ref()),
        ("WASM", module.as_ref()),
        ("TMPDIR", scratch.as_ref()),
        ("OPTS", "-q".as_ref()),
    ];
    // It fails where a case does: those are scored here. It gives Envoy 20 seconds to start, which a busy machine may
    // need more than once.
    let mut ran = python(&arguments, &environment);
    for _ in 0..2 {
        if !out.is_file() {
            ran = python(&arguments, &environment);
        }
    }
    let text =
        std::fs::read_to_string(&out).unwrap_or_else(|error| panic!("the driver wrote nothing: {error}, {ran:?}"));
    serde_json::from_str(&text).expect("a verdict for each case")
}

fn seen(verdict: &str) -> Seen {
    match verdict.split_once(':') {
        None if verdict == "valid" => Seen::Passed,
        Some(("invalid", "config-refused")) => Seen::ConfigRefused,
        Some(("invalid", status)) => Seen::Refused(status.to_owned()),
        Some((_, status)) => Seen::Failed(status.to_owned()),
        None => Seen::Failed(verdict.to_owned()),
    }
}

/// A VM that failed refuses everything, and starts anew.
fn assert_no_traps(scratch: &Path) {
    let logs = std::fs::read_dir(scratch).expect("the folder").flatten().map(|entry| entry.path().join("log"));
    let logs: Vec<String> = logs.filter_map(|log| std::fs::read_to_string(log).ok()).collect();
    assert!(!logs.is_empty(), "the driver keeps Envoy's log");
    for log in logs {
        let trap = log.lines().find(|line| line.contains("Uncaught RuntimeError") || line.contains("panicked"));
        assert_eq!(trap, None);
    }
}

fn python(arguments: &[&OsStr], environment: &[(&str, &OsStr)]) -> Result<String, String> {
    let mut command = Command::new("python3");
    command.args(arguments).envs(environment.iter().copied()).env("PYTHONDONTWRITEBYTECODE", "1");
    let ran = command.output().map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if ran.status.success() { Ok(text(&ran.stdout)) } else { Err(text(&ran.stdout) + &text(&ran.stderr)) }
}
