//! The registry of consumers: who is known by name, with groups, a time and a switch.
//!
//! ```json
//! {"consumers": [{"id": "partner-gold", "groups": ["gold"], "expires_at": "2027-01-01T00:00:00Z"},
//!                {"id": "idp:alice", "disabled": true}]}
//! ```
//!
//! 1. A consumer need not be listed. One that is may come in from `not_before` until before `expires_at`, by the clock
//!    of the proxy and without skew, unless it is `disabled`; both times may be left out.
//! 2. A token's consumer is listed by its full id, such as `idp:alice`, the issuer's name in front.
//! 3. Its groups are those listed here and those of the credential that was shown.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use sluicegate_common::config::{ConfigError, ConfigErrors, FromConfig, Text, check_unique, quoted};
use sluicegate_common::identity::Identity;
use sluicegate_common::time::Nanos;

use crate::reason::Reason;

/// The longest id of a consumer and name of a group, in bytes.
pub const MAX_NAME: usize = 255;

/// A consumer's id or a group's name as config writes it: 1 to [`MAX_NAME`] bytes that an [`Identity`] takes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConsumerName(String);

impl ConsumerName {
    /// As text.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Text for ConsumerName {
    const EXPECTED: &'static str = "1 to 255 bytes without commas, control characters and spaces at the ends";

    fn parse(text: &str) -> Option<Self> {
        let fits = text.len() <= MAX_NAME && Identity::new(text, "", &[], false).is_ok();
        fits.then(|| Self(text.to_owned()))
    }
}

sluicegate_common::deserr_text!(ConsumerName);
sluicegate_common::described_text!(ConsumerName: "name");

/// An element of `consumers` as written.
#[derive(Debug, Clone, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawConsumer {
    /// Who it is. A token's consumer has the issuer's name in front, `idp:alice`.
    id: ConsumerName,
    /// Its groups, besides those of the token.
    #[config(default)]
    groups: Vec<ConsumerName>,
    /// From when on it may come in.
    #[config(default)]
    not_before: Option<Nanos>,
    /// When it may not come in any more.
    #[config(default)]
    expires_at: Option<Nanos>,
    /// Whether it may not come in at all.
    #[config(default)]
    disabled: bool,
}

/// A consumer that is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumer {
    id: String,
    groups: Vec<String>,
    not_before: Option<Nanos>,
    expires_at: Option<Nanos>,
    disabled: bool,
}

impl Consumer {
    /// The groups listed for it.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(String::as_str)
    }

    /// Whether it may come in at this time.
    ///
    /// # Errors
    /// It is disabled, its time is over, or has not come.
    pub fn state(&self, now: Nanos) -> Result<(), Reason> {
        if self.disabled {
            Err(Reason::ConsumerDisabled)
        } else if self.expires_at.is_some_and(|end| now >= end) {
            Err(Reason::Expired)
        } else if self.not_before.is_some_and(|begin| now < begin) {
            Err(Reason::NotYetValid)
        } else {
            Ok(())
        }
    }
}

impl RawConsumer {
    fn compile(self) -> Result<Consumer, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        if let (Some(begin), Some(end)) = (self.not_before, self.expires_at)
            && end <= begin
        {
            errors.push(ConfigError::invalid("expires_at", "is not after \"not_before\": the consumer never comes in"));
        }
        let mut groups: Vec<String> = Vec::new();
        for (index, ConsumerName(group)) in self.groups.into_iter().enumerate() {
            if groups.contains(&group) {
                let message = format!("the group {} stands in the list already", quoted(&group));
                errors.push(ConfigError::invalid(format!("groups[{index}]"), message));
            } else {
                groups.push(group);
            }
        }
        let Self { id, not_before, expires_at, disabled, .. } = self;
        errors.into_result(Consumer { id: id.0, groups, not_before, expires_at, disabled })
    }
}

/// All that are listed, by their ids. One lookup costs as many comparisons as the number of consumers has bits.
#[derive(Debug, Clone, Default)]
pub struct Consumers(BTreeMap<String, Rc<Consumer>>);

impl Consumers {
    /// Compiles the list.
    ///
    /// # Errors
    /// All there are, under `consumers`: an id that stands twice, a group that does, a consumer that never comes in.
    pub fn compile(raw: Vec<RawConsumer>) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        errors.take(check_unique("consumers", "id", raw.iter().map(|consumer| consumer.id.0.as_str())));
        let mut consumers = BTreeMap::new();
        for (index, consumer) in raw.into_iter().enumerate() {
            let compiled = consumer.compile().map_err(|wrong| wrong.under(&format!("consumers[{index}]")));
            let Some(consumer) = errors.take(compiled) else { continue };
            consumers.insert(consumer.id.clone(), Rc::new(consumer));
        }
        errors.into_result(Self(consumers))
    }

    /// The consumer of this id, if it is listed.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Rc<Consumer>> {
        self.0.get(id)
    }
}

/// Who a request comes from: its groups are those of the consumer, if it is listed, and those that the credential names,
/// in this order and each once.
///
/// # Errors
/// [`Reason::Malformed`]: the id is empty, or the id or a group holds what would end it, a comma or a control character.
/// Ids and groups of tokens come from outside.
pub fn identity(
    id: &str,
    credential: &str,
    listed: Option<&Consumer>,
    groups_of_credential: &[&str],
) -> Result<Identity, Reason> {
    let mut seen = BTreeSet::new();
    let all = listed.into_iter().flat_map(Consumer::groups).chain(groups_of_credential.iter().copied());
    let groups: Vec<&str> = all.filter(|group| seen.insert(*group)).collect();
    Identity::new(id, credential, &groups, false).map_err(|_| Reason::Malformed)
}

#[cfg(test)]
mod tests;
