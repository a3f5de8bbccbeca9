//! The table of a README.

use super::Field;

const END: &str = "<!-- config:end -->";

/// `readme` with the table of these fields between the markers `<!-- config:begin NAME -->` and `<!-- config:end -->`;
/// `None`: it has none.
#[must_use]
pub fn table(readme: &str, name: &str, fields: &[Field]) -> Option<String> {
    let begin = format!("<!-- config:begin {name} -->\n");
    let (before, rest) = readme.split_once(&begin)?;
    let (_, after) = rest.split_once(END)?;
    let mut rows = String::from("| field | type | default | meaning |\n|---|---|---|---|\n");
    for field in fields {
        let default = match &field.default {
            None => "required".to_owned(),
            Some(default) if default.is_null() => "absent".to_owned(),
            Some(default) => format!("`{}`", written(default)),
        };
        rows.push_str(&format!("| `{}` | {} | {default} | {} |\n", field.name, field.kind, field.doc));
    }
    Some(format!("{before}{begin}{rows}{END}{after}"))
}

/// A number as people write it: 1,000,000.
pub fn grouped(number: u64) -> String {
    match number {
        0..1_000 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1_000), number % 1_000),
    }
}

/// As people write it: a space behind each comma and colon.
fn written(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Array(elements) => {
            format!("[{}]", elements.iter().map(written).collect::<Vec<_>>().join(", "))
        }
        serde_json::Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("\"{name}\": {}", written(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
