use proptest::prelude::*;

use super::*;

fn merged(lines: &[&str], names: &str) -> Option<String> {
    let merged = merge(lines.iter().map(|line| line.as_bytes()), names);
    merged.map(|value| String::from_utf8(value).unwrap())
}

#[test]
fn names_are_added_once_and_the_rest_is_kept() {
    let cases: [(&str, &[&str], Option<&str>); 11] = [
        ("no header", &[], Some("Origin")),
        ("an empty one", &[""], Some("Origin")),
        ("another name", &["Accept-Encoding"], Some("Accept-Encoding, Origin")),
        ("two lines become one", &["Accept-Encoding", "Cookie"], Some("Accept-Encoding, Cookie, Origin")),
        ("there already", &["Origin"], None),
        ("in other letters", &["accept-encoding,ORIGIN"], None),
        ("on the second line", &["Cookie", "x ,\torigin "], None),
        ("as a part of another", &["Origin-Agent-Cluster"], Some("Origin-Agent-Cluster, Origin")),
        ("everything", &["*"], None),
        ("everything and more", &["Cookie", "a, *"], None),
        ("a star in a name", &["a*"], Some("a*, Origin")),
    ];
    for (name, lines, want) in cases {
        assert_eq!(merged(lines, "Origin").as_deref(), want, "{name}");
    }
    assert_eq!(merged(&["b"], "A, B, C").unwrap(), "b, A, C");
}

#[test]
fn elements_are_trimmed_and_empty_ones_left_out() {
    let list: Vec<&[u8]> = elements(b" a,,\t b c\t, ,d").collect();
    assert_eq!(list, [&b"a"[..], b"b c", b"d"]);
}

proptest! {
    #[test]
    fn merging_twice_is_merging_once(lines in prop::collection::vec("[a-zA-Z*, -]{0,20}|\\PC{0,5}", 0..4)) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let names = "Origin, Access-Control-Request-Method";
        if let Some(once) = merged(&lines, names) {
            prop_assert_eq!(merged(&[&once], names), None);
            for line in &lines {
                prop_assert!(elements(line.as_bytes()).all(|old| elements(once.as_bytes()).any(|new| new == old)));
            }
        }
    }
}
