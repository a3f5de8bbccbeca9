use serde_json::json;

use super::*;

fn keys(kid: &str) -> KeySet {
    let key = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": kid});
    KeySet::fetched(json!({"keys": [key]}).to_string().as_bytes()).unwrap().0
}

#[test]
fn what_was_asked_for_and_not_brought_is_missing() {
    let kids = Kids::default();
    kids.ask("a");
    kids.ask("b");
    assert!(!kids.is_missing("b"));
    kids.settle(Some(&keys("a")));
    assert_eq!((kids.is_missing("a"), kids.is_missing("b"), kids.is_missing("c")), (false, true, false));
    kids.forget();
    assert!(!kids.is_missing("b"));
}

#[test]
fn a_failed_fetch_tells_nothing() {
    let kids = Kids::default();
    kids.ask("b");
    kids.settle(None);
    kids.settle(Some(&keys("a")));
    assert!(!kids.is_missing("b"));
}

#[test]
fn only_so_many_are_kept() {
    let kids = Kids::default();
    let ask = |range: std::ops::Range<u32>| {
        range.for_each(|n| kids.ask(&n.to_string()));
        kids.settle(Some(&keys("a")));
    };
    ask(0..1000);
    assert_eq!((0..1000).filter(|n| kids.is_missing(&n.to_string())).count(), MOST);
    ask(1000..1010);
    assert_eq!((0..2000).filter(|n| kids.is_missing(&n.to_string())).count(), MOST);
    assert!((1000..1010).all(|n| kids.is_missing(&n.to_string())));
    assert!(!kids.is_missing("0"));
}
