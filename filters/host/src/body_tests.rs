//! Bodies of responses that a filter takes.

use sluicegate_common::config::{ConfigErrors, Object};
use sluicegate_common::filter::{BodyError, Cx, Decision, Filter, Setup, TakeBody};
use sluicegate_common::head::{RequestHead, ResponseHead};
use sluicegate_common::reply::LocalReply;

use crate::abi::Action;
use crate::hostcalls::host;
use crate::worker::{Worker, calls};

/// Takes bodies as its configuration says, and shouts them; what begins with `no` it refuses.
#[derive(Debug)]
struct Shouter {
    how: Option<TakeBody>,
}

impl Filter for Shouter {
    const NAME: &'static str = "shouter";
    const CODES: &'static [&'static str] = &["quiet"];
    const TAKES_BODIES: bool = true;
    type Stream = ();

    fn configure(config: Object, _: &Setup<'_>, _: Option<&Self>) -> Result<Self, ConfigErrors> {
        let whole = |hold_head| Some(TakeBody::Whole { limit: 8, hold_head });
        let how = match config.get("takes").and_then(|how| how.as_str()) {
            Some("whole") => whole(false),
            Some("held") => whole(true),
            Some("unread") => Some(TakeBody::Unread),
            _ => None,
        };
        Ok(Self { how })
    }

    fn on_request(&self, (): &mut (), _: &mut RequestHead<'_>, _: &mut Cx<'_>) -> Decision {
        Decision::Continue
    }

    fn on_response(&self, (): &mut (), _: &mut ResponseHead<'_>, cx: &mut Cx<'_>) {
        if let Some(how) = self.how {
            cx.take_body(how);
        }
    }

    fn on_body(&self, (): &mut (), body: Result<&[u8], BodyError>, _: &mut Cx<'_>) -> Result<Vec<u8>, Box<LocalReply>> {
        match body {
            Ok(body) if !body.starts_with(b"no") => Ok(body.to_ascii_uppercase()),
            _ => Err(Box::new(LocalReply::new(502, "quiet", "").body("text/plain", *b"hush"))),
        }
    }
}

const WHOLE: &str = r#"{"takes": "whole"}"#;
const HELD: &str = r#"{"takes": "held"}"#;
const UNREAD: &str = r#"{"takes": "unread"}"#;

/// What becomes of a response that comes in these pieces, and what was asked of the host: of its head, then of each piece.
fn play(is_envoy: bool, config: &'static str, pieces: &[&'static str]) -> Vec<(Action, Vec<String>)> {
    let mut worker = Worker::<Shouter>::new(is_envoy, config);
    worker.open(10);
    calls();
    let mut played = vec![(worker.respond_with(10, pieces.is_empty()), edits())];
    for (at, piece) in pieces.iter().enumerate() {
        played.push((worker.piece(10, piece, at + 1 == pieces.len()), edits()));
    }
    worker.close(10, true);
    assert_eq!(worker.streams(), (0, 0));
    played
}

/// What was asked of the host, but for taking out what described the body.
fn edits() -> Vec<String> {
    calls().into_iter().filter(|call| !call.starts_with("10: remove ")).collect()
}

fn asked(calls: &[&str]) -> Vec<String> {
    calls.iter().map(|call| format!("10: {call}")).collect()
}

use Action::{Continue, Pause};

#[test]
fn a_body_that_nobody_takes_costs_no_call() {
    for is_envoy in [true, false] {
        let played = play(is_envoy, "{}", &["a", "b", ""]);
        assert_eq!(played, vec![(Continue, vec![]); 4]);
    }
}

#[test]
fn what_a_filter_makes_of_a_body_stands_behind_its_last_piece() {
    for (is_envoy, waits) in [(true, Pause), (false, Continue)] {
        let want = vec![
            (Continue, vec![]),
            (waits, asked(&["2 bytes become "])),
            (waits, asked(&["1 bytes become "])),
            (Continue, asked(&["0 bytes become ABC"])),
        ];
        assert_eq!(play(is_envoy, WHOLE, &["ab", "c", ""]), want);
    }
    assert_eq!(play(true, WHOLE, &["abc"]), vec![(Continue, vec![]), (Continue, asked(&["3 bytes become ABC"]))]);
    assert_eq!(play(true, WHOLE, &[]), vec![(Continue, vec![])]);
}

