use serde_json::json;

use super::*;

fn build(config: Value) -> Result<Built<Value, Object>, String> {
    layers(config, &["store"]).build(Ok, |_, object, _| Ok(object)).map_err(|errors| errors.to_string())
}

#[test]
fn each_rule_patches_the_top_alone() {
    let built = build(json!({
        "$schema": "x", "a": {"x": 1, "y": 2}, "b": [1],
        "rules": [
            {"name": "one", "match": {"hosts": ["a"]}, "config": {"a": {"x": 3}, "b": null}},
            {"name": "two", "match": {}, "config": {"b": [2]}},
        ],
    }));
    let Built { top, rules } = built.unwrap();
    assert_eq!(Value::Object(top), json!({"a": {"x": 1, "y": 2}, "b": [1]}));
    let rules: Vec<_> = rules.into_iter().map(|rule| (rule.name.into_string(), rule.matcher, rule.config)).collect();
    let object = |value: Value| value.as_object().unwrap().clone();
    let want = [
        ("one".to_owned(), json!({"hosts": ["a"]}), object(json!({"a": {"x": 3, "y": 2}}))),
        ("two".to_owned(), json!({}), object(json!({"a": {"x": 1, "y": 2}, "b": [2]}))),
    ];
    assert_eq!(rules, want);
}

#[test]
fn a_sum_is_replaced_whole() {
    let built = build(json!({
        "require": {"any": [{"use": "a"}]}, "auth": {"realm": "api", "require": {"use": "a"}}, "json": {"require": {"a": 1}},
        "rules": [
            {"name": "one", "match": {}, "config": {"require": {"public": {}}}},
            {"name": "two", "match": {}, "config": {"auth": {"require": {"use": null, "optional": {"use": "a"}}}}},
            {"name": "three", "match": {}, "config": {"auth": {"realm": "b"}, "json": {"require": {"b": 2}}}},
        ],
    }));
    let built = built.unwrap();
    assert_eq!(built.top["require"], json!({"any": [{"use": "a"}]}));
    let [one, two, three] = &built.rules[..] else { panic!("{built:?}") };
    assert_eq!(one.config["require"], json!({"public": {}}));
    assert_eq!(two.config["auth"], json!({"realm": "api", "require": {"optional": {"use": "a"}}}));
    assert_eq!(two.config["require"], built.top["require"]);
    assert_eq!(three.config["auth"], json!({"realm": "b", "require": {"use": "a"}}));
    assert_eq!(three.config["json"], json!({"require": {"a": 1, "b": 2}}), "a document is no config");
}

#[test]
fn registries_exist_once() {
    let config = json!({"a": 1, "store": {"x": 1}, "auth": {"store": 2, "b": 3},
        "rules": [{"name": "one", "match": {}, "config": {"a": 2}}]});
    let build = |_: &str, object: Object, top: Option<Top<'_, (Object, bool)>>| Ok((object, top.is_some()));
    let built = layers(config, &["store", "auth.store"]).build(Ok, build).unwrap();
    let (top, rule) = (Value::Object(built.top.0), &built.rules[0].config);
    assert_eq!(top, json!({"a": 1, "store": {"x": 1}, "auth": {"store": 2, "b": 3}}));
    assert_eq!((Value::Object(rule.0.clone()), rule.1), (json!({"a": 2, "auth": {"b": 3}}), true));
}

#[test]
fn rules_of_a_wrong_top_are_checked_with_registries_but_not_with_all_of_long_ones() {
    let keys = |count: usize| (0..count).map(|key| json!({"key": key})).collect::<Value>();
    let config = json!({"auth": {"keys": {"all": keys(1000)}, "b": 3},
        "rules": [{"name": "one", "match": {}, "config": {"a": 2}}]});
    let mut rule = None;
    let build = |name: &str, object: Object, _: Option<Top<'_, ()>>| match name {
        DEFAULT_RULE => Err(ConfigError::invalid("auth", "is wrong").into()),
        _ => {
            rule = Some(Value::Object(object));
            Ok(())
        }
    };
    assert_eq!(layers(config, &["auth.keys"]).build(Ok, build).unwrap_err().to_string(), "auth: is wrong");
    assert_eq!(rule, Some(json!({"a": 2, "auth": {"keys": {"all": keys(ENOUGH)}, "b": 3}})));
}

