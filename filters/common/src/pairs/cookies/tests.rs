use crate::head::{HeadState, HeaderMap, HeaderSource, RequestHead};
use crate::matcher::cookies as read_cookies;
use crate::proxy::Status;
use proptest::prelude::*;

use super::*;
use crate::pairs::tests::{
    AnyEdit, CASES, NewText, Read, Writable, all, any_edit, any_names, bytes, exact, expected, many, nothing, prefix,
    regex, rename, rewrite,
};

fn run(lines: &[Vec<u8>], names: &Names, edit: &AnyEdit) -> Edited<Vec<Vec<u8>>> {
    let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
    edit.apply(|edit| super::edit(&lines, names, edit))
}

fn set(value: &str) -> AnyEdit {
    AnyEdit::Set(value.into())
}

fn lines(lines: &[&str]) -> Vec<Vec<u8>> {
    lines.iter().map(|line| line.as_bytes().to_vec()).collect()
}

/// Cases of lines, names, edit and the lines after it; the same lines where it must be `None`.
fn check(cases: &[(&[&str], Names, AnyEdit, &[&str])]) {
    for (given, names, edit, want) in cases {
        let want = Edited { changed: (want != given).then(|| lines(want)), refused: None };
        assert_eq!(run(&lines(given), names, edit), want, "{given:?} {names:?} {edit:?}");
    }
}

#[test]
fn removes() {
    check(&[
        (&["a=1; b=2; a=3"], exact("a"), AnyEdit::Remove, &["b=2"]),
        (&["b=2; a=1; c=3"], exact("a"), AnyEdit::Remove, &["b=2; c=3"]),
        (&["b=2; a=1"], exact("a"), AnyEdit::Remove, &["b=2"]),
        (&["a=1"], exact("a"), AnyEdit::Remove, &[]),
        (&["a=1; "], exact("a"), AnyEdit::Remove, &[]),
        (&["a=1", "b=2", " ; a=1;"], exact("a"), AnyEdit::Remove, &["b=2"]),
        (&["a=1", ""], exact("a"), AnyEdit::Remove, &[""]),
        (&["a=1;a", "b=2"], exact("a"), AnyEdit::Remove, &["a", "b=2"]),
        (&["  b=2 ;\ta = \"1\" ;c=3  "], exact("a"), AnyEdit::Remove, &["  b=2 ;c=3  "]),
        (&["a=1;\t b = \"2\" ;; a=3"], exact("a"), AnyEdit::Remove, &["b = \"2\" ;"]),
        (&["A=1; xa=2; a"], exact("a"), AnyEdit::Remove, &["A=1; xa=2; a"]),
        (&["%61=1; b=\"a=1\""], exact("a"), AnyEdit::Remove, &["%61=1; b=\"a=1\""]),
        (&["_ga=1; sid=2; _gid=3"], prefix("_g"), AnyEdit::Remove, &["sid=2"]),
        (&["=1; a=2"], exact("a"), AnyEdit::Remove, &["=1"]),
        (&[], exact("a"), AnyEdit::Remove, &[]),
    ]);
}

#[test]
fn renames() {
    check(&[
        (&["x=1; a = \"1\" ;y", "a=2"], exact("a"), rename("b"), &["x=1; b = \"1\" ;y", "b=2"]),
        (&["b=old; a=1", "b=old"], exact("a"), rename("b"), &["b=1"]),
        (&["b=old"], exact("a"), rename("b"), &["b=old"]),
        (&["a=1"], exact("a"), rename("a"), &["a=1"]),
        (&["ab=1; ba=2; c"], regex("[ab]+"), AnyEdit::Rename(NewText::Reversed), &["ba=1; ab=2; c"]),
    ]);
    for to in ["", "a b", "a;b", "a=b", "\u{e4}", "a\r\n"] {
        assert_eq!(run(&lines(&["a=1"]), &exact("a"), &rename(to)), nothing(Unwritable::Name), "{to:?}");
    }
}

