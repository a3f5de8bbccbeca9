use serde_json::{Value, json};

use super::*;

fn policy(value: Value) -> Result<Policy, String> {
    Policy::parse(value.as_object().unwrap().clone()).map_err(|errors| errors.to_string())
}

#[test]
fn nothing_given_is_the_default() {
    assert_eq!(policy(json!({})), Ok(Policy::default()));
    let Policy { mode, on_internal_error, replies, decision_record } = Policy::default();
    assert_eq!((mode, on_internal_error, decision_record), (Mode::Enforce, None, DecisionRecord::Refusals));
    assert_eq!(replies.format, ErrorFormat::ProblemJson);
    assert!(replies.overrides.is_empty());
}

#[test]
fn all_fields_are_read() {
    let given = json!({
        "mode": "shadow", "on_internal_error": "deny", "error_format": "text", "decision_record": "all",
        "errors": {
            "rate_limited": {"status": 503, "headers": {"X-Why": "busy"}, "json": {"error": null, "id": "${request_id}"}},
            "expired": {"text": "log in again"},
        },
        "client_ip": "read elsewhere",
    });
    let json = json!({"error": null, "id": "${request_id}"});
    let rate_limited = ErrorOverride {
        status: Some(503),
        headers: vec![("x-why".to_owned(), "busy".to_owned())],
        body: Some(OverrideBody::Json(deserr::deserialize::<_, _, ConfigErrors>(json).unwrap())),
    };
    let expired = ErrorOverride {
        body: Some(OverrideBody::Text(Template::compile("log in again").unwrap())),
        ..ErrorOverride::default()
    };
    let overrides = [("rate_limited".to_owned(), rate_limited), ("expired".to_owned(), expired)];
    let want = Policy {
        mode: Mode::Shadow,
        on_internal_error: Some(InternalError::Deny),
        replies: ReplyPolicy { format: ErrorFormat::Text, overrides: overrides.into() },
        decision_record: DecisionRecord::All,
    };
    assert_eq!(policy(given), Ok(want));
}

#[test]
fn all_errors_are_listed() {
    let given = json!({
        "mode": "on", "on_internal_error": true, "error_format": "problem-json", "decision_record": "refusal",
        "errors": {
            "Bad Code": {},
            "a": {"status": 99, "header": {}, "headers": {"content-length": "1", "x-a": "\n", ":status": "1"}},
            "b": {"json": {}, "text": "", "headers": {"Connection": "close"}},
        },
    });
    assert_eq!(
        policy(given).unwrap_err(),
        r#"decision_record: expected "off", "refusals" or "all", found "refusal", did you mean "refusals"?
error_format: expected "problem_json", "json" or "text", found "problem-json", did you mean "problem_json"?
errors["Bad Code"]: expected a name of 1 to 63 characters out of a-z, 0-9, _ and -, found "Bad Code"
errors.a.header: unknown field, did you mean "headers"?
errors.a.headers[":status"]: expected a header name such as "x-correlation-id", found ":status"
errors.a.headers.x-a: expected a header value without control characters and without spaces at its ends, found one with '\n'
errors.a.status: expected a status code from 200 to 599, found 99
errors.b: a reply has one body: "json" or "text"
errors.b.headers.connection: the proxy writes this header itself
mode: expected "enforce", "shadow" or "off", found "on"
on_internal_error: expected a string, found a boolean"#
    );
}

#[test]
fn reason_codes_are_those_of_the_filter() {
    let policy = policy(json!({"errors": {"not_allowed": {}, "expird": {}, "x": {}}})).unwrap();
    assert_eq!(policy.check_codes(&["not_allowed", "expird", "x"]), Ok(()));
    assert_eq!(
        policy.check_codes(&["not_allowed", "expired"]).unwrap_err().to_string(),
        "errors.expird: unknown field, did you mean \"expired\"?\n\
         errors.x: unknown field, expected one of not_allowed, expired"
    );
}
