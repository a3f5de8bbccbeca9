//! How an error names its place: `rules[2].config.allow_origins[1]`, `errors["a.b"].status`.

use deserr::ValuePointerRef;

/// The place as text, for the path of a [`super::ConfigError`]; empty for the config as a whole.
#[must_use]
pub fn path_of(location: ValuePointerRef<'_>) -> String {
    match location {
        ValuePointerRef::Origin => String::new(),
        ValuePointerRef::Key { key, prev } => child(&path_of(*prev), key),
        ValuePointerRef::Index { index, prev } => format!("{}[{index}]", path_of(*prev)),
    }
}

/// The field `name` of the object at `path`. A name that would be read as something else is quoted.
pub(crate) fn child(path: &str, name: &str) -> String {
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-$".contains(&b));
    match (plain, path.is_empty()) {
        (true, true) => name.to_owned(),
        (true, false) => format!("{path}.{name}"),
        (false, _) => format!("{path}[{name:?}]"),
    }
}

/// `path` as seen from the object that holds the one `path` was made for at `prefix`.
pub(crate) fn under(prefix: &str, path: &str) -> String {
    if prefix.is_empty() || path.is_empty() || path.starts_with('[') {
        format!("{prefix}{path}")
    } else {
        format!("{prefix}.{path}")
    }
}

#[cfg(test)]
mod tests;
