//! The manifests against the schemas that Istio, Envoy Gateway and Kubernetes publish, by `scripts/manifests`.

use std::fs;
use std::process::Command;

use libtest_mimic::{Failed, Trial};

use crate::bootstrap::root;
use crate::manifest::files;
use crate::trial;

/// What is written in some file, what it becomes, and a word of the complaint.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("  priority: 40", "  priorty: 40", "priorty"),
    ("phase: AUTHN", "phase: AUTHENTICATION", "AUTHENTICATION"),
    ("failStrategy: FAIL_RELOAD", "failStrategy: FAIL_CLOSED", "FAIL_CLOSED"),
    ("valueFrom: HOST", "valueForm: HOST", "valueForm"),
    ("mode: CLIENT", "mode: OUTBOUND", "OUTBOUND"),
    ("kind: WasmPlugin", "kind: WasmPlugins", "WasmPlugins"),
    ("\n  sha256: \"0", "\n  sha256: \"x", "sha256"),
    ("mode: SIMPLE", "mode: PLAIN", "PLAIN"),
    ("applyTo: NETWORK_FILTER", "applyTo: MANAGER", "MANAGER"),
    ("escapedSlashesAction: RejectRequest", "escapedSlashesAction: Reject", "Reject"),
    ("withUnderscoresAction", "underscoresAction", "underscoresAction"),
    ("failOpen: false", "failopen: false", "failopen"),
    ("hostKeys", "hostkeys", "hostkeys"),
    ("\ndata:", "\ndatum:", "datum"),
    ("secretKeyRef", "secretRef", "secretRef"),
];

/// All files as they are, and with each of the mistakes.
pub fn trials() -> Vec<Trial> {
    let tool = root().join("target/tools/manifests/node_modules");
    let missing = (!tool.is_dir()).then(|| "schemas: scripts/toolchain manifests".to_owned());
    vec![
        trial("every field is in the published schemas".into(), missing.clone(), valid),
        trial("mistakes are found by the published schemas".into(), missing, mistakes),
    ]
}

fn valid() -> Result<(), Failed> {
    let files = files().into_iter().map(|file| root().join(file).display().to_string());
    let (accepted, said) = check(files.collect())?;
    if accepted { Ok(()) } else { Err(said.into()) }
}

fn mistakes() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let texts = files().into_iter().map(|file| fs::read_to_string(root().join(file))).collect::<Result<Vec<_>, _>>()?;
    let mut written = Vec::new();
    for (number, (right, wrong, _)) in MISTAKES.iter().enumerate() {
        let text = texts.iter().find(|text| text.contains(right)).ok_or(format!("`{right}` is nowhere"))?;
        let path = folder.path().join(format!("{number}.yaml"));
        fs::write(&path, text.replacen(right, wrong, 1))?;
        written.push(path.display().to_string());
    }
    let (_, said) = check(written.clone())?;
    for ((_, wrong, word), path) in MISTAKES.iter().zip(written) {
        // What is said of one file, documents that are right included.
        let told: Vec<&str> = said.split("\n/").filter(|part| part.contains(path.trim_start_matches('/'))).collect();
        let found = told.iter().any(|part| part.contains("FAILED") && part.contains(word));
        if !found {
            return Err(format!("`{wrong}` was not found: {}", told.join("\n")).into());
        }
    }
    Ok(())
}

/// Whether all are accepted, and what was said.
fn check(files: Vec<String>) -> Result<(bool, String), Failed> {
    let output = Command::new(root().join("scripts/manifests")).args(files).output()?;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    Ok((output.status.success(), said))
}
