use serde_json::json;

use super::*;

fn checked(patch: Value, top: Value) -> (Value, String) {
    let Value::Object(mut patch) = patch else { panic!("an object") };
    let mut errors = ConfigErrors::new();
    let registries = ["store", "auth.authenticators"].map(str::to_owned);
    let top = top.as_object().unwrap().clone();
    check(&mut patch, &top, &registries, ValuePointerRef::Origin, &mut errors);
    (Value::Object(patch), errors.to_string())
}

#[test]
fn policy_fields_pass() {
    let patch =
        json!({"mode": "off", "limits": null, "auth": {"require": {"public": {}}, "realm": null}, "cors": null});
    let top = json!({"limits": [], "auth": {"realm": "api"}, "cors": {}});
    assert_eq!(checked(patch.clone(), top), (patch, String::new()));
}

#[test]
fn registries_are_taken_out_and_told() {
    let patch = json!({
        "store": null, "auth": {"authenticators": {}, "require": {}}, "rules": [], "$schema": "x", "client_ip": {},
        "request_id": {}, "on_ambiguous_path": "reject", "case_sensitive": true,
    });
    let (left, errors) = checked(patch, json!({"store": {}}));
    assert_eq!(left, json!({"auth": {"require": {}}}));
    let at_the_top = "stands at the top, once for all rules: no rule can change it";
    let want = ["$schema", "rules", "client_ip", "request_id", "on_ambiguous_path", "case_sensitive"]
        .map(|field| format!("{field}: {at_the_top}"));
    let registries = ["store", "auth.authenticators"].map(|field| format!("{field}: a registry {at_the_top}"));
    assert_eq!(errors.lines().collect::<Vec<_>>(), [&want[..], &registries[..]].concat());
}

#[test]
fn null_removes_what_is_there() {
    let patch = json!({"max_agee": null, "auth": {"realm": null, "x": {"y": null}}, "list": [null], "json": [null]});
    let (_, errors) = checked(patch, json!({"max_age": "1h", "auth": {"realms": 1}}));
    let nothing = "null removes a field of the top, which has none of this name";
    assert_eq!(
        errors,
        format!(
            "auth.realm: {nothing}, did you mean \"realms\"?\nauth.x.y: {nothing}\n\
             list[0]: null is no value, leave the field out\nmax_agee: {nothing}, did you mean \"max_age\"?"
        )
    );
}