#[test]
fn a_head_that_has_gone_is_not_taken_back() {
    let pieces = &["no", "t", "here"];
    let broken = vec![
        (Continue, vec![]),
        (Pause, asked(&["2 bytes become "])),
        (Pause, asked(&["1 bytes become "])),
        (Pause, asked(&["close", "4 bytes become "])),
    ];
    assert_eq!(play(true, WHOLE, pieces), broken);
    let under_it = vec![
        (Continue, vec![]),
        (Continue, asked(&["2 bytes become "])),
        (Continue, asked(&["1 bytes become "])),
        (Continue, asked(&["4 bytes become hush"])),
    ];
    assert_eq!(play(false, WHOLE, pieces), under_it);
    assert_eq!(play(false, HELD, pieces), under_it);
}

#[test]
fn a_head_that_waits_becomes_the_replys() {
    let reply = ["set :status", "set content-type", "4 bytes become hush"];
    let held = vec![
        (Pause, vec![]),
        (Pause, asked(&["2 bytes become "])),
        (Pause, asked(&["1 bytes become "])),
        (Continue, asked(&reply)),
    ];
    assert_eq!(play(true, HELD, &["no", "t", "here"]), held);
    let good = vec![(Pause, vec![]), (Pause, asked(&["3 bytes become "])), (Continue, asked(&["0 bytes become ABC"]))];
    assert_eq!(play(true, HELD, &["abc", ""]), good);
    // Of a response without a body the head waits for nothing.
    assert_eq!(play(true, HELD, &[]), vec![(Continue, vec![])]);
}

#[test]
fn a_body_that_is_too_large_is_not_kept() {
    let pieces = &["12345678", "9", "more", ""];
    let broken = vec![
        (Continue, vec![]),
        (Pause, asked(&["8 bytes become "])),
        (Pause, asked(&["close", "1 bytes become "])),
        (Pause, asked(&["4 bytes become "])),
        (Pause, vec![]),
    ];
    assert_eq!(play(true, WHOLE, pieces), broken);
    let held = vec![
        (Pause, vec![]),
        (Pause, asked(&["8 bytes become "])),
        (Continue, asked(&["set :status", "set content-type", "1 bytes become hush"])),
        (Continue, asked(&["4 bytes become "])),
        (Continue, vec![]),
    ];
    assert_eq!(play(true, HELD, pieces), held);
    assert_eq!(play(true, WHOLE, &["12345678"]).pop(), Some((Continue, asked(&["8 bytes become 12345678"]))));
}

#[test]
fn a_body_that_nobody_wants_is_answered_for_at_once() {
    for is_envoy in [true, false] {
        let want = vec![
            (Continue, asked(&["set :status", "set content-type"])),
            (Continue, asked(&["3 bytes become hush"])),
            (Continue, asked(&["3 bytes become "])),
            (Continue, vec![]),
        ];
        assert_eq!(play(is_envoy, UNREAD, &["abc", "def", ""]), want);
        assert_eq!(play(is_envoy, UNREAD, &[]), vec![(Continue, asked(&["set :status"]))]);
    }
}

#[test]
fn a_body_that_cannot_be_read_or_written_does_not_pass() {
    let mut worker = Worker::<Shouter>::new(true, WHOLE);
    for (id, unreadable, unwritable) in [(10, true, false), (11, false, true)] {
        worker.open(id);
        worker.respond_with(id, false);
        calls();
        host(|state| (state.unreadable, state.unwritable) = (unreadable, unwritable));
        assert_eq!(worker.piece(id, "abc", false), Pause);
        assert!(calls().contains(&format!("{id}: close")));
    }
}

#[test]
fn what_describes_a_body_goes_with_it() {
    let mut worker = Worker::<Shouter>::new(true, WHOLE);
    worker.open(10);
    calls();
    worker.respond_with(10, false);
    let removed = calls();
    for name in ["content-length", "content-encoding", "content-md5", "digest", "etag", "last-modified"] {
        assert!(removed.contains(&format!("10: remove {name}")), "{name}: {removed:?}");
    }
}
