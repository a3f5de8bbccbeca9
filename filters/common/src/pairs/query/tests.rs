use std::cell::Cell;

use crate::path::query::pairs as read_pairs;
use proptest::prelude::*;

use super::*;
use crate::pairs::tests::{
    AnyEdit, CASES, NewText, Read, Writable, all, any_edit, any_names, bytes, exact, expected, many, nothing, prefix,
    regex, rename, rewrite,
};

fn run(target: &[u8], names: &Names, edit: &AnyEdit) -> Edited<Vec<u8>> {
    edit.apply(|edit| super::edit(target, names, edit))
}

fn set(value: &str) -> AnyEdit {
    AnyEdit::Set(value.into())
}

/// Cases of target, names, edit and the target after it; the same target where it must be `None`.
fn check(cases: &[(&str, Names, AnyEdit, &str)]) {
    for (target, names, edit, want) in cases {
        let want = Edited { changed: (want != target).then(|| want.as_bytes().to_vec()), refused: None };
        assert_eq!(run(target.as_bytes(), names, edit), want, "{target} {names:?} {edit:?}");
    }
}

#[test]
fn removes() {
    check(&[
        ("/p?a=1&b=2&a=3", exact("a"), AnyEdit::Remove, "/p?b=2"),
        ("/p?a=1", exact("a"), AnyEdit::Remove, "/p"),
        ("/p?a", exact("a"), AnyEdit::Remove, "/p"),
        ("/p?&a=1&&", exact("a"), AnyEdit::Remove, "/p"),
        ("/p?x&&a=1&y", exact("a"), AnyEdit::Remove, "/p?x&&y"),
        ("/p?%61=1&%41=2", exact("a"), AnyEdit::Remove, "/p?%41=2"),
        ("/p?a+b=1&a%20b=2&c", exact("a b"), AnyEdit::Remove, "/p?c"),
        ("/p?%2561=1", exact("a"), AnyEdit::Remove, "/p?%2561=1"),
        ("/p?A=1&b=a", exact("a"), AnyEdit::Remove, "/p?A=1&b=a"),
        ("/p?", exact("a"), AnyEdit::Remove, "/p?"),
        ("/a=1", exact("a"), AnyEdit::Remove, "/a=1"),
        ("/p?a=1?a=2", exact("a"), AnyEdit::Remove, "/p"),
        ("/p?utm_source=x&q=1&utm_id=y", prefix("utm_"), AnyEdit::Remove, "/p?q=1"),
        ("/p?a=1&bb=2&c=%zz", regex("[ab]+"), AnyEdit::Remove, "/p?c=%zz"),
        ("/p?=1&a=2", exact("a"), AnyEdit::Remove, "/p?=1"),
        ("?a=1&b", exact("a"), AnyEdit::Remove, "?b"),
    ]);
}

#[test]
fn renames() {
    let shorter = || AnyEdit::Rename(NewText::Shorter);
    check(&[
        ("/p?x=1&a=%41+&y&a", exact("a"), rename("b"), "/p?x=1&b=%41+&y&b"),
        ("/p?b=old&a=1&b", exact("a"), rename("b"), "/p?b=1"),
        ("/p?b=old", exact("a"), rename("b"), "/p?b=old"),
        ("/p?%61=1", exact("a"), rename("a"), "/p?%61=1"),
        ("/p?a=1", exact("a"), rename("x y&z=\u{e4}"), "/p?x%20y%26z%3D%C3%A4=1"),
        ("/p?xa=1&b=2&a=3", prefix("x"), shorter(), "/p?a=1&b=2"),
        ("/p?ab=1&b=2", regex(".*b"), shorter(), "/p?b=1&b=2"),
        ("/p?ab=1&ba=2&c", regex("[ab]+"), AnyEdit::Rename(NewText::Reversed), "/p?ba=1&ab=2&c"),
    ]);
    assert_eq!(run(b"/p?a=1", &exact("a"), &rename("")), nothing(Unwritable::Name));
    assert_eq!(run(b"/p?b=1", &exact("a"), &rename("")).refused, None, "there is nothing to rename");
}

