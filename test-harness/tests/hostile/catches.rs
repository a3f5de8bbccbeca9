//! These tests can fail: what must not be is found.

use libtest_mimic::Failed;
use test_harness::backend::{Backend, Sent};
use test_harness::scenario::{Expect, Plugin, RequestStep, Scenario};
use test_harness::{FailurePolicy, Headers, Request, Response, UpstreamRequest, UpstreamResponse};

use crate::check::judge;
use crate::message::{get, owned};
use crate::player::Player;

/// A module that traps on one header fails the request, and the control after it.
pub fn a_trap(backend: &dyn Backend) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("hello.wasm");
    std::fs::write(&file, wat::parse_str(include_str!("../runner/hello.wat"))?)?;
    let mut plugin = Plugin::new("hello", file, "{}");
    plugin.failure_policy = FailurePolicy::FailClosed;
    let mut player = Player::start(backend, &Scenario::new("hello", vec![plugin]), false)?;
    player.send(get(&[("x-plain", b"\xff")]))?;
    player.control("no harm")?;
    match (player.send(get(&[("x-trap", b"1")])), player.control("the trap")) {
        (Err(_), Err(_)) => Ok(()),
        (request, control) => Err(format!("request: {request:?}, control: {control:?}").into()),
    }
}

struct Case {
    name: &'static str,
    sent: &'static [(&'static str, &'static [u8])],
    /// None: the upstream saw no request.
    seen: Option<&'static [(&'static str, &'static [u8])]>,
    status: u16,
    answered: &'static [(&'static str, &'static [u8])],
    holds: bool,
}

const SOUND: &[(&str, &[u8])] = &[("x-a", b"caf\xe9"), ("x-a", b""), ("x-a", b"\tb ")];

/// An upstream that answers 200 and `x-b: \xff`, and what a client may be given.
const CASES: &[Case] = &[
    Case { name: "as it was", sent: SOUND, seen: Some(SOUND), status: 200, answered: &[("x-b", b"\xff")], holds: true },
    Case {
        name: "joined",
        sent: SOUND,
        seen: Some(&[("x-a", b"caf\xe9,b")]),
        status: 200,
        answered: &[("x-b", b"\xff")],
        holds: true,
    },
    Case {
        name: "a replaced byte",
        sent: SOUND,
        seen: Some(&[("x-a", b"caf\xc3\xa9,b")]),
        status: 200,
        answered: &[("x-b", b"\xff")],
        holds: false,
    },
    Case {
        name: "a lost field",
        sent: SOUND,
        seen: Some(&[]),
        status: 200,
        answered: &[("x-b", b"\xff")],
        holds: false,
    },
    Case {
        name: "a replaced byte in the answer",
        sent: SOUND,
        seen: Some(SOUND),
        status: 200,
        answered: &[("x-b", b"?")],
        holds: false,
    },
    Case {
        name: "a control byte in the answer",
        sent: SOUND,
        seen: Some(SOUND),
        status: 200,
        answered: &[("x-b", b"\xff"), ("x-c", b"a\x0b")],
        holds: false,
    },
    Case {
        name: "a failure behind the upstream",
        sent: SOUND,
        seen: Some(SOUND),
        status: 503,
        answered: &[],
        holds: false,
    },
    Case { name: "a failure before it", sent: SOUND, seen: None, status: 500, answered: &[], holds: false },
    Case { name: "no answer", sent: SOUND, seen: None, status: 0, answered: &[], holds: false },
    Case {
        name: "a sound request refused by a codec",
        sent: SOUND,
        seen: None,
        status: 400,
        answered: &[],
        holds: false,
    },
    Case { name: "a filter's answer", sent: SOUND, seen: None, status: 204, answered: &[], holds: true },
    Case { name: "a codec's refusal", sent: &[("x-a", b"\x01")], seen: None, status: 400, answered: &[], holds: true },
    Case {
        name: "a filter's failure",
        sent: &[("x-a", b"\x01")],
        seen: None,
        status: 503,
        answered: &[],
        holds: false,
    },
];

/// The judge finds what does not hold, and nothing else.
pub fn wrong_answers() -> Result<(), Failed> {
    for case in CASES {
        let answer = UpstreamResponse { headers: owned(&[("x-b", b"\xff")]), ..UpstreamResponse::default() };
        let step = RequestStep { upstream: answer.into(), ..RequestStep::new(get(case.sent), Expect::default()) };
        let response = Response { status: case.status, headers: owned(case.answered), ..Response::default() };
        let sent =
            Sent { response, upstream: case.seen.map(|seen| upstream_request(&step.request, seen)), ..Sent::default() };
        let judged = judge(&step, &sent);
        if judged.is_ok() != case.holds {
            return Err(format!("{}: {judged:?}", case.name).into());
        }
    }
    Ok(())
}

fn upstream_request(request: &Request, fields: &[(&str, &[u8])]) -> UpstreamRequest {
    let mut headers: Headers =
        vec![(b":method".to_vec(), request.method.clone()), (b":path".to_vec(), request.path.clone())];
    headers.extend(owned(fields));
    UpstreamRequest { headers, ..UpstreamRequest::default() }
}
