//! Requests to be made hostile.

use std::net::{Ipv4Addr, SocketAddr};

use test_harness::{Headers, Request};

use crate::module::POLICY;

/// The origin that every example configuration allows.
pub const ORIGIN: &str = "https://app.example.com";

/// A request without anything wrong in it.
pub fn get(headers: &[(&str, &[u8])]) -> Request {
    Request {
        path: b"/orders".to_vec(),
        headers: owned(headers),
        peer: SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000)),
        ..Request::default()
    }
}

/// A preflight, allowed unless `headers` say otherwise. They replace those of the same name.
pub fn preflight(headers: &[(&str, &[u8])]) -> Request {
    let usual: [(&str, &[u8]); 3] = [
        ("origin", ORIGIN.as_bytes()),
        ("access-control-request-method", b"PUT"),
        ("access-control-request-headers", b"authorization"),
    ];
    let kept = usual.into_iter().filter(|(name, _)| headers.iter().all(|(other, _)| other != name));
    let headers: Vec<(&str, &[u8])> = kept.chain(headers.iter().copied()).collect();
    Request { method: b"OPTIONS".to_vec(), ..get(&headers) }
}

/// The request under one of the policies that rules choose; an empty name is the policy of the top.
pub fn under(policy: &str, mut request: Request) -> Request {
    if !policy.is_empty() {
        request.headers.push((POLICY.into(), policy.into()));
    }
    request
}

/// Fields as bytes.
pub fn owned(headers: &[(&str, &[u8])]) -> Headers {
    headers.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.to_vec())).collect()
}