#[test]
fn sets() {
    check(&[
        (&[], exact("a"), set("1"), &["a=1"]),
        (&[""], exact("a"), set("1"), &["a=1"]),
        (&["b=2"], exact("a"), set("1"), &["b=2; a=1"]),
        (&["b=2;"], exact("a"), set("1"), &["b=2; a=1"]),
        (&["b=2; "], exact("a"), set("1"), &["b=2; a=1"]),
        (&["b=2", "c=3 "], exact("a"), set("1"), &["b=2", "c=3 ; a=1"]),
        (&["a=0; b=2; a=2", "a=3"], exact("a"), set("1"), &["a=1; b=2"]),
        (&["a=\"1\"; b=2"], exact("a"), set("1"), &["a=\"1\"; b=2"]),
        (&["a=\"0\" ; b=2"], exact("a"), set("1"), &["a=1; b=2"]),
        (&["a = 0"], exact("a"), set("1"), &["a=1"]),
        (&["a"], exact("a"), set("1"), &["a; a=1"]),
        (&["a=1; ab=2; a=3; c"], prefix("a"), set("0"), &["a=0; ab=0; c"]),
        (&["c=1"], prefix("a"), set("0"), &["c=1"]),
    ]);
    for value in ["a;b", "a b", "a,b", "\"a\"", "a\\b", "a\r\n", "\u{e4}", "\0"] {
        assert_eq!(run(&lines(&["a=1"]), &exact("a"), &set(value)), nothing(Unwritable::Value), "{value:?}");
        assert_eq!(run(&[], &exact("a"), &set(value)), nothing(Unwritable::Value), "{value:?}");
    }
    assert_eq!(run(&[], &exact("a b"), &set("1")), nothing(Unwritable::Name));
}

#[test]
fn other_values() {
    let if_absent = || AnyEdit::SetIfAbsent(b"1".to_vec());
    let if_exists = || AnyEdit::ReplaceIfExists(b"1".to_vec());
    let append = || AnyEdit::Append(b"1".to_vec());
    check(&[
        (&["b=2"], exact("a"), if_absent(), &["b=2; a=1"]),
        (&["b=2", "a="], exact("a"), if_absent(), &["b=2", "a="]),
        (&["b=2"], exact("a"), if_exists(), &["b=2"]),
        (&["a=0; b=2", "a=2; c=3"], exact("a"), if_exists(), &["a=1; b=2", "c=3"]),
        (&["a=1; b=2"], exact("a"), append(), &["a=1; b=2; a=1"]),
        (&["a=0; b=0", "a=\"0\""], exact("a"), rewrite("x"), &["a=x; b=0", "a=x"]),
        (&["a=\"x\""], exact("a"), rewrite("x"), &["a=\"x\""]),
    ]);
    assert_eq!(run(&lines(&["a=1; a=2"]), &exact("a"), &rewrite("x;y")), nothing(Unwritable::Value));
}

#[test]
fn a_cookie_that_cannot_be_written_is_no_shelter_for_others() {
    let cut = |start: &'static [u8]| NewText::Without(start);
    let cases: [(&[&str], AnyEdit, Unwritable, &[&str]); 4] = [
        (
            &["sx=secret-a,b; sid=secret-1"],
            AnyEdit::Rewrite(cut(b"secret-")),
            Unwritable::Value,
            &["sx=secret-a,b; sid=1"],
        ),
        (
            &["sid=secret-1 ; sx=secret-\"", "s=secret-2"],
            AnyEdit::Rewrite(cut(b"secret-")),
            Unwritable::Value,
            &["sid=1; sx=secret-\"", "s=2"],
        ),
        (&["s=1; sid=2"], AnyEdit::Rename(cut(b"s")), Unwritable::Name, &["s=1; id=2"]),
        (&["sid=2; s a=1; =3; s=4", "id=5"], AnyEdit::Rename(cut(b"s")), Unwritable::Name, &["id=2; s a=1; =3; s=4"]),
    ];
    for (given, edit, why, want) in cases {
        let want = Edited { changed: Some(lines(want)), refused: Some(why) };
        assert_eq!(run(&lines(given), &prefix("s"), &edit), want, "{given:?} {edit:?}");
    }
    let all_or_nothing = AnyEdit::ReplaceIfExists(b"a,b".to_vec());
    assert_eq!(run(&lines(&["a=1; b=2; a=3"]), &regex("[ab]"), &all_or_nothing), nothing(Unwritable::Value));
}