#[test]
fn sets() {
    check(&[
        ("/p", exact("a"), set("1"), "/p?a=1"),
        ("/p?", exact("a"), set("1"), "/p?a=1"),
        ("/p?x&", exact("a"), set("1"), "/p?x&a=1"),
        ("/p?x&y=%zz", exact("a"), set("1"), "/p?x&y=%zz&a=1"),
        ("/p?a=0&x=%41&a=2&y", exact("a"), set("1"), "/p?a=1&x=%41&y"),
        ("/p?a=1&a=1", exact("a"), set("1"), "/p?a=1"),
        ("/p?a=%31&x", exact("a"), set("1"), "/p?a=%31&x"),
        ("/p?a", exact("a"), set(""), "/p?a"),
        ("/p?a", exact("a"), set("1"), "/p?a=1"),
        ("/p?%61=0", exact("a"), set("1"), "/p?%61=1"),
        ("/p", exact("a b"), set("-._~AZaz09 &=+%#?/\u{e4}"), "/p?a%20b=-._~AZaz09%20%26%3D%2B%25%23%3F%2F%C3%A4"),
        ("/p?a=1&ab=2&a=3&c", prefix("a"), set("0"), "/p?a=0&ab=0&c"),
        ("/p?c", prefix("a"), set("0"), "/p?c"),
    ]);
    assert_eq!(run(b"/p", &exact(""), &set("1")), nothing(Unwritable::Name));
}

#[test]
fn other_values() {
    let if_absent = || AnyEdit::SetIfAbsent(b"1".to_vec());
    let if_exists = || AnyEdit::ReplaceIfExists(b"1".to_vec());
    let append = || AnyEdit::Append(b"1".to_vec());
    check(&[
        ("/p?b", exact("a"), if_absent(), "/p?b&a=1"),
        ("/p?a=0&a=2", exact("a"), if_absent(), "/p?a=0&a=2"),
        ("/p?a", exact("a"), if_absent(), "/p?a"),
        ("/p?b", exact("a"), if_exists(), "/p?b"),
        ("/p?a=0&b&a=2", exact("a"), if_exists(), "/p?a=1&b"),
        ("/p?a=0&b=2&a&c=3&b", regex("[ab]"), if_exists(), "/p?a=1&b=1&c=3"),
        ("/p", exact("a"), append(), "/p?a=1"),
        ("/p?a=1&b", exact("a"), append(), "/p?a=1&b&a=1"),
        ("/p?a=1", prefix("a"), append(), "/p?a=1"),
        ("/p?a=0&b=0&a", exact("a"), rewrite("x"), "/p?a=x&b=0&a=x"),
        ("/p?a=%31&b", exact("a"), rewrite("1"), "/p?a=%31&b"),
        ("/p?a=%41b&b=%41", exact("a"), AnyEdit::Rewrite(NewText::Reversed), "/p?a=bA&b=%41"),
        ("/p?a=x&a=xy", exact("a"), AnyEdit::Rewrite(NewText::Shorter), "/p?a=x&a=y"),
    ]);
}

#[test]
fn a_name_that_cannot_be_written_is_no_shelter_for_others() {
    let cut = || AnyEdit::Rename(NewText::Without(b"s_"));
    let cases = [
        ("/p?s_=1&s_id=2", "/p?s_=1&id=2"),
        ("/p?s_id=2&x&s_=1&s_uid=3", "/p?id=2&x&s_=1&uid=3"),
        ("/p?=0&s_=1&s_id=2&id=3", "/p?=0&s_=1&id=2"),
    ];
    for (target, want) in cases {
        let want = Edited { changed: Some(want.into()), refused: Some(Unwritable::Name) };
        assert_eq!(run(target.as_bytes(), &prefix("s_"), &cut()), want, "{target}");
    }
}

#[test]
fn writes_no_more_than_64_kib() {
    let if_exists = |length: usize| AnyEdit::ReplaceIfExists(vec![b'x'; length]);
    // 64 new pairs of 6 + 1018 bytes, and not one byte more.
    let (target, full) = (format!("/p?{}", many(64, "=", "&")), "x".repeat(1018));
    let want = format!("/p?{}", many(64, &format!("={full}"), "&"));
    assert_eq!(run(target.as_bytes(), &prefix("a"), &if_exists(1018)), all(want.clone().into()));
    assert_eq!(run(target.as_bytes(), &prefix("a"), &rewrite(&full)), all(want.into()));
    let new_name = |length: usize| rename(&"x".repeat(length));
    assert_eq!(run(target.as_bytes(), &prefix("a"), &new_name(1023)).refused, None);
    for edit in [if_exists(1019), rewrite(&"x".repeat(1019)), new_name(1024)] {
        assert_eq!(run(target.as_bytes(), &prefix("a"), &edit), nothing(Unwritable::TooLong));
    }
    // Encoded, each byte is three.
    for edit in [AnyEdit::Set(vec![b' '; 21845]), AnyEdit::Append(vec![b' '; 21845])] {
        assert_eq!(run(b"/p", &exact("a"), &edit), nothing(Unwritable::TooLong));
    }
    assert_eq!(run(b"/p", &exact("a"), &AnyEdit::Set(vec![b' '; 21844])).refused, None);
}

