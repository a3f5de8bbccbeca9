use proptest::prelude::*;
use sluicegate_common::reply::is_field_value;

use super::*;

mod cases;

fn refused(reason: Reason) -> Refused<'static> {
    Refused { reason, by: None, scope: None }
}

fn challenges(reply: &LocalReply) -> Vec<&str> {
    let lines = reply.headers().iter().filter(|(name, _)| name == "www-authenticate");
    lines.map(|(_, value)| std::str::from_utf8(value).unwrap()).collect()
}

fn deny(asked: &[Scheme], strip_failure_details: bool) -> Deny {
    Deny::new(Realm::default(), asked.iter().copied().enumerate().collect(), strip_failure_details)
}

const ALL: [Reason; 17] = [
    Reason::MissingCredential,
    Reason::Malformed,
    Reason::UnknownKey,
    Reason::InvalidSignature,
    Reason::Expired,
    Reason::NotYetValid,
    Reason::WrongIssuer,
    Reason::WrongAudience,
    Reason::AlgNotAllowed,
    Reason::UnknownKid,
    Reason::Revoked,
    Reason::ConsumerDisabled,
    Reason::NotAllowed,
    Reason::InsufficientScope,
    Reason::JwksUnavailable,
    Reason::RevocationUnavailable,
    Reason::TooManyAttempts,
];

#[test]
fn each_reason_has_a_status() {
    let deny = deny(&[Scheme::Bearer], false);
    for (index, reason) in ALL.into_iter().enumerate() {
        let (status, retry_after) = match index {
            0..=10 => (401, None),
            11..=13 => (403, None),
            14 => (503, Some(5)),
            15 => (503, Some(1)),
            _ => (429, Some(1)),
        };
        let reply = deny.reply(refused(reason));
        assert_eq!((reply.status(), reply.retry_after_secs()), (status, retry_after), "{reason:?}");
        assert_eq!(reply.code(), reason.code());
        assert_eq!(challenges(&reply).is_empty(), status != 401, "{reason:?}");
    }
}

#[test]
fn every_scheme_is_challenged_once() {
    use Scheme::{ApiKey, Basic, Bearer};
    let bearer = "Bearer realm=\"api\"";
    let basic = "Basic realm=\"api\", charset=\"UTF-8\"";
    let key = "ApiKey realm=\"api\"";
    let invalid = "Bearer realm=\"api\", error=\"invalid_token\", error_description=\"expired\"";
    let cases = [
        ("no credential", &[Bearer][..], Reason::MissingCredential, None, vec![bearer]),
        ("a refused token", &[Bearer], Reason::Expired, Some(0), vec![invalid]),
        ("in their order", &[ApiKey, Basic, Bearer], Reason::MissingCredential, None, vec![key, basic, bearer]),
        ("each once", &[Bearer, ApiKey, Bearer, ApiKey], Reason::MissingCredential, None, vec![bearer, key]),
        ("a refused password", &[Bearer, Basic], Reason::Expired, Some(1), vec![bearer, basic]),
        ("a refused key", &[ApiKey], Reason::Expired, Some(0), vec![key]),
        ("the second issuer's token", &[Bearer, ApiKey, Bearer], Reason::Expired, Some(2), vec![invalid, key]),
        ("one of another rule", &[Bearer], Reason::Expired, Some(9), vec![bearer]),
    ];
    for (name, asked, reason, by, want) in cases {
        let reply = deny(asked, false).reply(Refused { reason, by, scope: None });
        assert_eq!(reply.status(), 401, "{name}");
        assert_eq!(challenges(&reply), want, "{name}");
    }
}

