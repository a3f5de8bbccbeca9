use deserr::deserialize;
use proptest::prelude::*;
use serde_json::json;
use sluicegate_common::config::ConfigErrors;
use sluicegate_common::filter::Answer;
use sluicegate_common::head::HeaderMap;
use sluicegate_common::proxy::Status;
use sluicegate_common::settings::Settings;

use super::*;
use crate::key::tests::host::FakeHost;

const SECOND: Duration = Duration::from_secs(1);

/// By user and path; by user; by address. No user is "nobody" in the second.
fn global() -> Global {
    let config = json!({
        "service": {"cluster": "rls", "authority": "rls.internal", "timeout": "50ms"}, "domain": "edge",
        "descriptors": [
            [{"key": "user", "value": "header:x-user"}, {"key": "path", "value": "path"}],
            [{"key": "user", "value": "header:x-user", "default": "nobody"}],
            [{"key": "remote_address", "value": "ip"}],
        ],
        "cost": {"header": {"name": "x-cost", "max": 300}}, "request_headers": ["x-tier"],
    });
    let raw = deserialize::<RawGlobal, _, ConfigErrors>(config).unwrap();
    raw.compile(MatchOptions::default()).unwrap()
}

fn ask(global: &Global, host: &FakeHost) -> Option<Callout> {
    host.ask(&Settings::default(), |head, cx| global.ask(head, cx))
}

// Messages as the encoding guide of Protocol Buffers writes them, by nobody's library.

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn number(tag: u64, value: u64) -> Vec<u8> {
    [varint(tag << 3), varint(value)].concat()
}

fn bytes(tag: u64, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    [varint(tag << 3 | 2), varint(content.len() as u64), content.to_vec()].concat()
}

fn entry(key: &str, value: &str) -> Vec<u8> {
    bytes(1, [bytes(1, key), bytes(2, value)].concat())
}

fn judge(global: &Global, sent: u32, message: Vec<u8>) -> Judgement {
    let answer = Answer { status: 200, headers: HeaderMap::default(), body: message };
    global.judge(&CalloutAnswer { id: sent, outcome: Ok(answer) })
}

#[test]
fn the_question() {
    let request = FakeHost::default().field(":path", "/a?b").field("x-user", "alice").from("192.0.2.1");
    let callout = ask(&global(), &request.clone().field("x-cost", "300")).unwrap();
    let descriptors = [
        bytes(2, [entry("user", "alice"), entry("path", "/a")].concat()),
        bytes(2, entry("user", "alice")),
        bytes(2, entry("remote_address", "192.0.2.1")),
    ];
    let message = [bytes(1, "edge"), descriptors.concat(), number(3, 300)].concat();
    let want = CalloutRequest::Grpc {
        authority: "rls.internal".to_owned(),
        service: "envoy.service.ratelimit.v3.RateLimitService",
        method: "ShouldRateLimit",
        message,
    };
    assert_eq!(callout.request, want);
    assert_eq!((callout.id, callout.upstream.as_str(), callout.timeout.as_millis()), (0b111, "rls", 50));
}

#[test]
fn a_descriptor_without_a_value_is_not_sent() {
    let path = || FakeHost::default().field(":path", "/a");
    for (name, request, sent) in [
        ("all", path().field("x-user", "alice").from("192.0.2.1"), 0b111),
        ("no user", path().from("192.0.2.1"), 0b110),
        ("no address", path().field("x-user", "alice"), 0b011),
        ("an empty user", path().field("x-user", ""), 0b010),
    ] {
        assert_eq!(ask(&global(), &request).unwrap().id, sent, "{name}");
    }
}

#[test]
fn where_nothing_is_left_nobody_is_asked() {
    let mut global = global();
    global.descriptors.remove(1);
    assert_eq!(ask(&global, &FakeHost::default().field(":path", "/a")), None);
    global.descriptors.clear();
    assert_eq!(ask(&global, &FakeHost::default().from("192.0.2.1")), None);
}

#[test]
fn only_what_is_enforced_refuses() {
    let status = [number(1, 2), bytes(2, [number(1, 1), number(2, 1)].concat())].concat();
    let refused = |mode| {
        let global = Global { mode, ..global() };
        let judgement = judge(&global, 0b10, [number(1, 2), bytes(2, &status)].concat());
        assert_eq!(judgement.verdict, Verdict::OverLimit { retry_in: SECOND }, "{mode:?}");
        judgement.uses.iter().map(|told| told.refused).collect::<Vec<_>>()
    };
    assert_eq!((refused(Mode::Enforce), refused(Mode::Shadow)), (vec![true], vec![false]));
    let off = Global { mode: Mode::Off, ..global() };
    assert_eq!(ask(&off, &FakeHost::default().from("192.0.2.1")), None);
}

