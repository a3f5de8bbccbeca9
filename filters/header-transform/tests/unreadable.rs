//! What the host does not let the filter read is not taken for absent.

use serde_json::{Value, json};
use sluicegate_common::account::Step;
use sluicegate_common::chain::Walk;
use sluicegate_common::config::Env;
use sluicegate_common::facts::Facts;
use sluicegate_common::filter::Cx;
use sluicegate_common::head::{HeadState, HeaderMap, HeaderSink, HeaderSource, RequestHead, ResponseHead};
use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::settings::Settings;
use sluicegate_common::single::Single;
use sluicegate_common::time::Nanos;
use sluicegate_header_transform::{HeaderTransform, Stream};
use std::cell::RefCell;
use std::error::Error;

/// A host whose header maps cannot be read; it keeps what is written.
#[derive(Default)]
struct Broken(RefCell<Vec<String>>);

impl HeaderSource for Broken {
    fn first(&self, _: &str) -> Result<Option<Vec<u8>>, Status> {
        Err(Status::InternalFailure)
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        Err(Status::InternalFailure)
    }
}

impl HeaderSink for Broken {
    fn replace(&self, name: &str, value: &[u8]) {
        self.0.borrow_mut().push(format!("{name}: {}", value.escape_ascii()));
    }

    fn add(&self, name: &str, value: &[u8]) {
        self.0.borrow_mut().push(format!("+{name}: {}", value.escape_ascii()));
    }

    fn remove(&self, name: &str) {
        self.0.borrow_mut().push(format!("-{name}"));
    }
}

impl Proxy for Broken {
    fn property(&self, _: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        Ok(None)
    }

    fn set_property(&self, _: &[&str], _: &[u8]) -> Result<(), Status> {
        Ok(())
    }

    fn random(&self, _: &mut [u8]) -> Result<(), Status> {
        Ok(())
    }

    fn define_counter(&self, _: &str) -> Result<u32, Status> {
        Ok(1)
    }

    fn increment(&self, _: u32, _: u32) -> Result<(), Status> {
        Ok(())
    }
}

/// The filter's step, what is written of the request, and of the response to it.
type Written = (Step, Vec<String>, Vec<String>);

fn written(config: Value) -> Result<Written, Box<dyn Error>> {
    let config = serde_json::from_value(config)?;
    let filter = Single::<HeaderTransform>::build(config, "default", &Env::default(), true, None)?;
    let (host, settings, mut facts) = (Broken::default(), Settings::default(), Facts::default());
    let (mut request, mut response, mut stream) = (HeadState::default(), HeadState::default(), Stream::default());
    let mut cx = Cx::new(Nanos(0), &host, &mut facts, &settings);
    let mut head = RequestHead::new(&host, &mut request);
    if filter.needs(0).headers {
        head.prefetch();
    }
    let step = filter.on_request(0, &mut stream, &mut head, &mut cx);
    filter.on_response(0, &mut stream, &mut ResponseHead::new(&host, &mut response), &mut cx);
    request.edits.write(&host);
    let sent = host.0.take();
    response.edits.write(&host);
    Ok((step, sent, host.0.take()))
}

#[test]
fn nothing_is_made_of_what_was_not_read() -> Result<(), Box<dyn Error>> {
    let op = |fields: Value| json!({"request": [fields]});
    let identity =
        |target: &str| op(json!({"op": "set", "target": target, "name": "x-user-id", "value": "${claim./id}"}));
    let cases = [
        (op(json!({"op": "set", "target": "query", "name": "source", "value": "gw"})), vec![]),
        (op(json!({"op": "set", "target": "path", "value": "/v2"})), vec![]),
        (op(json!({"op": "set", "target": "cookie", "name": "c", "value": "1"})), vec![]),
        (op(json!({"op": "set_if_absent", "target": "header", "name": "x-tenant", "value": "a"})), vec![]),
        (op(json!({"op": "rewrite", "target": "host", "regex": "a", "substitution": "b"})), vec![]),
        (json!({"traceparent": "create"}), vec![]),
        (json!({"forwarded": "append"}), vec![]),
        (json!({"reply": [{"name": "a", "match": {"methods": ["GET"]}}]}), vec![]),
        (identity("header"), vec!["-x-user-id"]),
        (identity("cookie"), vec!["-cookie"]),
        (json!({"response": [{"op": "set_if_absent", "target": "header", "name": "x-a", "value": "b"}]}), vec![]),
        (json!({"security_headers": "api"}), vec![]),
    ];
    for (config, want) in cases {
        let (step, sent, answered) = written(config.clone())?;
        assert!(matches!(step, Step::Continue), "{config}: {step:?}");
        assert_eq!(sent, want, "{config}");
        assert_eq!(answered, Vec::<String>::new(), "{config}");
    }
    Ok(())
}

#[test]
fn on_internal_error_may_refuse() -> Result<(), Box<dyn Error>> {
    let config = json!({
        "on_internal_error": "deny",
        "request": [{"op": "set", "target": "query", "name": "source", "value": "gw"}],
    });
    let (step, sent, _) = written(config)?;
    assert!(matches!(step, Step::Reply(reply) if reply.status == 500));
    assert_eq!(sent, Vec::<String>::new());
    Ok(())
}
