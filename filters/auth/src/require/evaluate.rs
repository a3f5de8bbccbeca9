//! What becomes of a request by the credentials it shows.

use super::Require;
use crate::reason::Reason;

/// What an authenticator says about a request. `P` is whom it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<P> {
    /// No credential of its kind is shown.
    Absent,
    /// The credential is this one's.
    Valid(P),
    /// The credential is not to be accepted.
    Refused(Reason),
    /// It cannot tell yet: what it needs is on its way.
    Pending,
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<P> {
    /// It passes, and comes from this one; from nobody where no credential is shown and none is needed.
    Passed(Option<P>),
    /// It does not pass.
    Refused {
        /// Why.
        reason: Reason,
        /// The authenticator whose credential was refused; none where one is missing.
        by: Option<usize>,
    },
    /// An authenticator cannot tell yet: evaluate again when it can.
    Pending,
}

/// What becomes of a part of the tree.
enum Part<P> {
    /// None of its credentials is shown; `passes` if none is needed.
    Absent {
        passes: bool,
    },
    Valid(P),
    Refused {
        reason: Reason,
        by: Option<usize>,
    },
    Pending,
}

impl Require {
    /// Asks authenticators until the request's fate is known: none after the first that refuses or cannot tell yet, and
    /// one that stands twice maybe twice.
    pub fn evaluate<P>(&self, ask: &mut dyn FnMut(usize) -> Outcome<P>) -> Verdict<P> {
        match self.part(ask) {
            Part::Absent { passes: true } => Verdict::Passed(None),
            Part::Absent { passes: false } => Verdict::Refused { reason: Reason::MissingCredential, by: None },
            Part::Valid(found) => Verdict::Passed(Some(found)),
            Part::Refused { reason, by } => Verdict::Refused { reason, by },
            Part::Pending => Verdict::Pending,
        }
    }

    fn part<P>(&self, ask: &mut dyn FnMut(usize) -> Outcome<P>) -> Part<P> {
        match self {
            Self::Use(authenticator) => match ask(*authenticator) {
                Outcome::Absent => Part::Absent { passes: false },
                Outcome::Valid(found) => Part::Valid(found),
                Outcome::Refused(reason) => Part::Refused { reason, by: Some(*authenticator) },
                Outcome::Pending => Part::Pending,
            },
            Self::Any(elements) => any(elements, ask),
            Self::All(elements) => all(elements, ask),
            Self::FirstValid(elements) => first_valid(elements, ask),
            Self::Optional(inner) => match inner.part(ask) {
                Part::Absent { .. } => Part::Absent { passes: true },
                present => present,
            },
            Self::Public => Part::Absent { passes: true },
        }
    }
}

fn any<P>(elements: &[Require], ask: &mut dyn FnMut(usize) -> Outcome<P>) -> Part<P> {
    let mut passes = false;
    for element in elements {
        match element.part(ask) {
            Part::Absent { passes: without } => passes |= without,
            present => return present,
        }
    }
    Part::Absent { passes }
}

fn all<P>(elements: &[Require], ask: &mut dyn FnMut(usize) -> Outcome<P>) -> Part<P> {
    let (mut first, mut missing) = (None, false);
    for element in elements {
        match element.part(ask) {
            Part::Absent { passes } => missing |= !passes,
            Part::Valid(found) => first = first.or(Some(found)),
            other => return other,
        }
    }
    match first {
        Some(_) if missing => Part::Refused { reason: Reason::MissingCredential, by: None },
        Some(found) => Part::Valid(found),
        None => Part::Absent { passes: !missing },
    }
}

/// Of those that are not valid, one that cannot tell yet says more than one that refuses.
fn first_valid<P>(elements: &[Require], ask: &mut dyn FnMut(usize) -> Outcome<P>) -> Part<P> {
    let mut rest = Part::Absent { passes: false };
    for element in elements {
        match (element.part(ask), &rest) {
            (valid @ Part::Valid(_), _) => return valid,
            (pending @ Part::Pending, _) => rest = pending,
            (refused @ Part::Refused { .. }, Part::Absent { .. }) => rest = refused,
            _ => {}
        }
    }
    rest
}
