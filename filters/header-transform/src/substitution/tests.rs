use sluicegate_common::matcher::anchored;

use super::*;

#[test]
fn applies() {
    let cases: [(&str, &str, &[u8], Option<&str>); 21] = [
        // regex, substitution, value, result
        ("/user-service(/.*)?", "$1", b"/user-service/7", Some("/7")),
        ("/user-service(/.*)?", "$1", b"/user-service", Some("")),
        ("/user-service(/.*)?", "$1", b"/other/user-service/7", None),
        ("(a)(b)", "$2$1", b"ab", Some("ba")),
        ("(a)(b)", "${2}${1}0", b"ab", Some("ba0")),
        ("(a)(b)", "$0!", b"ab", Some("ab!")),
        ("(?<id>[0-9]+)-(?P<name>.*)", "${name}/${id}", b"7-x", Some("x/7")),
        ("(?<id>[0-9]+)", "$$${id}$$", b"7", Some("$7$")),
        ("(a)", "$1$", b"x", None),
        ("a", "", b"a", Some("")),
        ("a", "{1} } literal", b"a", Some("{1} } literal")),
        ("a|b", "c", b"ab", None),
        ("a", "b", b"a\n", None),
        (".*", "x", b"\xff", None),
        (".*", "x", b"", Some("x")),
        ("(.*)", "[$1]", "\u{e4}".as_bytes(), Some("[\u{e4}]")),
        ("(.*)", "\u{e4}$1\u{e4}", b"1", Some("\u{e4}1\u{e4}")),
        ("(.*)", "$1", b"$0 ${1} $$", Some("$0 ${1} $$")),
        ("(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)", "$10", b"abcdefghij", Some("j")),
        ("(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)", "${1}0", b"abcdefghij", Some("a0")),
        ("(a)|(b)", "1$1 2$2", b"b", Some("1 2b")),
    ];
    for (regex, text, value, want) in cases {
        let regex = anchored(regex, true).unwrap();
        let Ok(substitution) = Substitution::parse(text, &regex) else {
            assert_eq!(want, None, "{regex} {text:?} does not compile");
            continue;
        };
        let found = substitution.apply(&regex, value).map(|found| String::from_utf8(found).unwrap());
        assert_eq!(found.as_deref(), want, "{regex} {text:?} {}", value.escape_ascii());
    }
}

#[test]
fn what_does_not_compile() {
    let cases = [
        ("$2", "the regex has no group \"2\""),
        ("$10", "the regex has no group \"10\""),
        ("${2}", "the regex has no group \"2\""),
        ("${nam}", "the regex has no group \"nam\""),
        ("${}", "the regex has no group \"\""),
        ("${+1}", "the regex has no group \"+1\""),
        ("$99999999999999999999999", "the regex has no group \"99999999999999999999999\""),
        ("a${name", "\"${name\" lacks its \"}\""),
        ("$name", "\"$name\" starts no group: write \"$1\", \"${name}\", or \"$$\" for a dollar sign"),
        ("price: 5$", "\"$\" starts no group: write \"$1\", \"${name}\", or \"$$\" for a dollar sign"),
        ("$$$", "\"$\" starts no group: write \"$1\", \"${name}\", or \"$$\" for a dollar sign"),
        ("$\u{b9}", "\"$\u{b9}\" starts no group: write \"$1\", \"${name}\", or \"$$\" for a dollar sign"),
    ];
    let regex = anchored("(?<name>.*)", true).unwrap();
    for (text, want) in cases {
        assert_eq!(Substitution::parse(text, &regex), Err(want.to_owned()), "{text:?}");
    }
}
