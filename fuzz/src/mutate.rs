//! Mutations of JSON that leave it JSON: bytes changed at random rarely come past the parser.

use std::ops::Range;

use fastrand::Rng;
use serde_json::{Map, Number, Value};

/// Texts that mean something to some parser.
const TEXTS: [&str; 12] =
    ["", "*", "/", "..", "\u{0}", "\u{e9}", "%2F", "1h", "16KiB", "2030-01-01T00:00:00Z", "[", "(a{1000}){1000}"];

/// Changes one place of the JSON text that is `part` of `data[..size]`. Gives the new size; `None` where that is no JSON,
/// or what comes of it is longer than `max_size`.
pub fn json(data: &mut [u8], size: usize, max_size: usize, part: Range<usize>, seed: u32) -> Option<usize> {
    let mut rng = Rng::with_seed(u64::from(seed));
    let mut value: Value = serde_json::from_slice(data.get(part.clone())?).ok()?;
    let places = count(&value);
    let donor = nth(&value, &mut rng.usize(..places)).cloned().unwrap_or_default();
    let place = nth_mut(&mut value, &mut rng.usize(..places))?;
    change(place, donor, &mut rng);
    let text = serde_json::to_vec(&value).ok()?;
    let changed = [data.get(..part.start)?, &text, data.get(part.end..size)?].concat();
    let changed = (changed.len() <= max_size).then_some(changed)?;
    data.get_mut(..changed.len())?.copy_from_slice(&changed);
    Some(changed.len())
}

/// How many values there are, at any depth.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(count).sum::<usize>(),
        Value::Object(object) => object.values().map(count).sum(),
        _ => 0,
    }
}

fn nth<'v>(value: &'v Value, n: &mut usize) -> Option<&'v Value> {
    if *n == 0 {
        return Some(value);
    }
    *n -= 1;
    match value {
        Value::Array(list) => list.iter().find_map(|value| nth(value, n)),
        Value::Object(object) => object.values().find_map(|value| nth(value, n)),
        _ => None,
    }
}

fn nth_mut<'v>(value: &'v mut Value, n: &mut usize) -> Option<&'v mut Value> {
    if *n == 0 {
        return Some(value);
    }
    *n -= 1;
    match value {
        Value::Array(list) => list.iter_mut().find_map(|value| nth_mut(value, n)),
        Value::Object(object) => object.values_mut().find_map(|value| nth_mut(value, n)),
        _ => None,
    }
}

fn change(place: &mut Value, donor: Value, rng: &mut Rng) {
    match (rng.u8(..4), place) {
        (0, place) => *place = donor,
        (1, place) => *place = leaf(rng),
        (_, Value::Array(list)) => change_list(list, donor, rng),
        (_, Value::Object(object)) => change_object(object, donor, rng),
        (_, Value::String(text)) => *text = changed(text, rng),
        (_, Value::Number(number)) => {
            let near = number.as_i64().map(|n| n.wrapping_add(rng.i64(-2..=2)));
            *number = near.map_or(Number::from(0), Number::from);
        }
        (_, place) => *place = Value::Bool(rng.bool()),
    }
}

fn leaf(rng: &mut Rng) -> Value {
    match rng.u8(..7) {
        0 => Value::Null,
        1 => Value::Bool(rng.bool()),
        2 => Value::from(rng.i64(..) >> rng.u32(..64)),
        3 => Value::from(f64::from_bits(rng.u64(..))),
        4 => Value::Array(Vec::new()),
        5 => Value::Object(Map::new()),
        _ => Value::from(*rng.choice(&TEXTS).unwrap_or(&"")),
    }
}

fn change_list(list: &mut Vec<Value>, donor: Value, rng: &mut Rng) {
    let at = rng.usize(..=list.len());
    match rng.u8(..4) {
        0 if at < list.len() => _ = list.remove(at),
        1 if at < list.len() => list.insert(at, list[at].clone()),
        2 => rng.shuffle(list),
        _ => list.insert(at, donor),
    }
}

fn change_object(object: &mut Map<String, Value>, donor: Value, rng: &mut Rng) {
    let names: Vec<&String> = object.keys().collect();
    let Some(name) = rng.choice(&names).map(|name| (*name).clone()) else { return };
    match rng.u8(..4) {
        0 => _ = object.remove(&name),
        1 => {
            let value = object.remove(&name).unwrap_or_default();
            object.insert(changed(&name, rng), value);
        }
        2 => _ = object.insert(changed(&name, rng), donor),
        _ => _ = object.insert(name, donor),
    }
}

/// The text with one character gone, doubled, or another one.
fn changed(text: &str, rng: &mut Rng) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = rng.usize(..=chars.len());
    match rng.u8(..4) {
        0 if at < chars.len() => _ = chars.remove(at),
        1 if at < chars.len() => chars[at] = char::from(rng.u8(..)),
        2 => return (*rng.choice(&TEXTS).unwrap_or(&"")).to_owned(),
        _ => chars.insert(at, char::from(rng.u8(32..127))),
    }
    chars.into_iter().collect()
}
