use proptest::prelude::*;
use sluicegate_common::config::Text;

use super::*;

fn origins() -> Origins {
    let exact = ["https://b.example", "https://a.example", "chrome-extension://abc"];
    Origins::new(
        exact.iter().map(|text| Origin::parse(text).unwrap()).collect(),
        vec![Pattern::parse("https://*.example.com").unwrap()],
        vec![Expression::parse(r"https://pr-[0-9]+\.example\.dev").unwrap()],
    )
}

#[test]
fn origins_are_judged_as_they_were_sent() {
    let cases: [(&str, &[u8], bool); 16] = [
        ("exact", b"https://a.example", true),
        ("the other", b"https://b.example", true),
        ("an extension", b"chrome-extension://abc", true),
        ("pattern", b"https://x.example.com", true),
        ("expression", b"https://pr-12.example.dev", true),
        ("another site", b"https://c.example", false),
        ("another scheme", b"http://a.example", false),
        ("upper case", b"https://A.example", false),
        ("default port", b"https://a.example:443", false),
        ("joined by a host", b"https://a.example,https://b.example", false),
        ("a list", b"https://a.example, https://b.example", false),
        ("null", b"null", false),
        ("a star", b"*", false),
        ("empty", b"", false),
        ("not UTF-8", b"https://a.example\xff", false),
        ("white space", b"https://a.example ", false),
    ];
    for (name, given, want) in cases {
        let want = if want { Audience::Origin(given.to_vec()) } else { Audience::Nobody };
        assert_eq!(origins().judge(&RequestOrigin::One(given)), want, "{name}");
    }
    assert_eq!(origins().judge(&RequestOrigin::Several), Audience::Nobody);
    assert_eq!(origins().judge(&RequestOrigin::Absent), Audience::Nobody);
}

#[test]
fn null_is_allowed_by_name_alone() {
    let null = RequestOrigin::One(b"null");
    let sandboxed = Origins { null: true, ..Origins::default() };
    assert_eq!(sandboxed.judge(&null), Audience::Origin(b"null".to_vec()));
    assert_eq!(sandboxed.judge(&RequestOrigin::One(b"NULL")), Audience::Nobody);
    let all = Expression::parse(".*").unwrap();
    assert_eq!(Origins::new(vec![], vec![], vec![all]).judge(&null), Audience::Nobody, "not by an expression");
}

#[test]
fn a_wildcard_is_for_everyone() {
    let all = Origins { any: true, ..origins() };
    for origin in [RequestOrigin::Absent, RequestOrigin::One(b"https://a.example"), RequestOrigin::Several] {
        assert_eq!(all.judge(&origin), Audience::Anyone);
    }
}

proptest! {
    #[test]
    fn whoever_is_allowed_is_echoed_byte_by_byte(origin in prop_oneof![
        "https://[ab]\\.example",
        "https://[a-z.]{0,8}\\.example\\.com",
        "https://pr-[0-9]{0,3}\\.example\\.dev",
        "\\PC{0,30}",
    ]) {
        if let Audience::Origin(echo) = origins().judge(&RequestOrigin::One(origin.as_bytes())) {
            prop_assert_eq!(echo, origin.as_bytes());
        }
    }
}
