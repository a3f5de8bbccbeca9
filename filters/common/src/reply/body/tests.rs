use super::{Facts, formatted, overridden};
use crate::config::ConfigErrors;
use crate::reply::{ErrorFormat, OverrideBody};
use crate::template::{Json, Template};
use proptest::prelude::*;
use serde_json::{Value, json};

const FACTS: Facts<'_> =
    Facts { status: 429, code: "rate_limited", message: "Slow down.", correlation_id: Some("req-0001") };

fn text_of(format: ErrorFormat, facts: &Facts<'_>) -> (&'static str, String) {
    let body = formatted(format, facts);
    (body.content_type, String::from_utf8(body.bytes).unwrap())
}

#[test]
fn the_three_formats() {
    let cases = [
        (
            ErrorFormat::ProblemJson,
            "application/problem+json",
            r#"{"type":"about:blank","title":"Too Many Requests","status":429,"detail":"Slow down.","code":"rate_limited","correlation_id":"req-0001"}"#,
        ),
        (
            ErrorFormat::Json,
            "application/json",
            r#"{"error":"rate_limited","message":"Slow down.","correlationId":"req-0001"}"#,
        ),
        (ErrorFormat::Text, "text/plain; charset=utf-8", "Slow down."),
    ];
    for (format, content_type, want) in cases {
        assert_eq!(text_of(format, &FACTS), (content_type, want.to_owned()));
    }
}

#[test]
fn what_is_not_known_is_left_out() {
    let facts = Facts { message: "", correlation_id: None, ..FACTS };
    let cases = [
        (
            ErrorFormat::ProblemJson,
            r#"{"type":"about:blank","title":"Too Many Requests","status":429,"code":"rate_limited"}"#,
        ),
        // `error` and `message` are always there.
        (ErrorFormat::Json, r#"{"error":"rate_limited","message":""}"#),
        (ErrorFormat::Text, ""),
    ];
    for (format, want) in cases {
        assert_eq!(text_of(format, &facts).1, want);
    }
}

#[test]
fn templates_are_filled_in_string_values_alone() {
    let expand = |words: &Template| words.as_written().replace("${now}", "/a\"},{\"x\":\"");
    let given = json!({"${now}": ["at ${now}", 1, null, true, {"deep": "${now}"}], "plain": "$"});
    let template: Json = deserr::deserialize::<_, _, ConfigErrors>(given.clone()).unwrap();
    let body = overridden(&OverrideBody::Json(template.clone()), &expand);
    let found: Value = serde_json::from_slice(&body.bytes).unwrap();
    let filled = "/a\"},{\"x\":\"";
    let want = json!({"${now}": [format!("at {filled}"), 1, null, true, {"deep": filled}], "plain": "$"});
    assert_eq!(found, want);

    let body = overridden(&OverrideBody::Json(template), &|words| words.as_written().to_owned());
    assert_eq!(serde_json::from_slice::<Value>(&body.bytes).unwrap(), given);

    let body = overridden(&OverrideBody::Text(Template::compile("no ${now}").unwrap()), &expand);
    assert_eq!(body.bytes, format!("no {filled}").into_bytes());
    assert_eq!(body.content_type, "text/plain; charset=utf-8");
}

proptest! {
    /// No message, code or id gets out of its string.
    #[test]
    fn bodies_are_json_whatever_the_words(status in 200..600_u16, code: String, message: String, id: Option<String>) {
        let facts = Facts { status, code: &code, message: &message, correlation_id: id.as_deref() };
        let problem: Value = serde_json::from_str(&text_of(ErrorFormat::ProblemJson, &facts).1).unwrap();
        prop_assert_eq!(&problem["code"], &json!(code));
        prop_assert_eq!(&problem["status"], &json!(status));
        let detail = problem.get("detail").map_or(Some(""), Value::as_str);
        prop_assert_eq!(detail, Some(message.as_str()));
        prop_assert_eq!(problem.get("correlation_id").and_then(Value::as_str), id.as_deref());
        let short: Value = serde_json::from_str(&text_of(ErrorFormat::Json, &facts).1).unwrap();
        prop_assert_eq!(&short["message"], &json!(message));
    }
}
