//! The rows of `jwt/extraction.json` that speak of challenges.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::*;

#[test]
fn challenges_are_those_of_the_rfc() {
    let Ok(root) = std::env::var("SLUICEGATE_CASES") else {
        println!("SKIPPED: jwt/extraction.json, SLUICEGATE_CASES is not set");
        return;
    };
    let rows = fs::read(Path::new(&root).join("jwt/extraction.json")).unwrap();
    let rows: Vec<Value> = serde_json::from_slice(&rows).unwrap();
    let cases = [
        ("WWW-Authenticate on missing token", Reason::MissingCredential, None),
        ("invalid token", Reason::InvalidSignature, Some(0)),
        ("insufficient scope", Reason::InsufficientScope, Some(0)),
    ];
    for (name, reason, by) in cases {
        let row = rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("{name} is not there"));
        let want = row["expect"].as_str().unwrap();
        let reply = deny(&[Scheme::Bearer], false).reply(Refused { reason, by, scope: Some("a") });
        let [challenge] = challenges(&reply)[..] else { panic!("{name}: {reply:?}") };
        assert!(want.starts_with(&reply.status().to_string()), "{name}: {want}, found {reply:?}");
        assert!(challenge.starts_with("Bearer realm=\""), "{name}: {challenge}");
        let error = want.split("error=\"").nth(1).and_then(|rest| rest.split('"').next());
        let found = challenge.split(", error=\"").nth(1).and_then(|rest| rest.split('"').next());
        assert_eq!(found, error, "{name}: {challenge}");
    }
}
