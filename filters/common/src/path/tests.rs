use proptest::prelude::*;

use super::*;

mod bypass;

struct Case {
    name: &'static str,
    target: &'static str,
    /// The text, or why it is ambiguous.
    want: Result<&'static str, Ambiguity>,
}

const CASES: &[Case] = &[
    Case { name: "as it is", target: "/a/b", want: Ok("/a/b") },
    Case { name: "root", target: "/", want: Ok("/") },
    Case { name: "empty target", target: "", want: Ok("/") },
    Case { name: "empty path", target: "?a", want: Ok("/") },
    Case { name: "asterisk", target: "*", want: Ok("*") },
    Case { name: "query", target: "/a?b/../c;d#e?f", want: Ok("/a") },
    Case { name: "slash at the end", target: "/a/", want: Ok("/a") },
    Case { name: "empty segments", target: "//a///b//", want: Ok("/a/b") },
    Case { name: "dot segments", target: "/./a/./b/.", want: Ok("/a/b") },
    Case { name: "encoded dot segment", target: "/%2e/a/%2E", want: Ok("/a") },
    Case { name: "nothing above the root", target: "/../%2e./a", want: Ok("/a") },
    Case { name: "case is kept", target: "/A", want: Ok("/A") },
    Case { name: "letters", target: "/%61%5a", want: Ok("/aZ") },
    Case { name: "space inside a segment", target: "/a%20b", want: Ok("/a b") },
    Case { name: "no escape", target: "/100%/%zz/%a", want: Ok("/100%/%zz/%a") },
    Case { name: "percent", target: "/100%25", want: Ok("/100%") },
    Case { name: "percent before letters", target: "/%25zz", want: Ok("/%zz") },
    Case { name: "dot first", target: "/.well-known/..a", want: Ok("/.well-known/..a") },
    Case { name: "plus", target: "/a+b", want: Ok("/a+b") },
    Case { name: "other reserved characters", target: "/a:b@c!$&'()*,=~", want: Ok("/a:b@c!$&'()*,=~") },
    Case { name: "UTF-8", target: "/%C3%A9", want: Ok("/é") },
    Case { name: "absolute", target: "http://h/admin", want: Err(Ambiguity::NotAPath) },
    Case { name: "authority", target: "h:443", want: Err(Ambiguity::NotAPath) },
    Case { name: "relative", target: "admin", want: Err(Ambiguity::NotAPath) },
    Case { name: "encoded first slash", target: "%2fadmin", want: Err(Ambiguity::NotAPath) },
    Case { name: "more than an asterisk", target: "*/admin", want: Err(Ambiguity::NotAPath) },
    Case { name: "tab", target: "/a\tb", want: Err(Ambiguity::ControlByte) },
    Case { name: "delete", target: "/a\x7f", want: Err(Ambiguity::ControlByte) },
    Case { name: "encoded NUL", target: "/a%00.html", want: Err(Ambiguity::ControlByte) },
    Case { name: "space", target: "/a b", want: Err(Ambiguity::Space) },
    Case { name: "backslash", target: "/a\\b", want: Err(Ambiguity::Backslash) },
    Case { name: "encoded backslash", target: "/%5cb", want: Err(Ambiguity::Backslash) },
    Case { name: "semicolon", target: "/a;x=y/b", want: Err(Ambiguity::Semicolon) },
    Case { name: "encoded semicolon", target: "/a%3B", want: Err(Ambiguity::Semicolon) },
    Case { name: "number sign", target: "/a#", want: Err(Ambiguity::NumberSign) },
    Case { name: "encoded number sign", target: "/a%23", want: Err(Ambiguity::NumberSign) },
    Case { name: "encoded question mark", target: "/a%3fb", want: Err(Ambiguity::QuestionMark) },
    Case { name: "encoded slash", target: "/a%2Fb", want: Err(Ambiguity::Slash) },
    Case { name: "twice", target: "/%252e%252e", want: Err(Ambiguity::EncodedTwice) },
    Case { name: "an escape of two parts", target: "/%%32e", want: Err(Ambiguity::EncodedTwice) },
    Case { name: "dot last", target: "/a./b", want: Err(Ambiguity::TrailingDotOrSpace) },
    Case { name: "three dots", target: "/.../b", want: Err(Ambiguity::TrailingDotOrSpace) },
    Case { name: "space last", target: "/a%20/b", want: Err(Ambiguity::TrailingDotOrSpace) },
    Case { name: "two dots and a space", target: "/a/..%20/b", want: Err(Ambiguity::TrailingDotOrSpace) },
    Case { name: "parent", target: "/admin/../b", want: Err(Ambiguity::ParentSegment) },
    Case { name: "encoded parent", target: "/a/%2e%2E/b", want: Err(Ambiguity::ParentSegment) },
];