#[test]
fn a_scope_that_would_do_is_told_to_those_with_tokens() {
    let refused = Refused { reason: Reason::InsufficientScope, by: None, scope: Some("notes:write admin") };
    let reply = deny(&[Scheme::Basic, Scheme::Bearer], false).reply(refused);
    let want = "Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"notes:write admin\"";
    assert_eq!((reply.status(), challenges(&reply)), (403, vec![want]));
    let reply = deny(&[Scheme::Basic], false).reply(refused);
    assert_eq!((reply.status(), challenges(&reply).len()), (403, 0));
    let reply = deny(&[Scheme::Bearer], false).reply(Refused { reason: Reason::NotAllowed, ..refused });
    assert_eq!((reply.status(), challenges(&reply).len()), (403, 0));
}

#[test]
fn where_nothing_is_asked_for_nothing_can_be_shown() {
    let reply = deny(&[], false).reply(refused(Reason::MissingCredential));
    assert_eq!((reply.status(), reply.code()), (403, "not_allowed"));
}

#[test]
fn stripped_every_401_reads_the_same() {
    let deny = deny(&[Scheme::Bearer, Scheme::Basic], true);
    let missing = deny.reply(refused(Reason::MissingCredential));
    assert_eq!((missing.status(), missing.code()), (401, UNAUTHORIZED));
    assert_eq!(challenges(&missing), ["Bearer realm=\"api\"", "Basic realm=\"api\", charset=\"UTF-8\""]);
    for reason in &ALL[1..=10] {
        for by in [None, Some(0), Some(1)] {
            assert_eq!(deny.reply(Refused { reason: *reason, by, scope: None }), missing, "{reason:?} by {by:?}");
        }
    }
    assert_eq!(deny.reply(refused(Reason::ConsumerDisabled)), deny.reply(refused(Reason::NotAllowed)));
    for reason in [Reason::NotAllowed, Reason::InsufficientScope, Reason::JwksUnavailable, Reason::TooManyAttempts] {
        assert_eq!(deny.reply(refused(reason)).code(), reason.code());
    }
}

#[test]
fn every_code_may_be_overridden() {
    for reason in ALL {
        for strip in [false, true] {
            let code = deny(&[Scheme::Bearer], strip).reply(refused(reason)).code();
            assert!(Reason::CODES.contains(&code), "{code}");
        }
    }
}

#[test]
fn a_realm_stands_in_quotes() {
    for text in ["api", "My API (v1), beta", "a=b", "'", "!~"] {
        assert_eq!(Realm::parse(text), Some(Realm(text.to_owned())));
    }
    for text in ["", "a\"b", "a\\b", "a\nb", "a\tb", "Zürich", "\u{7f}", &"x".repeat(256)] {
        assert_eq!(Realm::parse(text), None, "{text:?}");
    }
}

proptest! {
    /// RFC 9110 section 11.6.1: a scheme, a space, and parameters separated by commas.
    #[test]
    fn every_challenge_is_one(
        realm in "[ !#-\\[\\]-~]{1,12}",
        scope in "[!#-\\[\\]-~]{1,8}",
        at in 0..ALL.len(),
        by in 0..3usize,
    ) {
        let realm = Realm::parse(&realm).unwrap();
        let asked = vec![(0, Scheme::Bearer), (1, Scheme::Basic), (2, Scheme::ApiKey)];
        let refused = Refused { reason: ALL[at], by: Some(by), scope: Some(&scope) };
        let reply = Deny::new(realm.clone(), asked, false).reply(refused);
        for challenge in challenges(&reply) {
            prop_assert!(is_field_value(challenge.as_bytes()));
            let (scheme, rest) = challenge.split_once(' ').unwrap();
            prop_assert!(["Bearer", "Basic", "ApiKey"].contains(&scheme));
            let quoted: Vec<&str> = rest.split('"').collect();
            prop_assert_eq!(quoted[1], &realm.0);
            prop_assert_eq!(quoted.last(), Some(&""));
            for (index, name) in quoted.iter().step_by(2).enumerate().take(quoted.len() / 2) {
                let name = if index == 0 { *name } else { name.strip_prefix(", ").unwrap() };
                let name = name.strip_suffix('=').unwrap();
                prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", challenge);
            }
        }
    }
}