#[test]
fn stops_where_it_has_written_too_much() {
    let target = format!("/p?{}", many(5000, "=", "&"));
    let calls = Cell::new(0);
    let long = |_: &[u8]| {
        calls.set(calls.get() + 1);
        Some(vec![b'x'; 12_000])
    };
    for edit in [Edit::Rewrite(&long), Edit::Rename(&long)] {
        calls.set(0);
        assert_eq!(super::edit(target.as_bytes(), &prefix("a"), &edit), nothing(Unwritable::TooLong));
        assert_eq!(calls.get(), 6);
    }
}

const PIECES: &[&[u8]] = &[
    b"a",
    b"a",
    b"b",
    b"ab",
    b"%61",
    b"=",
    b"=",
    b"=",
    b"&",
    b"&",
    b"&",
    b"1",
    b"+",
    b"%20",
    b"%26",
    b"%3D",
    b"%",
    b"%4",
    b"%%361",
    b";",
    b"\"",
    b" ",
    b"?",
    b"#",
    b"\xc3\xa4",
    b"%C3%A4",
    b"\xff",
];

const PATHS: &[&[u8]] = &[b"/p", b"", b"/a=1&b", b"/%61", b"/\xff"];

fn any_target() -> impl Strategy<Value = Vec<u8>> {
    let path = proptest::sample::select(PATHS);
    let query = prop_oneof![9 => bytes(PIECES, 16).prop_map(Some), 1 => Just(None)];
    (path, query).prop_map(|(path, query)| query.map_or_else(|| path.to_vec(), |query| [path, b"?", &query].concat()))
}

fn read(target: &[u8]) -> Vec<Read> {
    let pairs = read_pairs(split(target).1.unwrap_or_default());
    pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// The bytes of each pair.
fn written(target: &[u8]) -> Vec<&[u8]> {
    let query = split(target).1.unwrap_or_default();
    query.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn what_is_not_named_changes_no_byte(target in any_target(), edit in any_edit()) {
        let found = run(&target, &exact("absent"), &edit);
        let (AnyEdit::Set(value) | AnyEdit::SetIfAbsent(value) | AnyEdit::Append(value)) = edit else {
            prop_assert_eq!(found, Edited { changed: None, refused: None });
            return Ok(());
        };
        let gap: &[u8] = match split(&target).1 {
            None => b"?",
            Some(query) if query.is_empty() || query.ends_with(b"&") => b"",
            Some(_) => b"&",
        };
        prop_assert_eq!(found, all([&target, gap, b"absent=", &encoded(&value)].concat()));
    }

    #[test]
    fn reads_back_as_meant_and_the_untouched_pairs_keep_their_bytes(
        target in any_target(), names in any_names(), edit in any_edit(),
    ) {
        let before = read(&target);
        let writable = Writable { name: |name| !name.is_empty(), value: |_| true };
        let (want, refused) = expected(&before, &names, &edit, &writable);
        let Edited { changed: found, refused: found_refused } = run(&target, &names, &edit);
        prop_assert_eq!(found_refused, refused);
        let changed = want.len() != before.len() || want.iter().any(|pair| pair.name_is_new || pair.value_is_new);
        prop_assert_eq!(found.is_some(), changed);
        let found = found.unwrap_or_else(|| target.clone());

        let meant: Vec<Read> = want.iter().map(|pair| (pair.name.clone(), pair.value.clone())).collect();
        prop_assert_eq!(read(&found), meant);
        prop_assert_eq!(split(&found).0, split(&target).0);
        let (old, new) = (written(&target), written(&found));
        for (pair, new) in want.iter().zip(new) {
            let Some(old) = pair.was.map(|was| old[was]) else { continue };
            if !pair.name_is_new && !pair.value_is_new {
                prop_assert_eq!(new, old);
            }
            let cut = |text: &'_ [u8]| text.iter().position(|&byte| byte == b'=').unwrap_or(text.len());
            if pair.name_is_new {
                prop_assert_eq!(&new[cut(new)..], &old[cut(old)..]);
            }
            if pair.value_is_new {
                prop_assert_eq!(&new[..cut(new)], &old[..cut(old)]);
            }
        }
    }

    #[test]
    fn what_is_set_reads_back_whatever_its_bytes(
        target in any_target(), name in ".{1,6}", value in proptest::collection::vec(any::<u8>(), 0..24),
    ) {
        let found = run(&target, &exact(&name), &AnyEdit::Set(value.clone())).changed.unwrap_or(target);
        let values: Vec<Vec<u8>> =
            read(&found).into_iter().filter(|(found, _)| *found == name.as_bytes()).map(|(_, value)| value).collect();
        prop_assert_eq!(values, vec![value]);
    }
}
