use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::reason::Reason;

mod model;

const NAMES: [&str; 3] = ["users", "partners", "ops"];

fn compile(given: Option<Value>, names: &[&str]) -> Result<Require, String> {
    let read = |given| deserr::deserialize::<RawRequire, _, ConfigErrors>(given).map_err(|e| e.under("require"));
    let raw = given.map(read).transpose();
    raw.and_then(|raw| Require::compile(raw, names)).map_err(|errors| errors.to_string())
}

#[test]
fn accepted() {
    use Require::{All, Any, Optional, Public, Use};
    let cases = [
        (json!({"use": "partners"}), Use(1)),
        (json!({"any": [{"use": "ops"}]}), Any(vec![Use(2)])),
        (json!({"all": [{"use": "users"}, {"public": {}}]}), All(vec![Use(0), Public])),
        (json!({"optional": {"use": "users"}}), Optional(Box::new(Use(0)))),
        (json!({"public": {}}), Public),
        (
            json!({"any": [{"all": [{"any": [{"optional": {"use": "ops"}}]}]}]}),
            Any(vec![All(vec![Any(vec![Optional(Box::new(Use(2)))])])]),
        ),
    ];
    for (given, want) in cases {
        assert_eq!(compile(Some(given.clone()), &NAMES), Ok(want), "{given}");
    }
}

#[test]
fn refused() {
    let cases = [
        (
            json!({"use": "user"}),
            "require.use: expected the name of an authenticator, found \"user\", did you mean \"users\"?",
        ),
        (json!({"use": "x"}), "require.use: expected the name of an authenticator, found \"x\""),
        (json!({"use": ["users"]}), "require.use: expected a string, found an array"),
        (json!({"any": []}), "require.any: expected at least one element, found none"),
        (json!({"any": [{"all": []}]}), "require.any[0].all: expected at least one element, found none"),
        (
            json!({"any": [{"use": "a"}, {"optional": {"use": "b"}}]}),
            "require.any[0].use: expected the name of an authenticator, found \"a\"\n\
             require.any[1].optional.use: expected the name of an authenticator, found \"b\"",
        ),
        (
            json!({"any": [{"all": [{"any": [{"optional": {"any": [{"use": "ops"}]}}]}]}]}),
            "require.any[0].all[0].any[0].optional: \"any\", \"all\" and \"optional\" nest at most 4 deep",
        ),
        (
            json!({"use": "users", "public": {}}),
            "require: expected an object with one key, \"use\", \"any\", \"all\", \"optional\" or \"public\", \
             found several",
        ),
        (
            json!({}),
            "require: expected an object with one key, \"use\", \"any\", \"all\", \"optional\" or \"public\", \
             found none",
        ),
        (
            json!("users"),
            "require: expected an object with one key, \"use\", \"any\", \"all\", \"optional\" or \"public\", \
             found a string",
        ),
        (json!({"option": {}}), "require.option: unknown field, did you mean \"optional\"?"),
        (json!({"public": {"use": "ops"}}), "require.public.use: unknown field, none is expected here"),
        (json!({"public": true}), "require.public: expected an object, found a boolean"),
    ];
    for (given, want) in cases {
        assert_eq!(compile(Some(given.clone()), &NAMES), Err(want.to_owned()), "{given}");
    }
}

#[test]
fn left_out_it_is_the_only_authenticator() {
    assert_eq!(compile(None, &["users"]), Ok(Require::Use(0)));
    let none = "require: no authenticator is configured: configure one, or say {\"public\": {}}";
    assert_eq!(compile(None, &[]), Err(none.to_owned()));
    let several = "require: there are several authenticators, say which: users, partners, ops";
    assert_eq!(compile(None, &NAMES), Err(several.to_owned()));
    assert_eq!(compile(Some(json!({"public": {}})), &[]), Ok(Require::Public));
}

#[test]
fn schemes_stand_once_in_order() {
    let tree = json!({"any": [{"all": [{"use": "ops"}, {"use": "users"}]}, {"use": "ops"}, {"public": {}}]});
    assert_eq!(compile(Some(tree), &NAMES).unwrap().schemes(), [2, 0]);
    assert!(Require::Public.schemes().is_empty());
}

