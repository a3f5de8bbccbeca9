use super::super::tests::check_text;
use super::*;

#[test]
fn names_fit_into_metrics() {
    let longest = "a".repeat(63);
    let accepted = ["a", "per-user", "p1-2026", "_", "-", "0", &longest].map(|name| (name, Name(name.to_owned())));
    let too_long = "a".repeat(64);
    check_text(&accepted, &["", "A", "a b", "a.b", "a:b", "é", "a\n", &too_long]);
}
