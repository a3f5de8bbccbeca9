use super::*;

#[test]
fn the_nearest_word_is_suggested() {
    struct Case {
        given: &'static str,
        want: Option<&'static str>,
    }
    let accepted = ["allow_origins", "allow_methods", "max_age", "mode", "off", "id"];
    let cases = [
        Case { given: "alow_origins", want: Some("allow_origins") },
        Case { given: "allow_method", want: Some("allow_methods") },
        Case { given: "allowOrigins", want: Some("allow_origins") },
        Case { given: "maxage", want: Some("max_age") },
        Case { given: "moed", want: Some("mode") },
        Case { given: "of", want: Some("off") },
        Case { given: "to", want: None },
        Case { given: "x", want: None },
        Case { given: "credentials", want: None },
        Case { given: "", want: None },
    ];
    for Case { given, want } in cases {
        assert_eq!(did_you_mean(given, accepted), want, "{given:?}");
    }
}

#[test]
fn alternatives_read_as_a_sentence() {
    assert_eq!(alternatives(&[]), "");
    assert_eq!(alternatives(&["a"]), r#""a""#);
    assert_eq!(alternatives(&["a", "b"]), r#""a" or "b""#);
    assert_eq!(alternatives(&["a", "b", "c"]), r#""a", "b" or "c""#);
}
