//! Whose token it is: the consumer's id and groups, out of the claims.

use serde_json::Value;
use sluicegate_common::config::{Object, Pointer};
use sluicegate_common::identity::is_name;

use crate::reason::Reason;

/// How an issuer's tokens name their consumer: `consumer`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Naming {
    /// `{"claim": "/sub", "map": "prefixed"}`: `<issuer name>:<claim>`. No other issuer's tokens, and no listed consumer,
    /// have such an id.
    Prefixed(Pointer),
    /// The same where config says nothing: `/sub`, and `<issuer name>:` for tokens that have none.
    PrefixedSubject,
    /// `{"claim": "/sub", "map": "registered"}`: the claim is the id of a listed consumer, without an issuer's name in
    /// front.
    Registered(Pointer),
    /// `{"fixed": "john"}`: all tokens of the issuer are this consumer's.
    Fixed(String),
}

/// A consumer as a token names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The id.
    pub id: String,
    /// Whether it is good only if config lists that consumer.
    pub must_be_listed: bool,
    /// Whether a claim that config names tells bearers apart.
    pub by_claim: bool,
}

impl Naming {
    /// The consumer of a token of the issuer entry `issuer`.
    ///
    /// # Errors
    /// [`Reason::Malformed`]: the claim is absent, no id, or nothing that can be part of one.
    pub fn name(&self, issuer: &str, claims: &Object) -> Result<Named, Reason> {
        let prefixed = |name: &str, by_claim| Named { id: format!("{issuer}:{name}"), must_be_listed: false, by_claim };
        let named = match self {
            Self::Prefixed(claim) => prefixed(&name(claim.find(claims))?, true),
            Self::PrefixedSubject => match claims.get("sub") {
                None => prefixed("", false),
                subject => prefixed(&name(subject)?, false),
            },
            Self::Registered(claim) => Named { id: name(claim.find(claims))?, must_be_listed: true, by_claim: true },
            Self::Fixed(id) => Named { id: id.clone(), must_be_listed: false, by_claim: false },
        };
        if is_name(&named.id) { Ok(named) } else { Err(Reason::Malformed) }
    }
}

/// A string that is not empty, or a whole number as JSON writes it.
fn name(value: Option<&Value>) -> Result<String, Reason> {
    match value {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        Some(Value::Number(number)) if !number.is_f64() => Ok(number.to_string()),
        _ => Err(Reason::Malformed),
    }
}

/// The groups at `claim`: an array of strings, or one string. Absent or null: none.
///
/// # Errors
/// [`Reason::Malformed`]: something else, or a group that is empty or holds a comma or a control character.
pub fn groups(claim: &Pointer, claims: &Object) -> Result<Vec<String>, Reason> {
    let group = |value: &Value| match value {
        Value::String(group) if is_name(group) => Ok(group.clone()),
        _ => Err(Reason::Malformed),
    };
    match claim.find(claims) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => list.iter().map(group).collect(),
        Some(value) => group(value).map(|group| vec![group]),
    }
}

#[cfg(test)]
mod tests;
