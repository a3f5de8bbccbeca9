use std::collections::BTreeSet;

use serde_json::json;
use sluicegate_common::config::ConfigErrors;
use sluicegate_common::head::is_token;
use sluicegate_common::reply::may_set;

use super::*;

fn read(value: serde_json::Value) -> Result<SecurityHeaders, ConfigErrors> {
    deserr::deserialize(value)
}

#[test]
fn words() {
    assert_eq!(read(json!("api")).unwrap(), SecurityHeaders::Api);
    assert_eq!(read(json!("web")).unwrap(), SecurityHeaders::Web);
    for other in [json!("API"), json!("strict"), json!(true), json!(null)] {
        assert!(read(other.clone()).is_err(), "{other}");
    }
    let message = read(json!("wep")).unwrap_err().to_string();
    assert!(message.contains("api") && message.contains("web") && message.contains("wep"), "{message}");
}

#[test]
fn every_header_can_be_set_and_stands_once() {
    for preset in [SecurityHeaders::Api, SecurityHeaders::Web] {
        let headers = preset.set_if_absent();
        for (name, value) in headers {
            assert!(!SecurityHeaders::REMOVED.contains(name), "{name:?} is both set and removed");
            let name = name.as_str();
            assert!(is_token(name.as_bytes()) && may_set(name.as_bytes()), "{name}");
            assert_eq!(name, name.to_ascii_lowercase());
            assert!(!value.is_empty() && value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{name}: {value}");
        }
        let names: BTreeSet<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.len(), headers.len(), "{preset:?}");
    }
}

#[test]
fn presets() {
    let value = |preset: SecurityHeaders, name| {
        preset.set_if_absent().iter().find(|(found, _)| found.as_str() == name).map(|(_, value)| *value)
    };
    let cases = [
        ("x-content-type-options", Some("nosniff"), Some("nosniff")),
        ("x-frame-options", Some("DENY"), Some("SAMEORIGIN")),
        ("cross-origin-opener-policy", None, Some("same-origin")),
        ("cross-origin-resource-policy", None, None),
    ];
    for (name, api, web) in cases {
        assert_eq!(value(SecurityHeaders::Api, name), api, "api {name}");
        assert_eq!(value(SecurityHeaders::Web, name), web, "web {name}");
    }
}
