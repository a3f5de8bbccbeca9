use super::*;

#[test]
fn places_read_like_javascript() {
    let origin = ValuePointerRef::Origin;
    let rules = origin.push_key("rules");
    let rule = rules.push_index(2);
    let config = rule.push_key("config");
    assert_eq!(path_of(origin), "");
    assert_eq!(path_of(rule), "rules[2]");
    assert_eq!(path_of(config.push_key("x-id")), "rules[2].config.x-id");
    assert_eq!(path_of(config.push_key("a.b")), r#"rules[2].config["a.b"]"#);
    assert_eq!(path_of(config.push_key("")), r#"rules[2].config[""]"#);
    assert_eq!(path_of(origin.push_key("line\nfeed")), r#"["line\nfeed"]"#);
}

#[test]
fn a_place_moves_under_another() {
    struct Case(&'static str, &'static str, &'static str);
    let cases = [
        Case("", "mode", "mode"),
        Case("cors", "", "cors"),
        Case("cors", "rules[0].config", "cors.rules[0].config"),
        Case("limits", "[1].per", "limits[1].per"),
        Case("", "", ""),
    ];
    for Case(prefix, path, want) in cases {
        assert_eq!(under(prefix, path), want, "{prefix:?} {path:?}");
    }
}
