use super::*;

/// The schema with what references name in their place.
fn expanded(mut schema: Value, defs: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
        return expanded(defs[name].clone(), defs);
    }
    each(&mut schema, &mut |_, inner| *inner = expanded(inner.take(), defs));
    schema
}

#[test]
fn what_stands_twice_is_written_once_and_says_the_same() {
    let long = |what: &str| json!({ "type": "string", "description": what.repeat(WORTH) });
    let pair = json!({ "type": "object", "properties": { "left": long("a"), "right": long("b") } });
    let patch = json!({ "anyOf": [long("b"), { "type": "null" }] });
    let schema = json!({ "type": "object", "properties": {
        "few": { "type": "array", "items": pair },
        "many": { "type": "object", "additionalProperties": pair },
        "patch": { "type": "object", "properties": { "right": patch, "left": long("c"), "short": { "const": "c" } } },
        "short": { "const": "c" },
        "words": { "enum": ["a"], "default": long("c") },
    } });

    let mut shared = shared(schema.clone());

    let defs = shared.as_object_mut().unwrap().remove("$defs").unwrap();
    let names: Vec<&String> = defs.as_object().unwrap().keys().collect();
    // The left one goes with the pair; the right one stands in the patch as well.
    assert_eq!(names, ["few", "few.right"]);
    assert_eq!(shared["properties"]["many"]["additionalProperties"], json!({ "$ref": "#/$defs/few" }));
    assert_eq!(defs["few"]["properties"]["right"], json!({ "$ref": "#/$defs/few.right" }));
    assert_eq!(expanded(shared, &defs), schema);
}

#[test]
fn names_are_told_apart() {
    let long = |what: &str| json!({ "type": "string", "description": what.repeat(WORTH) });
    let schema = json!({ "properties": {
        "a": { "anyOf": [long("a"), long("b")] },
        "b": { "anyOf": [long("b"), long("a")] },
    } });
    let shared = shared(schema);
    assert_eq!(shared["properties"]["a"]["anyOf"], json!([{ "$ref": "#/$defs/a" }, { "$ref": "#/$defs/a.2" }]));
    assert_eq!(shared["properties"]["b"]["anyOf"], json!([{ "$ref": "#/$defs/a.2" }, { "$ref": "#/$defs/a" }]));
}