#[test]
fn normal_form() {
    for Case { name, target, want } in CASES {
        let path = NormalPath::of(target.as_bytes());
        let text = std::str::from_utf8(path.text()).unwrap();
        assert_eq!(path.ambiguity().map_or(Ok(text), Err), *want, "{name}: {target:?}");
    }
}

#[test]
fn an_ambiguous_path_is_refused_or_read_as_it_was_sent() {
    let ambiguous = NormalPath::of(b"/a/../b%2f;c?d");
    assert_eq!(ambiguous.reading(OnAmbiguousPath::Reject), Err(Ambiguity::Slash));
    assert_eq!(ambiguous.reading(OnAmbiguousPath::MatchRaw), Ok(&b"/a/../b%2f;c"[..]));
    let plain = NormalPath::of(b"//a/%62?d");
    assert_eq!(plain.reading(OnAmbiguousPath::Reject), Ok(&b"/a/b"[..]));
    assert_eq!(plain.reading(OnAmbiguousPath::MatchRaw), Ok(&b"/a/b"[..]));
}

#[test]
fn segments_of_paths() {
    let cases: [(&str, &[&str]); 6] =
        [("/", &[]), ("*", &[]), ("", &[]), ("/a", &["a"]), ("/a/b", &["a", "b"]), ("//a/", &["", "a", ""])];
    for (path, want) in cases {
        let found: Vec<&str> = segments(path.as_bytes()).map(|s| std::str::from_utf8(s).unwrap()).collect();
        assert_eq!(found, want, "{path:?}");
    }
}

#[test]
fn query_pairs() {
    let cases: [(&str, &[(&str, &str)]); 8] = [
        ("", &[]),
        ("a=1&b=2", &[("a", "1"), ("b", "2")]),
        ("a=1&&a=2&", &[("a", "1"), ("a", "2")]),
        ("a", &[("a", "")]),
        ("=b", &[("", "b")]),
        ("a=b=c", &[("a", "b=c")]),
        ("a+b=%20+%2B", &[("a b", "  +")]),
        ("a%3Db=%&c=%2&d=%zz%41", &[("a=b", "%"), ("c", "%2"), ("d", "%zzA")]),
    ];
    for (query, want) in cases {
        let found: Vec<_> = query::pairs(query.as_bytes()).collect();
        let want: Vec<_> = want.iter().map(|(n, v)| (n.as_bytes().into(), v.as_bytes().into())).collect();
        assert_eq!(found, want, "{query:?}");
    }
    assert_eq!(query::split(b"/a?b?c"), (&b"/a"[..], Some(&b"b?c"[..])));
    assert_eq!(query::split(b"/a"), (&b"/a"[..], None));
    assert_eq!(query::split(b"?"), (&b""[..], Some(&b""[..])));
}

