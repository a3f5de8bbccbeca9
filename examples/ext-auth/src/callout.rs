//! The question: one call-out per service, all alike.

use sluicegate_common::filter::{Callout, CalloutRequest};
use sluicegate_common::head::RequestHead;

use crate::config::{Config, Service};

/// The value of this header is not UTF-8, and so cannot be sent.
#[derive(Debug, PartialEq, Eq)]
pub struct NotText(pub String);

/// Asks every service about this request; a call-out's number is the service's place in the config.
///
/// Method, target and host travel in the headers that Traefik's ForwardAuth sends.
///
/// # Errors
/// [`NotText`] for the first value that cannot be sent.
pub fn to_all(config: &Config, head: &RequestHead<'_>) -> Result<Vec<Callout>, NotText> {
    let mut facts = vec![
        ("x-forwarded-method".to_owned(), text(":method", head.method())?),
        ("x-forwarded-uri".to_owned(), text(":path", head.target())?),
        ("x-forwarded-host".to_owned(), text("host", head.host())?),
    ];
    for name in &config.headers {
        for value in head.values(name.as_str()) {
            facts.push((name.as_str().to_owned(), text(name.as_str(), value)?));
        }
    }
    let callout = |(id, service): (u32, &Service)| {
        let pseudo = [(":method", "GET"), (":path", &service.path.0), (":authority", &service.authority.0)];
        let pseudo = pseudo.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Callout {
            id,
            upstream: service.cluster.0.clone(),
            request: CalloutRequest::Http {
                headers: pseudo.into_iter().chain(facts.iter().cloned()).collect(),
                body: Vec::new(),
            },
            timeout: config.timeout,
        }
    };
    Ok((0..).zip(&config.services).map(callout).collect())
}

fn text(name: &str, value: &[u8]) -> Result<String, NotText> {
    String::from_utf8(value.to_vec()).map_err(|_| NotText(name.to_owned()))
}
