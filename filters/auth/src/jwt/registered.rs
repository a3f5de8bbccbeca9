//! The registered claims (RFC 7519 section 4.1): who made a token, for whom, and when it holds.

use std::time::Duration;

use serde_json::Value;
use sluicegate_common::config::Object;
use sluicegate_common::time::Nanos;

use crate::reason::Reason;

/// A claim that is a string: `iss`, `sub`, `jti`.
///
/// # Errors
/// [`Reason::Malformed`]: it is none.
pub fn text<'c>(claims: &'c Object, name: &str) -> Result<Option<&'c str>, Reason> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Reason::Malformed),
    }
}

/// Checks `aud` (RFC 7519 section 4.1.3): a string or an array of strings, one of which is one of `audiences`, byte by
/// byte. Without `audiences` any will do.
///
/// # Errors
/// [`Reason::WrongAudience`], or [`Reason::Malformed`]: it is none of these.
pub fn check_audience(claims: &Object, audiences: &[String]) -> Result<(), Reason> {
    let known = |audience: &str| audiences.iter().any(|known| known == audience);
    let meant = match claims.get("aud") {
        None => false,
        Some(Value::String(audience)) => known(audience),
        Some(Value::Array(list)) => {
            let mut meant = false;
            for element in list {
                meant |= known(element.as_str().ok_or(Reason::Malformed)?);
            }
            meant
        }
        Some(_) => return Err(Reason::Malformed),
    };
    if meant || audiences.is_empty() { Ok(()) } else { Err(Reason::WrongAudience) }
}

/// When a token holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// `exp`: from then on no more.
    pub expires: Option<Nanos>,
    /// `nbf`: not before.
    pub not_before: Option<Nanos>,
    /// `iat`: when it was made.
    pub issued: Option<Nanos>,
}

impl Times {
    /// Reads them.
    ///
    /// # Errors
    /// [`Reason::Malformed`]: one of them is no `NumericDate`.
    pub fn of(claims: &Object) -> Result<Self, Reason> {
        Ok(Self {
            expires: numeric_date(claims, "exp")?,
            not_before: numeric_date(claims, "nbf")?,
            issued: numeric_date(claims, "iat")?,
        })
    }

    /// Checks them against the clock, whose difference from the issuer's is at most `skew`. A token that was made in the
    /// future does not hold yet.
    ///
    /// # Errors
    /// [`Reason::Expired`] or [`Reason::NotYetValid`].
    pub fn check(self, now: Nanos, skew: Duration) -> Result<(), Reason> {
        if self.expires.is_some_and(|expires| now >= expires.plus(skew)) {
            return Err(Reason::Expired);
        }
        let to_come = |time: Nanos| time > now.plus(skew);
        if self.not_before.is_some_and(to_come) || self.issued.is_some_and(to_come) {
            return Err(Reason::NotYetValid);
        }
        Ok(())
    }

    /// Checks that it was made to hold for `max` at most.
    ///
    /// # Errors
    /// [`Reason::Malformed`]: longer, or not told.
    pub fn check_lifetime(self, max: Duration) -> Result<(), Reason> {
        match (self.issued, self.expires) {
            (Some(issued), Some(expires)) if expires.since(issued) <= max => Ok(()),
            _ => Err(Reason::Malformed),
        }
    }
}

/// A `NumericDate` (RFC 7519 section 2): seconds since the epoch, with or without a fraction. Those after the year 2554
/// are the end of time ([`Nanos`]); negative ones, and those that no signed 64-bit number of seconds reaches, are none.
fn numeric_date(claims: &Object, name: &str) -> Result<Option<Nanos>, Reason> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let whole = value.as_u64().map(Duration::from_secs);
    let date = whole.or_else(|| value.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()));
    match date {
        Some(date) if i64::try_from(date.as_secs()).is_ok() => Ok(Some(Nanos::default().plus(date))),
        _ => Err(Reason::Malformed),
    }
}

#[cfg(test)]
mod tests;