#[test]
fn writes_no_more_than_64_kib() {
    let given = [many(32, "=", "; ").into_bytes(), many(32, "=", "; ").into_bytes()];
    let full = many(32, &format!("={}", "x".repeat(1017)), "; ").into_bytes();
    let rewrite = |length: usize| rewrite(&"x".repeat(length));
    // 64 new cookies of 6 + 1017 bytes, all but two of them behind a blank.
    assert_eq!(run(&given, &prefix("a"), &rewrite(1017)), all(vec![full.clone(), full]));
    let if_exists = AnyEdit::ReplaceIfExists(vec![b'x'; 12_000]);
    for edit in [rewrite(1018), if_exists, rename(&"x".repeat(1024))] {
        assert_eq!(run(&given, &prefix("a"), &edit), nothing(Unwritable::TooLong));
    }
    assert_eq!(run(&given, &exact("b"), &AnyEdit::Append(vec![b'x'; 65_535])), nothing(Unwritable::TooLong));
    assert_eq!(run(&given, &exact("b"), &AnyEdit::Append(vec![b'x'; 65_534])).refused, None);
}

#[test]
fn what_can_be_written() {
    let values: Vec<u8> = (0..=u8::MAX).filter(|&byte| is_cookie_value(&[byte])).collect();
    let octets = [0x21..=0x21, 0x23..=0x2b, 0x2d..=0x3a, 0x3c..=0x5b, 0x5d..=0x7e_u8];
    assert_eq!(values, octets.into_iter().flatten().collect::<Vec<u8>>());
    assert!(is_cookie_value(b""));
    assert!(!is_cookie_value(b"ab;"));
    assert!(is_cookie_name(b"__Host-sid") && !is_cookie_name(b"") && !is_cookie_name(b"a="));
}

struct Lines<'a>(&'a [Vec<u8>]);

impl HeaderSource for Lines<'_> {
    fn first(&self, _: &str) -> Result<Option<Vec<u8>>, Status> {
        Ok(self.0.first().cloned())
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        let fields: Vec<(&str, &[u8])> = self.0.iter().map(|line| ("cookie", line.as_slice())).collect();
        HeaderMap::parse(HeaderMap::serialize(&fields))
    }
}

fn read(lines: &[Vec<u8>]) -> Vec<Read> {
    let (source, mut state) = (Lines(lines), HeadState::default());
    let head = RequestHead::new(&source, &mut state);
    read_cookies(&head).map(|(name, value)| (name.to_vec(), value.to_vec())).collect()
}

/// The bytes of each part, and whether the part opens its line.
fn parts(lines: &[Vec<u8>]) -> impl Iterator<Item = (&[u8], bool)> {
    lines.iter().flat_map(|line| line.split(|&byte| byte == b';').enumerate().map(|(index, part)| (part, index == 0)))
}

fn is_pair(part: &[u8]) -> bool {
    part.contains(&b'=')
}

/// What stands between the separators and is no cookie, but for blanks.
fn strays(lines: &[Vec<u8>]) -> Vec<&[u8]> {
    let strays = parts(lines).map(|(part, _)| part).filter(|part| !is_pair(part));
    strays.map(<[u8]>::trim_ascii_start).filter(|part| !part.is_empty()).collect()
}

const PIECES: &[&[u8]] = &[
    b"a",
    b"a",
    b"b",
    b"ab",
    b"=",
    b"=",
    b"=",
    b";",
    b"; ",
    b"; ",
    b";;",
    b" ",
    b"\t",
    b"\"",
    b"\"1\"",
    b"1",
    b",",
    b"\\",
    b"%61",
    b"a=1; ",
    b"\xc3\xa4",
    b"\xff",
];

