use super::*;

fn missing(path: &str) -> ConfigError {
    ConfigError::new(path, ConfigErrorKind::MissingField)
}

#[test]
fn every_kind_has_its_sentence() {
    let unknown = |did_you_mean: Option<&str>, accepted: &[&str]| ConfigErrorKind::UnknownField {
        did_you_mean: did_you_mean.map(str::to_owned),
        accepted: accepted.iter().map(|&name| name.to_owned()).collect(),
    };
    struct Case {
        path: &'static str,
        kind: ConfigErrorKind,
        want: &'static str,
    }
    let cases = [
        Case {
            path: "",
            kind: ConfigErrorKind::Syntax("expected value at line 1 column 2".to_owned()),
            want: "config: not JSON: expected value at line 1 column 2",
        },
        Case { path: "a.b", kind: ConfigErrorKind::DuplicateName, want: "a.b: the name stands twice in its object" },
        Case { path: "a", kind: ConfigErrorKind::Null, want: "a: null is no value, leave the field out" },
        Case { path: "a", kind: unknown(Some("ab"), &["ab"]), want: "a: unknown field, did you mean \"ab\"?" },
        Case { path: "a", kind: unknown(None, &["x", "y"]), want: "a: unknown field, expected one of x, y" },
        Case { path: "a", kind: unknown(None, &[]), want: "a: unknown field, none is expected here" },
        Case { path: "a", kind: ConfigErrorKind::MissingField, want: "a: required field is missing" },
        Case { path: "a", kind: ConfigErrorKind::Invalid("needs b".into()), want: "a: needs b" },
    ];
    for Case { path, kind, want } in cases {
        assert_eq!(ConfigError::new(path, kind).to_string(), want);
    }
}

#[test]
fn an_error_is_listed_once() {
    let mut errors: ConfigErrors = [missing("a"), missing("b"), missing("a")].into_iter().collect();
    errors.push(missing("b"));
    assert_eq!(errors.to_string(), "a: required field is missing\nb: required field is missing");
    assert_eq!(errors.len(), 2);
}

#[test]
fn errors_move_under_the_object_that_holds_theirs() {
    let of_top: ConfigErrors = missing("a").into();
    let of_rule: ConfigErrors = [missing("a"), missing("b[0]")].into_iter().collect();
    let told: Vec<_> =
        of_rule.without(&of_top).under("rules[1].config").into_iter().map(|e| e.path().to_owned()).collect();
    assert_eq!(told, ["rules[1].config.b[0]"]);
}

#[test]
fn a_part_that_fails_does_not_hide_the_next() {
    let mut errors = ConfigErrors::new();
    assert_eq!(errors.take(Err::<u8, _>(missing("a"))), None);
    assert_eq!(errors.take(Ok::<_, ConfigErrors>(7)), Some(7));
    assert_eq!(errors.take(Err::<u8, ConfigErrors>(missing("b").into())), None);
    assert_eq!(errors.len(), 2);
    assert_eq!(errors.clone().into_result(()), Err(errors));
    assert_eq!(ConfigErrors::new().into_result(3), Ok(3));
}

#[test]
fn quoted_text_is_short_and_on_one_line() {
    assert_eq!(quoted("a\"\n\u{202e}"), r#""a\"\n\u{202e}""#);
    assert_eq!(quoted(&"é".repeat(64)), format!("\"{}\"", "é".repeat(64)));
    assert_eq!(quoted(&"é".repeat(65)), format!("\"{}\"...", "é".repeat(64)));
}