/// What each authenticator says, then what comes of it and who was asked.
#[test]
fn credentials_decide() {
    use Outcome::{Absent, Pending, Refused, Valid};
    const BAD: Outcome<usize> = Refused(Reason::InvalidSignature);
    const OLD: Outcome<usize> = Refused(Reason::Expired);
    let passed = |who| Verdict::Passed(who);
    let refused = |reason, by| Verdict::Refused { reason, by };
    let missing = refused(Reason::MissingCredential, None);
    let bad = |by| refused(Reason::InvalidSignature, Some(by));
    let old = |by| refused(Reason::Expired, Some(by));
    let any = json!({"any": [{"use": "users"}, {"use": "partners"}]});
    let all = json!({"all": [{"use": "users"}, {"use": "partners"}]});
    let pair = json!({"any": [{"all": [{"use": "users"}, {"use": "partners"}]}, {"use": "ops"}]});
    let optional = json!({"optional": {"use": "users"}});
    let or_public = json!({"any": [{"public": {}}, {"use": "users"}]});
    let cases = [
        ("one, valid", &json!({"use": "users"}), [Valid(7), Absent, Absent], passed(Some(7)), &[0][..]),
        ("one, absent", &json!({"use": "users"}), [Absent, Valid(8), Absent], missing, &[0]),
        ("any, the second", &any, [Absent, Valid(8), Absent], passed(Some(8)), &[0, 1]),
        ("any, the first of two", &any, [Valid(7), BAD, Absent], passed(Some(7)), &[0]),
        ("any, an invalid one is not made up for", &any, [BAD, Valid(8), Absent], bad(0), &[0]),
        ("any, none", &any, [Absent, Absent, Valid(9)], missing, &[0, 1]),
        ("any, pending", &any, [Pending, Valid(8), Absent], Verdict::Pending, &[0]),
        ("all, both", &all, [Valid(7), Valid(8), Absent], passed(Some(7)), &[0, 1]),
        ("all, one missing", &all, [Valid(7), Absent, Absent], missing, &[0, 1]),
        ("all, one invalid", &all, [Valid(7), OLD, Absent], old(1), &[0, 1]),
        ("all, both invalid", &all, [BAD, OLD, Absent], bad(0), &[0]),
        ("all, pending", &all, [Valid(7), Pending, Absent], Verdict::Pending, &[0, 1]),
        ("a pair absent", &pair, [Absent, Absent, Valid(9)], passed(Some(9)), &[0, 1, 2]),
        ("a pair half there", &pair, [Absent, Valid(8), Valid(9)], missing, &[0, 1]),
        ("a pair half there, invalid", &pair, [Absent, BAD, Valid(9)], bad(1), &[0, 1]),
        ("optional, absent", &optional, [Absent, Valid(8), Absent], passed(None), &[0]),
        ("optional, valid", &optional, [Valid(7), Absent, Absent], passed(Some(7)), &[0]),
        ("optional, invalid", &optional, [BAD, Absent, Absent], bad(0), &[0]),
        ("public asks nobody", &json!({"public": {}}), [BAD, BAD, BAD], passed(None), &[]),
        ("or public, invalid", &or_public, [BAD, Absent, Absent], bad(0), &[0]),
        ("or public, valid", &or_public, [Valid(7), Absent, Absent], passed(Some(7)), &[0]),
        ("or public, absent", &or_public, [Absent, Absent, Absent], passed(None), &[0]),
    ];
    for (name, tree, says, want, asked) in cases {
        let mut order = Vec::new();
        let mut ask = |authenticator: usize| {
            order.push(authenticator);
            says[authenticator]
        };
        let tree = compile(Some(tree.clone()), &NAMES).unwrap();
        assert_eq!(tree.evaluate(&mut ask), want, "{name}");
        assert_eq!(order, asked, "{name}");
    }
}

#[test]
fn who_logs_out_shows_a_token_of_any_authenticator() {
    use Outcome::{Absent, Pending, Refused, Valid};
    const OTHER: Outcome<usize> = Refused(Reason::WrongIssuer);
    const OLD: Outcome<usize> = Refused(Reason::Expired);
    let refused = |reason, by| Verdict::Refused { reason, by };
    let cases = [
        ("the first", [Valid(7), Valid(8), Absent], Verdict::Passed(Some(7))),
        ("another one's", [OTHER, Absent, Valid(9)], Verdict::Passed(Some(9))),
        ("one cannot tell, another can", [Pending, OTHER, Valid(9)], Verdict::Passed(Some(9))),
        ("one cannot tell", [OTHER, Pending, OTHER], Verdict::Pending),
        ("nobody's", [Absent, OTHER, OLD], refused(Reason::WrongIssuer, Some(1))),
        ("none", [Absent, Absent, Absent], refused(Reason::MissingCredential, None)),
    ];
    let require = Require::FirstValid((0..3).map(Require::Use).collect());
    for (name, says, want) in cases {
        assert_eq!(require.evaluate(&mut |authenticator| says[authenticator]), want, "{name}");
    }
}