/// Bytes and fragments of which the rules speak, and some of which they do not.
pub(super) fn targets() -> impl Strategy<Value = Vec<u8>> {
    const FRAGMENTS: &[&str] = &[
        "/", "/", "//", ".", "..", "/./", "/../", "%2e", "%2E", "%2f", "%2F", "%5c", "\\", ";", "%3b", ";x=1", "#",
        "%23", "?", "%3f", "%", "%25", "%252e", "%252f", "%2", "%00", "%09", "%20", " ", "\t", "\0", "admin", "ADMIN",
        "%61dmin", "adm%69n", "public", "users", "a", "0", "~", "é", "%c0%af",
    ];
    let fragment = proptest::sample::select(FRAGMENTS).prop_map(|text| text.as_bytes().to_vec());
    let fragment = prop_oneof![12 => fragment, 1 => any::<u8>().prop_map(|byte| vec![byte])];
    (prop_oneof![9 => Just("/"), 1 => Just("")], proptest::collection::vec(fragment, 0..9))
        .prop_map(|(first, rest)| [first.as_bytes(), &rest.concat()].concat())
}

/// The module's rules again, in the slowest and plainest way: text and list of all that is ambiguous.
fn model(target: &[u8]) -> (Vec<u8>, bool) {
    let raw = target.split(|&b| b == b'?').next().unwrap();
    if raw == b"*" {
        return (b"*".to_vec(), false);
    }
    let hex = |b: u8| char::from(b).to_digit(16);
    let is_escape = |s: &[u8]| s.len() >= 3 && s[0] == b'%' && hex(s[1]).is_some() && hex(s[2]).is_some();
    let mut decoded: Vec<(u8, bool)> = Vec::new();
    let mut at = 0;
    while at < raw.len() {
        if is_escape(&raw[at..]) {
            decoded.push(((hex(raw[at + 1]).unwrap() * 16 + hex(raw[at + 2]).unwrap()) as u8, true));
            at += 3;
        } else {
            decoded.push((raw[at], false));
            at += 1;
        }
    }
    let bytes: Vec<u8> = decoded.iter().map(|(byte, _)| *byte).collect();
    let mut ambiguous = !raw.is_empty() && raw[0] != b'/';
    ambiguous |= bytes.iter().any(|&b| b < 0x20 || b == 0x7f || b"\\;#?".contains(&b));
    ambiguous |= raw.contains(&b' ') || decoded.contains(&(b'/', true));
    ambiguous |= (0..bytes.len()).any(|at| is_escape(&bytes[at..]));
    let mut kept: Vec<&[u8]> = Vec::new();
    for segment in bytes.split(|&b| b == b'/') {
        if segment == b".." {
            ambiguous |= kept.pop().is_some();
        } else if !segment.is_empty() && segment != b"." {
            ambiguous |= segment.ends_with(b".") || segment.ends_with(b" ");
            kept.push(segment);
        }
    }
    let text = kept.iter().flat_map(|segment| [b"/", *segment].concat()).collect::<Vec<u8>>();
    (if text.is_empty() { b"/".to_vec() } else { text }, ambiguous)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn agrees_with_the_model(target in targets()) {
        let path = NormalPath::of(&target);
        prop_assert_eq!((path.text().to_vec(), path.ambiguity().is_some()), model(&target));
    }

    #[test]
    fn the_form_has_no_empty_and_no_dot_segment(target in targets()) {
        let path = NormalPath::of(&target);
        prop_assert!(path.segments().all(|segment| ![&b""[..], b".", b".."].contains(&segment)));
        let joined: Vec<u8> = path.segments().flat_map(|segment| [b"/", segment].concat()).collect();
        prop_assert!(joined == path.text() || (joined.is_empty() && [&b"/"[..], b"*"].contains(&path.text())));
    }

    #[test]
    fn the_form_of_an_unambiguous_path_is_its_own_form(target in targets()) {
        let path = NormalPath::of(&target);
        if path.ambiguity().is_none() {
            let again = NormalPath::of(path.text());
            prop_assert_eq!(again.text(), path.text());
        }
    }

    #[test]
    fn queries_of_any_bytes_are_read(query in proptest::collection::vec(any::<u8>(), 0..64)) {
        let pairs = query.split(|&b| b == b'&').filter(|pair| !pair.is_empty()).count();
        prop_assert_eq!(query::pairs(&query).count(), pairs);
    }
}
