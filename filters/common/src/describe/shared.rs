//! What stands in a schema more than once, written once.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value, json};

/// What is shorter stays where it stands, in bytes.
const WORTH: usize = 256;

/// The same schema, with what stands in it more than once under `$defs`, named by the fields that lead to its first place.
#[must_use]
pub fn shared(mut schema: Value) -> Value {
    let names = names(&schema);
    let mut defs = Map::new();
    for (text, name) in &names {
        let mut def = serde_json::from_str(text).unwrap_or_default();
        replace(&mut def, &names);
        defs.insert(name.clone(), def);
    }
    replace(&mut schema, &names);
    if let Value::Object(schema) = &mut schema {
        schema.insert("$defs".to_owned(), defs.into());
    }
    schema
}

/// The texts of what stands in the schema more than once, and their names.
fn names(schema: &Value) -> BTreeMap<String, String> {
    // Outer ones first. What a copy holds is not counted again: the copy will be gone.
    let mut found: Vec<(String, String)> = Vec::new();
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    let mut queue = VecDeque::from([(String::new(), schema.clone())]);
    while let Some((path, mut outer)) = queue.pop_front() {
        each(&mut outer, &mut |field, inner| {
            let text = inner.to_string();
            if text.len() < WORTH {
                return;
            }
            let times = times.entry(text.clone()).or_default();
            *times = times.saturating_add(1);
            if *times == 1 {
                let path = match field {
                    Some(field) if path.is_empty() => field.to_owned(),
                    Some(field) => format!("{path}.{field}"),
                    None => path.clone(),
                };
                found.push((text, path.clone()));
                queue.push_back((path, inner.clone()));
            }
        });
    }
    found.retain(|(text, _)| times.get(text).is_some_and(|times| *times > 1));
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut unique = |name: String| {
        let times = taken.entry(name.clone()).or_default();
        *times = times.saturating_add(1);
        if *times == 1 { name } else { format!("{name}.{times}") }
    };
    found.into_iter().map(|(text, path)| (text, unique(path))).collect()
}

/// References in the place of what has a name.
fn replace(schema: &mut Value, names: &BTreeMap<String, String>) {
    each(schema, &mut |_, inner| match names.get(&inner.to_string()) {
        Some(name) => *inner = json!({ "$ref": format!("#/$defs/{name}") }),
        None => replace(inner, names),
    });
}

/// Shows each schema right inside of this one, with the field that it is of.
fn each(schema: &mut Value, see: &mut dyn FnMut(Option<&str>, &mut Value)) {
    let Value::Object(schema) = schema else { return };
    for (keyword, inner) in schema {
        match (keyword.as_str(), inner) {
            ("properties", Value::Object(fields)) => fields.iter_mut().for_each(|(name, field)| see(Some(name), field)),
            ("anyOf", Value::Array(kinds)) => kinds.iter_mut().for_each(|kind| see(None, kind)),
            ("items" | "additionalProperties", inner @ Value::Object(_)) => see(None, inner),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
