use serde_json::json;
use sluicegate_common::filter::Answer;
use sluicegate_common::head::HeaderMap;
use sluicegate_common::proxy::Status;

use super::*;

fn told(outcome: Result<(u16, &str), CalloutError>) -> String {
    let outcome = outcome.map(|(status, body)| Answer { status, headers: HeaderMap::default(), body: body.into() });
    judge(&CalloutAnswer { id: 0, outcome }).err().map(|why| why.to_string()).unwrap_or_default()
}

#[test]
fn why_there_are_no_keys() {
    for (outcome, want) in [
        (Err(CalloutError::NotSent(Status::InternalFailure)), "the host would not send the call-out: InternalFailure"),
        (Err(CalloutError::Failed), "no answer, or one that could not be read"),
        (Ok((503, "upstream")), "status 503"),
        (Ok((301, "")), "status 301, and redirections are not followed"),
        (Ok((200, "")), "empty"),
        (Ok((200, r#"{"keys": []}"#)), "no key"),
    ] {
        assert_eq!(told(outcome), want);
    }
}

#[test]
fn the_content_is_not_told() {
    let secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQ";
    let set = json!({"keys": [{"kty": "oct", "k": secret, "kid": "a"}]}).to_string();
    for body in [&set, secret, &format!("\"{secret}\""), &format!("[{secret}]"), &format!("{{\"keys\": \"{secret}\"}}")]
    {
        let told = told(Ok((200, body)));
        assert!(!told.is_empty() && !told.contains(secret), "{told}");
    }
}
