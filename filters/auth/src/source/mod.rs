//! Where credentials stand in a request.
//!
//! 1. What has nothing in it was not shown: `Bearer` alone, an empty header, parameter or cookie. Neither was what
//!    begins in another way than the source says (`Basic ..` is no `Bearer`).
//! 2. What was shown twice is malformed, because two readers may choose differently: a header on two lines, or joined by
//!    a host into one (there is a comma in it); a parameter or a cookie with two values; two sources that differ.
//! 3. Values of parameters are decoded, those of cookies are not; quotes around a cookie's value are no part of it
//!    (RFC 6265 section 4.1.1).
//! 4. A credential holds no control byte, and after a scheme neither a blank nor a quote.
//!
//! Not read: fragments, bodies, `;` as a separator of parameters.

mod prefix;
mod raw;

use std::fmt;

use sluicegate_common::facts::Facts;
use sluicegate_common::head::{EditError, RequestHead};
use sluicegate_common::pairs::{self, Edit, Names};

use crate::reason::Reason;
use prefix::Prefix;

/// Where the credentials of one kind stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources(Vec<Source>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    place: Place,
    prefix: Prefix,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// The name in lower case.
    Header(String),
    Query(String),
    Cookie(String),
}

/// A credential as the client showed it, without its prefix. At least one byte, not verified in any way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Shown<'r> {
    /// Its bytes. They go into no log, error or metric.
    pub credential: &'r [u8],
    /// It stands in cookies alone, which a browser sends along whoever made it send the request.
    pub by_cookie: bool,
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").field("by_cookie", &self.by_cookie).finish_non_exhaustive()
    }
}

impl Sources {
    /// `Authorization: <scheme> ..` (RFC 9110 section 11.6.2).
    #[must_use]
    pub fn authorization(scheme: &str) -> Self {
        let place = Place::Header("authorization".to_owned());
        Self(vec![Source { place, prefix: Prefix::Scheme(scheme.to_owned()) }])
    }

    /// The headers in which credentials stand, in lower case.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|source| match &source.place {
            Place::Header(name) => Some(name.as_str()),
            Place::Query(_) | Place::Cookie(_) => None,
        })
    }

    /// The credential of this kind; `None` where none was shown.
    ///
    /// # Errors
    /// [`Reason::Malformed`]: something was shown that is none, or more than one thing.
    pub fn find<'r>(&'r self, head: &'r RequestHead<'_>, facts: &'r Facts) -> Result<Option<Shown<'r>>, Reason> {
        let mut shown: Option<Shown<'r>> = None;
        for source in &self.0 {
            let Some(credential) = source.find(head, facts)? else { continue };
            let by_cookie = matches!(source.place, Place::Cookie(_));
            shown = match shown {
                Some(before) if before.credential != credential => return Err(Reason::Malformed),
                Some(before) => Some(Shown { by_cookie: before.by_cookie && by_cookie, ..before }),
                None => Some(Shown { credential, by_cookie }),
            };
        }
        Ok(shown)
    }

    /// Takes every credential of this kind away, malformed ones included. All other bytes of the request stay: headers
    /// of other schemes, the rest of the query, other cookies.
    ///
    /// # Errors
    /// The host's target cannot be written back. It holds a credential still.
    pub fn hide(&self, head: &mut RequestHead<'_>) -> Result<(), EditError> {
        self.0.iter().try_for_each(|source| source.hide(head))
    }
}

impl Source {
    fn find<'r>(&'r self, head: &'r RequestHead<'_>, facts: &'r Facts) -> Result<Option<&'r [u8]>, Reason> {
        let values = match &self.place {
            Place::Header(name) => return self.in_header(head.values(name)),
            Place::Query(name) => facts.parameter(head, name),
            Place::Cookie(name) => facts.cookie(head, name),
        };
        let [first, others @ ..] = values else { return Ok(None) };
        if others.iter().any(|other| other != first) {
            return Err(Reason::Malformed);
        }
        self.prefix.strip(first).map_or(Ok(None), |text| self.prefix.check(text))
    }

    fn in_header<'r>(&self, lines: impl Iterator<Item = &'r [u8]>) -> Result<Option<&'r [u8]>, Reason> {
        let (mut parts, mut shown) = (0_usize, None);
        for line in lines {
            // Nearly every header is one line without a comma.
            if line.contains(&b',') {
                for part in parts_of(line) {
                    parts = parts.saturating_add(1);
                    shown = shown.or(self.prefix.strip(part));
                }
            } else {
                parts = parts.saturating_add(1);
                shown = shown.or(self.prefix.strip(line.trim_ascii()));
            }
        }
        match shown {
            Some(_) if parts > 1 => Err(Reason::Malformed),
            Some(text) => self.prefix.check(text),
            None => Ok(None),
        }
    }

    fn hide(&self, head: &mut RequestHead<'_>) -> Result<(), EditError> {
        match &self.place {
            Place::Header(name) => {
                let is_shown = |part: &[u8]| self.prefix.strip(part).is_some();
                let shown = head.values(name).any(|line| is_shown(line.trim_ascii()) || parts_of(line).any(is_shown));
                if shown { head.remove(name) } else { Ok(()) }
            }
            Place::Query(name) => {
                let edited = pairs::query::edit(head.target(), &Names::Exact(name.clone()), &Edit::Remove);
                edited.changed.map_or(Ok(()), |target| head.set(":path", target))
            }
            Place::Cookie(name) => {
                let lines: Vec<&[u8]> = head.values("cookie").collect();
                let edited = pairs::cookies::edit(&lines, &Names::Exact(name.clone()), &Edit::Remove);
                edited.changed.map_or(Ok(()), |lines| write_cookies(head, lines))
            }
        }
    }
}

/// The lines of a header as they were before a host joined them to this one, if it did.
fn parts_of(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|&byte| byte == b',').map(<[u8]>::trim_ascii)
}

fn write_cookies(head: &mut RequestHead<'_>, lines: Vec<Vec<u8>>) -> Result<(), EditError> {
    head.remove("cookie")?;
    lines.into_iter().try_for_each(|line| head.append("cookie", line))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
pub(crate) mod tests;
