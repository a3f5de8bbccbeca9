//! The rules of draft-ietf-httpapi-ratelimit-headers-11, sections 3 and 4, upon RFC 9651 as `sfv` reads it.

use sfv::{BareItem, Item, List, ListEntry, Parameters, Parser};

/// One of the two fields.
#[derive(Debug, Clone, Copy)]
pub enum Field {
    Policy,
    RateLimit,
}

impl Field {
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "ratelimit-policy" => Some(Self::Policy),
            "ratelimit" => Some(Self::RateLimit),
            _ => None,
        }
    }
}

/// A member of the list: a policy (`q`, `w`) or what is left under one (`r`, `t`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    pub name: String,
    /// `q` or `r`.
    pub first: i64,
    /// `w` or `t`.
    pub second: Option<i64>,
}

/// Reads a value as the draft has it; the error says which rule it breaks.
pub fn read(field: Field, value: &str) -> Result<Vec<Member>, String> {
    let list: List = Parser::new(value).parse().map_err(|error| error.to_string())?;
    if list.is_empty() {
        return Err("a non-empty List".into());
    }
    list.iter().map(|entry| member(field, entry)).collect()
}

fn member(field: Field, entry: &ListEntry) -> Result<Member, String> {
    let ListEntry::Item(Item { bare_item: BareItem::String(name), params }) = entry else {
        return Err(format!("a String, found {entry:?}"));
    };
    let (first, second, least) = match field {
        Field::Policy => ("q", "w", 1),
        Field::RateLimit => ("r", "t", 0),
    };
    is_none_or(params, "pk", |value| matches!(value, BareItem::ByteSequence(_)))?;
    is_none_or(params, "qu", |value| matches!(value, BareItem::String(_)))?;
    Ok(Member {
        name: name.as_str().to_owned(),
        first: integer(params, first, 0)?.ok_or_else(|| format!("{first} is required"))?,
        second: integer(params, second, least)?,
    })
}

fn integer(parameters: &Parameters, key: &str, least: i64) -> Result<Option<i64>, String> {
    match parameters.get(key) {
        None => Ok(None),
        Some(BareItem::Integer(number)) if i64::from(*number) >= least => Ok(Some(i64::from(*number))),
        Some(other) => Err(format!("{key} is an Integer of at least {least}, found {other:?}")),
    }
}

fn is_none_or(parameters: &Parameters, key: &str, holds: fn(&BareItem) -> bool) -> Result<(), String> {
    match parameters.get(key) {
        Some(value) if !holds(value) => Err(format!("{key} is of the wrong type: {value:?}")),
        _ => Ok(()),
    }
}