#[test]
fn what_an_answer_means() {
    let limit = |name: &str| bytes(2, [number(1, 10), number(2, 2), bytes(3, name)].concat());
    let status =
        |code, name: &str, left| [number(1, code), limit(name), number(3, left), bytes(4, number(1, 30))].concat();
    let header = |name, value| [bytes(1, name), bytes(2, value)].concat();
    let message = [
        number(1, 2),
        bytes(2, status(1, "", 3)),
        bytes(2, status(2, "Per IP", 0)),
        bytes(3, header("X-A", "1")),
        bytes(4, header("x-tier", "gold")),
        bytes(4, header("x-user", "root")),
    ];
    let limit_use = |name: &str, remaining, refused| LimitUse {
        name: name.into(),
        quota: 10,
        window: SECOND * 60,
        remaining,
        more_in: SECOND * 30,
        refused,
    };
    let want = Judgement {
        verdict: Verdict::OverLimit { retry_in: SECOND * 30 },
        // The first descriptor was not sent.
        uses: vec![limit_use("user", 3, false), limit_use("per-ip", 0, true)],
        response_headers: vec![("x-a".to_owned(), b"1".to_vec())],
        request_headers: vec![("x-tier".to_owned(), b"gold".to_vec())],
    };
    assert_eq!(judge(&global(), 0b110, message.concat()), want);
}

#[test]
fn what_is_no_verdict() {
    let over = || number(1, 2);
    let unavailable = |failure| Verdict::Unavailable(failure);
    let malformed = || unavailable(Failure::Malformed);
    for (name, message, want) in [
        ("allowed", number(1, 1), Verdict::Ok),
        ("refused", over(), Verdict::OverLimit { retry_in: SECOND }),
        ("the last code counts", [over(), number(1, 1)].concat(), Verdict::Ok),
        (
            "unknown fields",
            [over(), bytes(6, "x"), number(100, 7), bytes(7, [])].concat(),
            Verdict::OverLimit { retry_in: SECOND },
        ),
        ("no code", vec![], unavailable(Failure::UnknownCode(0))),
        ("an unknown code", number(1, 3), unavailable(Failure::UnknownCode(3))),
        ("cut off", [over(), vec![0x12, 5, 8]].concat(), malformed()),
        ("a tag alone", vec![0x08], malformed()),
        ("an endless number", [vec![0x08], vec![0xff; 11]].concat(), malformed()),
        ("a code that is text", bytes(1, "OK"), malformed()),
        ("a status that is none", [over(), number(2, 1)].concat(), malformed()),
        ("field 0", [over(), vec![0, 0]].concat(), malformed()),
        ("a name that is not UTF-8", [over(), bytes(2, bytes(2, bytes(3, [0xff])))].concat(), malformed()),
        ("another protocol", b"<html>".to_vec(), malformed()),
        ("too long", [over(), bytes(6, vec![0; MAX_ANSWER])].concat(), malformed()),
    ] {
        assert_eq!(judge(&global(), 1, message).verdict, want, "{name}");
    }
}

#[test]
fn no_answer_is_a_failure() {
    for error in [CalloutError::Grpc(14), CalloutError::NotSent(Status::Unimplemented), CalloutError::Failed] {
        let judgement = global().judge(&CalloutAnswer { id: 1, outcome: Err(error) });
        assert_eq!(judgement, Judgement::failed(Failure::Callout(error)));
    }
}

#[test]
fn failures_are_told_in_words() {
    for (failure, want) in [
        (Failure::Callout(CalloutError::Grpc(14)), "gRPC status 14"),
        (Failure::Malformed, "the answer is no RateLimitResponse"),
        (Failure::UnknownCode(0), "expected OK (1) or OVER_LIMIT (2), found 0"),
    ] {
        assert_eq!(failure.to_string(), want);
    }
}

#[test]
fn what_asking_reads() {
    let global = global();
    assert!(global.reads_headers() && global.uses_paths());
}

proptest! {
    #[test]
    fn whatever_the_bytes_what_is_told_can_be_written(sent: u32, tail in proptest::collection::vec(any::<u8>(), 0..200), code in 0_u64..4) {
        let judgement = judge(&global(), sent, [number(1, code), tail].concat());
        for told in &judgement.uses {
            let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
            prop_assert!((1..=63).contains(&told.name.len()) && told.name.bytes().all(fits));
            prop_assert!(told.remaining <= told.quota && told.more_in <= told.window);
        }
        let lines = judgement.response_headers.iter().chain(&judgement.request_headers);
        prop_assert!(lines.into_iter().all(|(name, value)| !name.contains(':') && !value.contains(&b'\n')));
    }

    #[test]
    fn what_is_written_is_read_back(statuses in proptest::collection::vec((0..3_i32, any::<Option<(u32, i32, String)>>(), any::<u32>()), 0..5)) {
        let statuses = statuses.into_iter().map(|(code, limit, limit_remaining)| message::DescriptorStatus {
            code,
            current_limit: limit.map(|(requests_per_unit, unit, name)| message::RateLimit { requests_per_unit, unit, name }),
            limit_remaining,
            duration_until_reset: None,
        });
        let response = RateLimitResponse { overall_code: 1, statuses: statuses.collect(), ..RateLimitResponse::default() };
        let outcome = Ok(Answer { status: 200, headers: HeaderMap::default(), body: response.encode_to_vec() });
        prop_assert_eq!(read(&CalloutAnswer { id: 0, outcome }), Ok(response));
    }
}