fn any_lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    proptest::collection::vec(bytes(PIECES, 16), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn what_is_not_named_changes_no_byte(lines in any_lines(), edit in any_edit()) {
        let found = run(&lines, &exact("absent"), &edit);
        let (AnyEdit::Set(value) | AnyEdit::SetIfAbsent(value) | AnyEdit::Append(value)) = edit else {
            prop_assert_eq!(found, Edited { changed: None, refused: None });
            return Ok(());
        };
        if !is_cookie_value(&value) {
            prop_assert_eq!(found, nothing(Unwritable::Value));
            return Ok(());
        }
        let mut want = lines;
        let last = want.pop().unwrap_or_default();
        let (last, gap): (&[u8], &[u8]) = match last.trim_ascii_end() {
            [] => (b"", b""),
            open if open.ends_with(b";") => (open, b" "),
            _ => (&last, b"; "),
        };
        want.push([last, gap, b"absent=", &value].concat());
        prop_assert_eq!(found, all(want));
    }

    #[test]
    fn reads_back_as_meant_and_the_untouched_cookies_keep_their_bytes(
        lines in any_lines(), names in any_names(), edit in any_edit(),
    ) {
        let before = read(&lines);
        let (want, refused) = expected(&before, &names, &edit, &Writable { name: is_cookie_name, value: is_cookie_value });
        let Edited { changed: found, refused: found_refused } = run(&lines, &names, &edit);
        prop_assert_eq!(found_refused, refused);
        let changed = want.len() != before.len() || want.iter().any(|pair| pair.name_is_new || pair.value_is_new);
        prop_assert_eq!(found.is_some(), changed);
        let found = found.unwrap_or_else(|| lines.clone());

        let meant: Vec<Read> = want.iter().map(|pair| (pair.name.clone(), pair.value.clone())).collect();
        prop_assert_eq!(read(&found), meant);
        prop_assert_eq!(strays(&found), strays(&lines));
        let old: Vec<_> = parts(&lines).filter(|(part, _)| is_pair(part)).collect();
        let new = parts(&found).filter(|(part, _)| is_pair(part));
        for (pair, (new, opens)) in want.iter().zip(new) {
            let Some((old, opened)) = pair.was.map(|was| old[was]) else { continue };
            // Only where the cookies before it went may a cookie lose the blank before it.
            let old = if opens && !opened && new != old { old.trim_ascii_start() } else { old };
            if !pair.name_is_new && !pair.value_is_new {
                prop_assert_eq!(new, old);
            }
            let cut = |text: &'_ [u8]| text.iter().position(|&byte| byte == b'=').unwrap();
            if pair.name_is_new {
                prop_assert_eq!(&new[cut(new)..], &old[cut(old)..]);
            }
            if pair.value_is_new {
                prop_assert_eq!(new[..cut(new)].trim_ascii_end(), old[..cut(old)].trim_ascii_end());
            }
        }
    }

    #[test]
    fn what_is_set_reads_back(lines in any_lines(), name in "[!#-'*+.0-9A-Z^-z|~-]{1,6}", value in "[!#-+--:<-\\[\\]-~]{0,24}") {
        let found = run(&lines, &exact(&name), &set(&value)).changed.unwrap_or(lines);
        let values: Vec<Vec<u8>> =
            read(&found).into_iter().filter(|(found, _)| *found == name.as_bytes()).map(|(_, value)| value).collect();
        prop_assert_eq!(values, vec![value.into_bytes()]);
    }

    #[test]
    fn no_value_brings_a_cookie_of_its_own(lines in any_lines(), value in bytes(PIECES, 8)) {
        let before = read(&lines);
        if let Some(after) = run(&lines, &exact("new"), &AnyEdit::Append(value.clone())).changed {
            prop_assert_eq!(read(&after), [before, vec![(b"new".to_vec(), value)]].concat());
        } else {
            prop_assert!(!is_cookie_value(&value));
        }
    }
}
