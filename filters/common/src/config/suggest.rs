//! "did you mean": the accepted word nearest to a mistyped one.

use strsim::damerau_levenshtein;

/// The accepted word that a few typing errors turn into `given`: one per three letters, at least one.
#[must_use]
pub fn did_you_mean<'a>(given: &str, accepted: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (given.chars().count() / 3).max(1);
    accepted
        .into_iter()
        .map(|word| (damerau_levenshtein(given, word), word))
        // A word of two letters is one error away from every other of its length.
        .filter(|(distance, word)| *distance <= allowed && *distance < word.len().min(given.len()))
        .min()
        .map(|(_, word)| word)
}

/// `"a", "b" or "c"`.
pub(crate) fn alternatives(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests;
