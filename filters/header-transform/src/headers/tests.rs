use sluicegate_common::head::{HeadState, HeaderMap, HeaderSource};
use sluicegate_common::matcher::anchored;
use sluicegate_common::proxy::Status;

use super::*;

struct Lines(&'static [(&'static str, &'static [u8])]);

impl HeaderSource for Lines {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        Ok(self.0.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_vec()))
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        HeaderMap::parse(HeaderMap::serialize(self.0))
    }
}

const HEAD: Lines = Lines(&[
    (":method", b"GET"),
    (":path", b"/"),
    ("content-length", b"3"),
    ("connection", b"close"),
    ("host", b"api.example.com"),
    ("x-a", b"1"),
    ("X-A", b"2"),
    ("x-b", b"3"),
    ("x-odd", b"\xff\xfe"),
    ("y", b""),
]);

/// The head behind an edit, but for what no edit may touch.
fn edited(names: &Names, what: &Edit<'_>) -> (String, Result<(), Dropped>) {
    let mut state = HeadState::default();
    let mut head = Head::new(&HEAD, &mut state);
    let result = edit(&mut head, names, what);
    for (name, value) in &HEAD.0[..5] {
        assert_eq!(head.get(name), Some(*value), "{name}");
    }
    let mut lines: Vec<String> = head
        .iter()
        .skip(5)
        .map(|(name, value)| format!("{}={}", name.to_ascii_lowercase().escape_ascii(), value.escape_ascii()))
        .collect();
    lines.sort(); // The order of the lines of different names tells nothing.
    (lines.join(" "), result)
}

#[test]
fn edits() {
    let exact = |name: &str| Names::Exact(name.to_owned());
    let prefix = |prefix: &str| Names::Prefix(prefix.to_owned());
    let regex = |text: &str| Names::Regex(anchored(text, false).unwrap());
    let to = |new: &'static str| move |_: &[u8]| Some(new.as_bytes().to_vec());
    let upper = |old: &[u8]| Some([old, b"!"].concat());
    let only_utf8 = |old: &[u8]| std::str::from_utf8(old).ok().map(|_| b"text".to_vec());
    let untouched = r"x-a=1 x-a=2 x-b=3 x-odd=\xff\xfe y=";
    let cases: [(&str, Names, Edit<'_>, &str); 24] = [
        ("remove", exact("x-a"), Edit::Remove, r"x-b=3 x-odd=\xff\xfe y="),
        ("remove none", exact("x-c"), Edit::Remove, untouched),
        ("remove by prefix", prefix("x-"), Edit::Remove, "y="),
        ("remove everything", regex(".*"), Edit::Remove, ""),
        ("remove pseudo headers", regex(":.*|content-length|connection|host"), Edit::Remove, untouched),
        ("set", exact("x-a"), Edit::Set(b"n"), r"x-a=n x-b=3 x-odd=\xff\xfe y="),
        ("set a new one", exact("z"), Edit::Set(b"n"), r"x-a=1 x-a=2 x-b=3 x-odd=\xff\xfe y= z=n"),
        ("append", exact("x-a"), Edit::Append(b"n"), r"x-a=1 x-a=2 x-a=n x-b=3 x-odd=\xff\xfe y="),
        ("set if absent: present", exact("y"), Edit::SetIfAbsent(b"n"), untouched),
        ("set if absent", exact("z"), Edit::SetIfAbsent(b"n"), r"x-a=1 x-a=2 x-b=3 x-odd=\xff\xfe y= z=n"),
        ("replace", exact("x-a"), Edit::ReplaceIfExists(b"n"), r"x-a=n x-b=3 x-odd=\xff\xfe y="),
        ("replace none", exact("z"), Edit::ReplaceIfExists(b"n"), untouched),
        ("replace by prefix", prefix("x-"), Edit::ReplaceIfExists(b"n"), "x-a=n x-b=n x-odd=n y="),
        ("rewrite", exact("x-a"), Edit::Rewrite(&upper), r"x-a=1! x-a=2! x-b=3 x-odd=\xff\xfe y="),
        ("rewrite some", prefix("x-"), Edit::Rewrite(&only_utf8), r"x-a=text x-a=text x-b=text x-odd=\xff\xfe y="),
        ("rename", exact("x-a"), Edit::Rename(&to("z")), r"x-b=3 x-odd=\xff\xfe y= z=1 z=2"),
        ("rename onto another", exact("x-a"), Edit::Rename(&to("x-b")), r"x-b=1 x-b=2 x-odd=\xff\xfe y="),
        ("rename none", exact("z"), Edit::Rename(&to("x-b")), untouched),
        ("rename to itself", exact("x-a"), Edit::Rename(&to("X-A")), untouched),
        ("rename several to one", regex("x-a|x-b"), Edit::Rename(&to("z")), r"x-odd=\xff\xfe y= z=1 z=2 z=3"),
        ("rename to one of them", regex("x-a|x-b"), Edit::Rename(&to("x-b")), r"x-b=1 x-b=2 x-b=3 x-odd=\xff\xfe y="),
        (
            "rename in a circle",
            regex("x-a|x-b"),
            Edit::Rename(&|old| Some(if old == b"x-a" { b"x-b".to_vec() } else { b"x-a".to_vec() })),
            r"x-a=3 x-b=1 x-b=2 x-odd=\xff\xfe y=",
        ),
        ("set by a prefix names none", prefix("x-"), Edit::Set(b"n"), untouched),
        ("regex ignores case", regex("X-A"), Edit::Remove, r"x-b=3 x-odd=\xff\xfe y="),
    ];
    for (name, names, what, want) in cases {
        assert_eq!(edited(&names, &what), (want.to_owned(), Ok(())), "{name}");
    }
    for new in ["x-forwarded-proto", "content-length", "host", ":path", "a b", "", "transfer-encoding"] {
        let (lines, result) = edited(&exact("x-a"), &Edit::Rename(&to(new)));
        assert!(matches!(result, Err(Dropped::Header(EditError::Name(_)))), "{new}");
        assert_eq!(lines, untouched, "{new}");
    }
}
