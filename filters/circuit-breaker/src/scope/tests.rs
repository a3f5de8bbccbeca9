use super::*;

#[test]
fn known_names() {
    let hosts = || ["a.example", "*.b.example"].map(|host| (HostPattern::parse(host).unwrap(), host.to_owned())).into();
    let konst = |name: &str| Part::Const(name.to_owned());
    let cases: [(Vec<Part>, &[&str]); 4] = [
        (vec![konst("x")], &["x"]),
        (vec![konst("x"), Part::Host], &["x:a.example", "x:*.b.example", "x:other"]),
        (vec![Part::Host, konst("y")], &["a.example:y", "*.b.example:y", "other:y"]),
        (vec![konst("x"), Part::Cluster], &[]),
    ];
    for (parts, want) in cases {
        assert_eq!(Scope::new(parts.clone(), hosts()).known(), want, "{parts:?}");
    }
}

#[test]
fn names_are_printable_and_bounded() {
    let pushed = |text: Option<&[u8]>| {
        let mut name = String::new();
        push(&mut name, text);
        name
    };
    assert_eq!(pushed(Some(b"outbound|80||a.b.svc")), "outbound|80||a.b.svc");
    assert_eq!(pushed(None), "none");
    assert_eq!(pushed(Some(b"")), "none");
    let odd = [pushed(Some(b"a b")), pushed(Some(b"a\xffb"))];
    assert!(odd.iter().all(|name| name.starts_with("a_b~")) && odd[0] != odd[1], "{odd:?}");
    let long = [format!("{}a", "x".repeat(200)), format!("{}b", "x".repeat(200))].map(shortened);
    assert!(long.iter().all(|name| name.len() == LONGEST) && long[0] != long[1], "{long:?}");
    assert_eq!(shortened("x".repeat(LONGEST)), "x".repeat(LONGEST));
}
