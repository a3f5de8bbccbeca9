use super::super::tests::check_text;
use super::*;

#[test]
fn names_are_tokens_in_lower_case() {
    let name = |name: &str| HeaderName(name.to_owned());
    let accepted = [
        ("authorization", name("authorization")),
        ("X-Correlation-ID", name("x-correlation-id")),
        ("1st", name("1st")),
        ("!#$%&'*+-.^_`|~", name("!#$%&'*+-.^_`|~")),
    ];
    check_text(&accepted, &["", ":path", "x y", "x:", "x\r\ny", "x\0", "é", "a,b", "\"a\"", "a/b", "x "]);
}
