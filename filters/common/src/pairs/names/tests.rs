use crate::matcher::anchored;

use super::*;

fn exact(name: &str) -> Names {
    Names::Exact(name.to_owned())
}

fn prefix(prefix: &str) -> Names {
    Names::Prefix(prefix.to_owned())
}

fn regex(text: &str) -> Names {
    Names::Regex(anchored(text, true).unwrap())
}

#[test]
fn selects() {
    let cases: [(Names, &[u8], bool, bool); 17] = [
        // names, name, selected where case counts, selected where it does not
        (exact("x-id"), b"x-id", true, true),
        (exact("x-id"), b"X-Id", false, true),
        (exact("x-id"), b"x-id2", false, false),
        (exact("x-id"), b"x-i", false, false),
        (exact("x-id"), b"", false, false),
        (exact("\u{e4}"), b"\xc3\xa4", true, true),
        (exact("\u{e4}"), b"\xc3\x84", false, false),
        (prefix("x-"), b"x-id", true, true),
        (prefix("x-"), b"x-", true, true),
        (prefix("x-"), b"X-Id", false, true),
        (prefix("x-"), b"x", false, false),
        (prefix("x-"), b"ax-", false, false),
        (prefix("x-"), b"x-\xff", true, true),
        (regex("x-[a-z]+"), b"x-id", true, true),
        (regex("x-[a-z]+"), b"x-id2", false, false),
        (regex("x-[a-z]+"), b"X-ID", false, false),
        (regex(".*"), b"\xff", false, false),
    ];
    for (names, name, sensitive, insensitive) in cases {
        let shown = name.escape_ascii();
        assert_eq!(names.selects(name, Case::Sensitive), sensitive, "{names:?} {shown}");
        assert_eq!(names.selects(name, Case::Insensitive), insensitive, "{names:?} {shown}, any case");
    }
}

#[test]
fn a_regex_decides_about_case_itself() {
    let names = Names::Regex(anchored("x-[a-z]+", false).unwrap());
    assert!(names.selects(b"X-Id", Case::Insensitive));
}

#[test]
fn only_an_exact_selector_names_what_is_new() {
    assert_eq!(exact("a").exact(), Some("a"));
    assert_eq!(prefix("a").exact(), None);
    assert_eq!(regex("a").exact(), None);
}
