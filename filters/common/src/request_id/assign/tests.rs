use super::*;
use crate::facts::Facts;
use crate::facts::fake::FakeHost;
use crate::head::HeadState;
use crate::settings::Settings;
use serde_json::{Value, json};

const PROXYS: &str = "919108f7-52d1-4320-9bac-f847db4148a8";
const NEW: &str = "01020304-0506-4708-890a-0b0c0d0e0f10";

/// What the upstream gets under `x-correlation-id`, and the client in the answer.
fn exchange(block: Value, client: &[&str], proxys: Option<&str>) -> (Vec<String>, Vec<String>, Facts) {
    let config = if block.is_null() { json!({}) } else { json!({ "request_id": block }) };
    let settings: Settings = deserr::deserialize::<_, _, crate::config::ConfigErrors>(config).unwrap();
    let own = client.iter().map(|id| ("x-correlation-id", *id));
    let fields: Vec<_> = own.chain(proxys.map(|id| ("x-request-id", id))).collect();
    let host = FakeHost::new(&fields);
    let (mut facts, mut state) = (Facts::default(), HeadState::default());
    let values = |head: &crate::head::Head<'_>| -> Vec<String> {
        head.values("x-correlation-id").map(|value| value.escape_ascii().to_string()).collect()
    };
    let mut head = RequestHead::new(&host, &mut state);
    assign(&mut head, &mut Cx::new(Nanos(0), &host, &mut facts, &settings));
    let upstream = values(&head);
    let answer = FakeHost::new(&[("x-correlation-id", "of the upstream")]);
    let mut state = HeadState::default();
    let mut head = ResponseHead::new(&answer, &mut state);
    echo(&mut head, &mut Cx::new(Nanos(0), &host, &mut facts, &settings));
    let answered = values(&head);
    (upstream, answered, facts)
}

#[test]
fn what_is_sent_and_echoed() {
    struct Case {
        name: &'static str,
        block: Value,
        client: &'static [&'static str],
        proxys: Option<&'static str>,
        upstream: &'static [&'static str],
        answer: &'static [&'static str],
    }
    let untouched = &["of the upstream"][..];
    let case = |name, block, client, proxys, upstream, answer| Case { name, block, client, proxys, upstream, answer };
    let cases = [
        case("a valid one of the client", json!({}), &["order-4711"], Some(PROXYS), &["order-4711"], &["order-4711"]),
        case("an invalid one", json!({}), &["a b c d e f"], Some(PROXYS), &[PROXYS], &[PROXYS]),
        case(
            "two lines: the first, once",
            json!({}),
            &["order-4711", "order-4712"],
            None,
            &["order-4711"],
            &["order-4711"],
        ),
        case("the proxy's", json!({}), &[], Some(PROXYS), &[PROXYS], &[PROXYS]),
        case("none", json!({}), &[], None, &[NEW], &[NEW]),
        case("never the client's", json!({"accept": "never"}), &["order-4711"], None, &[NEW], &[NEW]),
        case("no echo", json!({"echo": false}), &[], None, &[NEW], untouched),
        case("no block", Value::Null, &["a b"], Some(PROXYS), &["a b"], untouched),
    ];
    for Case { name, block, client, proxys, upstream, answer } in cases {
        let (sent, answered, facts) = exchange(block, client, proxys);
        assert_eq!(sent, upstream, "{name}: upstream");
        assert_eq!(answered, answer, "{name}: answer");
        assert_eq!(facts.exposed().contains("x-correlation-id"), answered != untouched, "{name}: exposed");
    }
}
