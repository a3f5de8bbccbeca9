use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::*;

fn error_of(text: impl AsRef<[u8]>) -> String {
    parse(text.as_ref()).unwrap_err().to_string()
}

#[test]
fn json_is_read_as_it_stands() {
    let text = r#" {"a": [1, -2, 1.5, 18446744073709551615, true, false, null, "\u00e9\n"], "": {}} "#;
    let want = json!({"a": [1, -2, 1.5, u64::MAX, true, false, null, "é\n"], "": {}});
    assert_eq!(parse(text.as_bytes()), Ok(want));
}

#[test]
fn what_is_not_json_is_told_with_its_place() {
    struct Case {
        given: &'static [u8],
        want: &'static str,
    }
    let cases = [
        Case { given: b"{\n  \"a\": }", want: "config: not JSON: expected value at line 2 column 8" },
        Case { given: b"{\"a\": 1} x", want: "config: not JSON: trailing characters at line 1 column 10" },
        Case { given: b"{\"a\": 1,}", want: "config: not JSON: trailing comma at line 1 column 9" },
        Case { given: b"{\"a\": ", want: "config: not JSON: EOF while parsing a value at line 1 column 6" },
        Case { given: b"{\"a\": 1e999}", want: "config: not JSON: number out of range at line 1 column 11" },
        Case { given: b"\"\xff\"", want: "config: not JSON: the byte at offset 1 is not UTF-8" },
        Case { given: b"{'a': 1}", want: "config: not JSON: key must be a string at line 1 column 2" },
        Case { given: b"\xef\xbb\xbf{}", want: "config: not JSON: expected value at line 1 column 1" },
    ];
    for Case { given, want } in cases {
        assert_eq!(error_of(given), want);
    }
}

#[test]
fn no_config_says_how_to_give_one() {
    for given in ["", " \n"] {
        assert!(error_of(given).starts_with("config: is empty: give the plugin its configuration as a JSON object"));
    }
}

#[test]
fn a_name_stands_once_in_its_object() {
    let text = r#"{"a": 1, "b": [{"c": 1}, {"d": {}, "c": 2, "\u0063": 3}], "a": 1, "d": {"a": 1}}"#;
    assert_eq!(error_of(text), "b[1].c: the name stands twice in its object\na: the name stands twice in its object");
}

#[test]
fn of_many_names_that_stand_twice_a_few_are_told() {
    let pair = |n: usize| format!(r#""{n}": 0"#);
    let pairs: Vec<String> = (0..1_000).chain(0..1_000).map(pair).collect();
    let errors = parse(format!("{{{}}}", pairs.join(", ")).as_bytes()).unwrap_err();
    assert_eq!(errors.len(), MAX_DUPLICATES);
}

#[test]
fn depth_is_bounded() {
    let nested = |open: &str, close: &str, depth| format!("{}0{}", open.repeat(depth), close.repeat(depth));
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        assert!(parse(nested(open, close, MAX_DEPTH).as_bytes()).is_ok());
        let error = error_of(nested(open, close, MAX_DEPTH + 1));
        assert!(error.starts_with("config: not JSON: nested deeper than 64 levels"), "{error}");
        assert!(error_of(open.repeat(1_000_000)).starts_with("config: not JSON: nested deeper"), "{open}");
    }
}

/// JSONTestSuite: `y_` is JSON, `n_` is not, `i_` is the parser's choice.
#[test]
fn json_test_suite() {
    /// JSON by the suite, refused here on purpose.
    const DUPLICATES: [&str; 2] = ["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"];

    let Some(folder) = std::env::var_os("SLUICEGATE_CASES") else {
        // Not by `eprintln!`, which the test runner keeps to itself when a test passes.
        return writeln!(std::io::stderr(), "SKIPPED json_test_suite: set SLUICEGATE_CASES to the folder of cases")
            .unwrap();
    };
    let file = std::path::Path::new(&folder).join("json/jsontestsuite.json");
    let suite: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let cases = suite["cases"].as_array().unwrap();
    assert!(cases.len() >= 318, "{} cases", cases.len());
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let accepted = parse(&BASE64_STANDARD.decode(case["bytes_b64"].as_str().unwrap()).unwrap()).is_ok();
        match name.split_once('_').unwrap().0 {
            "y" => assert_eq!(accepted, !DUPLICATES.contains(&name), "{name}"),
            "n" => assert!(!accepted, "{name}"),
            kind => assert_eq!(kind, "i", "{name}"),
        }
    }
}
