//! Names that stand once in their list.

use super::error::{ConfigError, ConfigErrors};

/// Checks that no two elements of a list have the same name. `list` is the place of the list and `field` the field that
/// holds the name: `check_unique("limits", "name", ..)`.
///
/// # Errors
/// One for each name that an element before it has.
pub fn check_unique<'a>(list: &str, field: &str, names: impl IntoIterator<Item = &'a str>) -> Result<(), ConfigErrors> {
    let mut first: Vec<(&str, usize)> = Vec::new();
    let mut errors = ConfigErrors::new();
    for (index, name) in names.into_iter().enumerate() {
        match first.binary_search_by_key(&name, |(known, _)| known) {
            Err(free) => first.insert(free, (name, index)),
            Ok(at) => {
                let taken_by = first.get(at).map_or(0, |(_, index)| *index);
                errors.push(taken(format!("{list}[{index}].{field}"), name, &format!("{list}[{taken_by}]")));
            }
        }
    }
    errors.into_result(())
}

/// The error of a name at `path` that the element at `by` has already.
pub(crate) fn taken(path: impl Into<String>, name: &str, by: &str) -> ConfigError {
    ConfigError::invalid(path, format!("the name {name:?} is taken by {by}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_once() {
        assert_eq!(check_unique("limits", "name", ["a", "b"]), Ok(()));
        let errors = check_unique("limits", "name", ["a", "b", "a", "b", "a"]).map_err(|errors| errors.to_string());
        assert_eq!(
            errors,
            Err("limits[2].name: the name \"a\" is taken by limits[0]\n\
                 limits[3].name: the name \"b\" is taken by limits[1]\n\
                 limits[4].name: the name \"a\" is taken by limits[0]"
                .to_owned())
        );
    }
}
