use serde_json::json;

use super::*;

#[test]
fn common_fields_are_parted_from_own_ones() {
    let object = json!({"mode": "off", "allow_origins": [], "moed": "off", "client_ip": {}});
    let Split { common, own } = split(object.as_object().unwrap().clone());
    assert_eq!(common.keys().collect::<Vec<_>>(), ["client_ip", "mode"]);
    assert_eq!(own.keys().collect::<Vec<_>>(), ["allow_origins", "moed"]);
}

#[test]
fn fields_of_the_top_are_common_ones() {
    for name in TOP_ONLY {
        assert!(COMMON.contains(name), "{name}");
    }
}

#[test]
fn a_copy_of_a_few_fields_has_these_alone() {
    let config = json!({"client_ip": {"from": "host"}, "auth": {"consumers": []}});
    assert_eq!(with_only(&config, &["client_ip", "request_id"]), json!({"client_ip": {"from": "host"}}));
    assert_eq!(with_only(&json!([1]), &["client_ip"]), json!([1]), "no object: who reads it says so");
}
