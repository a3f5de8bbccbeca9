use serde_json::json;

use super::*;

#[test]
fn nulls_are_found_except_where_they_mean_something() {
    let config = json!({
        "a": null,
        "b": [1, null, {"c": null}],
        "errors": {"expired": {"json": {"data": null}}, "x": {"json": null}},
        "rules": [{"name": null, "match": {"paths": null}, "config": {"mode": null}}, {"config": null}],
        "cors": {"rules": [{"config": {"max_age": null}}]},
        "config": {"d": null},
    });
    let mut errors = ConfigErrors::new();
    find(&config, ValuePointerRef::Origin, &mut errors);
    let paths: Vec<_> = errors.iter().map(|error| error.path()).collect();
    let want = [
        "a",
        "b[1]",
        "b[2].c",
        "config.d",
        "errors.x.json",
        "rules[0].match.paths",
        "rules[0].name",
        "rules[1].config",
    ];
    assert_eq!(paths, want);
}