#[test]
fn a_config_without_rules_is_its_top() {
    assert_eq!(build(json!({"a": 1})).unwrap().rules, []);
    assert_eq!(build(json!({"rules": []})).unwrap().top, Object::new());
}

#[test]
fn shapes_are_checked() {
    let cases = [
        (json!([]), "config: expected an object, found an array"),
        (json!({"rules": {}}), "rules: expected an array, found an object"),
        (json!({"rules": null}), "rules: null is no value, leave the field out"),
        (json!({"rules": ["x"]}), "rules[0]: expected an object, found a string"),
        (
            json!({"rules": [{}]}),
            "rules[0].name: required field is missing\nrules[0].match: required field is missing\n\
             rules[0].config: required field is missing",
        ),
        (
            json!({"rules": [{"name": "a", "match": {}, "config": []}]}),
            "rules[0].config: expected an object, found an array",
        ),
        (
            json!({"rules": [{"name": "a", "match": {}, "config": {}}, {"name": "a", "match": {}, "config": {}}]}),
            "rules[1].name: the name \"a\" is taken by rules[0]",
        ),
        (
            json!({"rules": [{"name": "A", "match": {}, "config": {}, "when": {}}]}),
            "rules[0].name: expected a name of 1 to 63 characters out of a-z, 0-9, _ and -, found \"A\"\n\
             rules[0].when: unknown field, expected one of name, match, config",
        ),
    ];
    for (config, want) in cases {
        assert_eq!(build(config.clone()).unwrap_err(), want, "{config}");
    }
}

/// Every field is an error, at its place.
fn refuse(_: &str, object: Object, _: Option<Top<'_, ()>>) -> Result<(), ConfigErrors> {
    let errors: ConfigErrors =
        object.iter().map(|(name, value)| ConfigError::invalid(name, format!("found {value}"))).collect();
    errors.into_result(())
}

#[test]
fn an_error_of_the_top_is_not_told_again_for_each_rule() {
    let config = json!({"a": 1, "rules": [
        {"name": "one", "match": 7, "config": {"b": 2}},
        {"name": "two", "match": 8, "config": {"a": 3, "store": {}}},
    ]});
    let matcher = |given: Value| Err::<(), _>(ConfigError::invalid("paths", format!("found {given}")).into());
    let errors = layers(config, &["store"]).build(matcher, refuse).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "rules[1].config.store: a registry stands at the top, once for all rules: no rule can change it\n\
         a: found 1\nrules[0].match.paths: found 7\nrules[0].config.b: found 2\nrules[1].match.paths: found 8\n\
         rules[1].config.a: found 3"
    );
}

#[test]
fn layers_nest_as_the_gateway_needs_it() {
    let config = json!({
        "cors": {"max_age": 1, "rules": [{"name": "in", "match": {}, "config": {"max_age": 2}}]},
        "rules": [{"name": "out", "match": {}, "config": {"cors": {"max_age": 3, "x": 4}}}],
    });
    let cors = |_: &str, object: Object, _: Option<Top<'_, ()>>| {
        let cors = layers(object["cors"].clone(), &[]).build(Ok, refuse);
        cors.map(drop).map_err(|errors| errors.under("cors"))
    };
    let errors = layers(config, &["cors.store"]).build(Ok, cors).unwrap_err();
    assert_eq!(
        errors.to_string(),
        "cors.max_age: found 1\ncors.rules[0].config.max_age: found 2\n\
         rules[0].config.cors.max_age: found 3\nrules[0].config.cors.x: found 4"
    );
}

#[test]
fn nulls_of_the_top_are_told_once() {
    let config = json!({"mode": null, "rules": [{"name": "a", "match": {}, "config": {"b": [null]}}]});
    let read = |_: &str, object: Object, _: Option<Top<'_, ()>>| super::super::Policy::parse(object).map(|_| ());
    assert_eq!(
        layers(config, &[]).build(Ok, read).unwrap_err().to_string(),
        "mode: null is no value, leave the field out\nrules[0].config.b[0]: null is no value, leave the field out"
    );
}
