//! What a regex's match becomes.

use regex_lite::Regex;
use sluicegate_common::pairs::MAX_WRITTEN;

/// A compiled `substitution`: `$1` and `${1}` are a group by number (`$0` the whole match), `${name}` one by name, `$$`
/// is a `$`. A group that took no part in the match is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Substitution(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Group(usize),
}

impl Substitution {
    /// Compiles `text` for matches of `regex`.
    ///
    /// # Errors
    /// What is wrong: a group the regex does not have, a `{` that is not closed, a `$` that starts nothing.
    pub fn parse(text: &str, regex: &Regex) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((literal, behind)) = rest.split_once('$') {
            pieces.push(Piece::Text(literal.to_owned()));
            let (piece, after) = reference(behind, regex)?;
            pieces.push(piece);
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        pieces.retain(|piece| *piece != Piece::Text(String::new()));
        Ok(Self(pieces))
    }

    /// What it makes of a match whose groups are all `group`.
    #[must_use]
    pub fn sample(&self, group: &str) -> String {
        self.0.iter().map(|piece| if let Piece::Text(text) = piece { text } else { group }).collect()
    }

    /// What `value` becomes; `None` where it is not UTF-8 or does not match. `regex` is the one that this was parsed
    /// for; it decides itself, by its anchors, whether it must match the whole value. What would be longer than
    /// [`MAX_WRITTEN`] is cut behind it, and then refused where it would be written.
    #[must_use]
    pub fn apply(&self, regex: &Regex, value: &[u8]) -> Option<Vec<u8>> {
        let captures = regex.captures(std::str::from_utf8(value).ok()?)?;
        let group = |number: usize| captures.get(number).map_or("", |group| group.as_str());
        let texts = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => text,
            Piece::Group(number) => group(*number),
        });
        let mut new = Vec::new();
        for text in texts {
            new.extend_from_slice(text.as_bytes());
            if new.len() > MAX_WRITTEN {
                break; // Groups of the client's, as often as the config names them.
            }
        }
        Some(new)
    }
}

/// What stands behind a `$`, and the text after it.
fn reference<'t>(text: &'t str, regex: &Regex) -> Result<(Piece, &'t str), String> {
    if let Some(after) = text.strip_prefix('$') {
        return Ok((Piece::Text("$".to_owned()), after));
    }
    if let Some(braced) = text.strip_prefix('{') {
        let (name, after) = braced.split_once('}').ok_or_else(|| format!("\"${text}\" lacks its \"}}\""))?;
        return Ok((group(name, regex)?, after));
    }
    let after = text.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let digits = text.strip_suffix(after).unwrap_or_default();
    if digits.is_empty() {
        return Err(format!("\"${text}\" starts no group: write \"$1\", \"${{name}}\", or \"$$\" for a dollar sign"));
    }
    Ok((group(digits, regex)?, after))
}

fn group(name: &str, regex: &Regex) -> Result<Piece, String> {
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    let numbered = || name.parse().ok().filter(|&number| is_number && number < regex.captures_len());
    let named = regex.capture_names().position(|group| group == Some(name));
    named.or_else(numbered).map(Piece::Group).ok_or_else(|| format!("the regex has no group {name:?}"))
}

#[cfg(test)]
mod tests;
