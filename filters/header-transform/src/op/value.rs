//! The value that an op writes, and what it comes to for one request.

use std::borrow::Cow;

use sluicegate_common::config::FromConfig;
use sluicegate_common::pairs::MAX_WRITTEN;
use sluicegate_common::reply::is_field_value;
use sluicegate_common::template::{Scope, Source, Template};

use crate::dropped::Dropped;

/// `on_missing`: what becomes of an op whose template has a source without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub enum OnMissing {
    /// The op is left out.
    #[default]
    Skip,
    /// Nothing stands in its place.
    Empty,
    /// The request is refused.
    Error,
}

/// A template, and what happens where it cannot be filled.
#[derive(Debug)]
pub struct Value {
    /// The text.
    pub template: Template,
    /// Where a source has no value.
    pub on_missing: OnMissing,
}

/// What an op comes to for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// Nothing is done.
    Skipped,
    /// It has no value to write, or the one that its template says literally.
    AsWritten,
    /// This is its value.
    Filled(Vec<u8>),
    /// Its value would be longer than all that ops may write.
    TooLong,
}

/// What the values of all ops on one message come to at most, in bytes: four times what a client can send to Envoy by
/// default.
pub const MAX_TOTAL: usize = 4 * MAX_WRITTEN;

/// What all ops of a message come to. Takes no memory where all are [`Due::AsWritten`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dues(Vec<Due>);

impl Dues {
    /// Works the ops out one by one; from where their values are too long together, none has one.
    ///
    /// # Errors
    /// That of an op.
    pub fn work_out<'o, T, E>(ops: &'o [T], work_out: impl Fn(&'o T) -> Result<Due, E>) -> Result<Self, E> {
        let mut total: usize = 0;
        let mut all = Vec::new();
        for (at, op) in ops.iter().enumerate() {
            let due = work_out(op)?;
            if all.is_empty() {
                if due == Due::AsWritten {
                    continue;
                }
                all.reserve_exact(ops.len());
                all.resize(at, Due::AsWritten);
            }
            total = total.saturating_add(if let Due::Filled(value) = &due { value.len() } else { 0 });
            all.push(if total > MAX_TOTAL { Due::TooLong } else { due });
        }
        Ok(Self(all))
    }

    /// What the op at that place of the list comes to.
    pub fn of(&self, at: usize) -> &Due {
        self.0.get(at).unwrap_or(&Due::AsWritten)
    }
}

/// The source that has no value, where this refuses the request.
#[derive(Debug, PartialEq, Eq)]
pub struct MissingValue<'a>(pub &'a Source);

impl Due {
    /// The value to write; `None` where nothing is to be done. An op without a value has an empty one.
    ///
    /// # Errors
    /// It has a control character.
    pub fn value<'a>(&'a self, written: Option<&'a Value>) -> Result<Option<&'a [u8]>, Dropped> {
        let value = match self {
            Self::Skipped => return Ok(None),
            Self::AsWritten => written.and_then(|value| value.template.literal()).unwrap_or_default().as_bytes(),
            Self::Filled(value) => value,
            Self::TooLong => return Err(Dropped::TooLong),
        };
        if is_field_value(value) { Ok(Some(value)) } else { Err(Dropped::ControlCharacter) }
    }
}

impl Value {
    /// What the value comes to; `escape` makes what is put in fit for where it goes.
    ///
    /// # Errors
    /// [`OnMissing::Error`], and a source has no value.
    pub fn of(
        &self,
        scope: &Scope<'_>,
        escape: impl Fn(Cow<'_, [u8]>) -> Cow<'_, [u8]>,
    ) -> Result<Due, MissingValue<'_>> {
        if self.template.literal().is_some() {
            return Ok(Due::AsWritten);
        }
        let empty = self.on_missing == OnMissing::Empty;
        let value = |source: &Source| scope.value(source).map(&escape).or(empty.then_some(Cow::Borrowed(&[])));
        match self.template.fill(value) {
            Ok(filled) if filled.len() > MAX_WRITTEN => Ok(Due::TooLong),
            Ok(filled) => Ok(Due::Filled(filled)),
            Err(source) if self.on_missing == OnMissing::Error => Err(MissingValue(source)),
            Err(_) => Ok(Due::Skipped),
        }
    }
}
