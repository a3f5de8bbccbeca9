//! What clients are told of limits: `RateLimit` and its older relatives.
//!
//! ```text
//! draft        ratelimit-policy: "per-user";q=100;w=900, "burst";q=50;w=1
//!              ratelimit: "burst";r=3;t=1, "per-user";r=88;t=612
//! draft6       ratelimit-policy: 50;w=1
//!              ratelimit-limit: 50, ratelimit-remaining: 3, ratelimit-reset: 1
//! x_ratelimit  x-ratelimit-limit: 50, x-ratelimit-remaining: 3, x-ratelimit-reset: 1
//! ```
//!
//! 1. All times are whole seconds from now, rounded up as `Retry-After` is, so that it is never the earlier one.
//! 2. `draft` names every limit that was asked. Its policies stand in the order given, the same on every answer, what
//!    is left of them tightest first. The others tell of the tightest alone.
//! 3. What is left is told as it is, also on a refusal: a request of cost 5 may be refused while 3 are left.
//! 4. The fields replace those of the upstream. Of the `ratelimit` family none is left that speaks of other policies.
//! 5. Keys are told to nobody: there is no `pk`.
//!
//! Specifications: draft-ietf-httpapi-ratelimit-headers-11 (and -06), RFC 9651 (structured fields).

mod tightest;
mod value;

use std::mem;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use sluicegate_common::config::{ConfigError, ConfigErrors, FromConfig, path_of};
use sluicegate_common::head::{ResponseHead, StaticName};
use sluicegate_common::limit_use::LimitUse;
use sluicegate_common::reply::LocalReply;

use tightest::tightest_first;

use crate::global::numbered;

const POLICY: StaticName = StaticName::new("ratelimit-policy");
const DRAFT: StaticName = StaticName::new("ratelimit");
const DRAFT6: Triple = Triple {
    limit: StaticName::new("ratelimit-limit"),
    remaining: StaticName::new("ratelimit-remaining"),
    reset: StaticName::new("ratelimit-reset"),
};
const X_RATELIMIT: Triple = Triple {
    limit: StaticName::new("x-ratelimit-limit"),
    remaining: StaticName::new("x-ratelimit-remaining"),
    reset: StaticName::new("x-ratelimit-reset"),
};

/// `headers`: which fields are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fields {
    draft: bool,
    draft6: bool,
    x_ratelimit: bool,
}

/// An element of `headers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
enum Style {
    Draft,
    Draft6,
    #[config(rename = "x_ratelimit")]
    XRateLimit,
}

/// Where fields go, one by one.
type Put<'a> = &'a mut dyn FnMut(StaticName, &str);

/// The three fields of the older styles.
struct Triple {
    limit: StaticName,
    remaining: StaticName,
    reset: StaticName,
}

impl Default for Fields {
    /// `["draft"]`.
    fn default() -> Self {
        Self { draft: true, ..Self::NONE }
    }
}

impl Fields {
    /// `[]`.
    pub const NONE: Self = Self { draft: false, draft6: false, x_ratelimit: false };

    /// The names of the fields that are written, in lower case, each once.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let policy = (self.draft || self.draft6).then_some(POLICY);
        let draft = self.draft.then_some(DRAFT);
        let draft6 = self.draft6.then(|| DRAFT6.names());
        let x_ratelimit = self.x_ratelimit.then(|| X_RATELIMIT.names());
        let names = policy.into_iter().chain(draft).chain(draft6.into_iter().chain(x_ratelimit).flatten());
        names.map(StaticName::as_str)
    }

    /// Tells how the request stands with these limits, given in the order of the config and left tightest first. Without
    /// any, nothing is touched. Values are made in `text`, whatever it holds.
    pub fn write(self, uses: &mut [LimitUse], head: &mut ResponseHead<'_>, text: &mut String) {
        if uses.is_empty() {
            return;
        }
        self.tell(uses, text, &mut |name, value| set(head, name, value));
        match (self.draft, self.draft6) {
            (true, false) => remove(head, &DRAFT6.names()),
            (false, true) => remove(head, &[DRAFT]),
            _ => {}
        }
    }

    /// The same on a reply of this filter, which has no fields of an upstream's.
    pub fn write_reply(self, uses: &mut [LimitUse], reply: &mut LocalReply, text: &mut String) {
        self.tell(uses, text, &mut |name, value| reply.add_header(name.as_str(), value));
    }

    fn tell(self, uses: &mut [LimitUse], text: &mut String, put: Put<'_>) {
        distinguish(uses);
        if self.draft {
            put(POLICY, value::policies(uses, text));
        }
        tightest_first(uses);
        if self.draft {
            put(DRAFT, value::standings(uses, text));
        }
        let Some(tightest) = uses.first() else { return };
        if self.draft6 {
            if !self.draft {
                put(POLICY, value::nameless_policy(tightest, text));
            }
            DRAFT6.tell(tightest, text, put);
        }
        if self.x_ratelimit {
            X_RATELIMIT.tell(tightest, text, put);
        }
    }

    fn style(&mut self, style: Style) -> &mut bool {
        match style {
            Style::Draft => &mut self.draft,
            Style::Draft6 => &mut self.draft6,
            Style::XRateLimit => &mut self.x_ratelimit,
        }
    }
}

impl Deserr<ConfigErrors> for Fields {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, ConfigErrors> {
        let styles: Vec<Style> = Deserr::deserialize_from_value(value, location)?;
        let (mut fields, mut errors) = (Self::NONE, ConfigErrors::new());
        for (index, style) in styles.into_iter().enumerate() {
            if mem::replace(fields.style(style), true) {
                errors.push(ConfigError::invalid(path_of(location.push_index(index)), "it is in the list already"));
            }
        }
        errors.into_result(fields)
    }
}

#[cfg(not(target_family = "wasm"))]
impl sluicegate_common::describe::Described for Fields {
    fn schema() -> serde_json::Value {
        serde_json::json!({ "type": "array", "items": Style::schema(), "uniqueItems": true })
    }

    fn kind() -> String {
        format!("list of {}", Style::kind())
    }

    fn shown(&self) -> serde_json::Value {
        let Self { draft, draft6, x_ratelimit } = *self;
        let all = [(draft, Style::Draft), (draft6, Style::Draft6), (x_ratelimit, Style::XRateLimit)];
        all.iter().filter(|(written, _)| *written).map(|(_, style)| style.shown()).collect()
    }
}

impl Triple {
    fn names(&self) -> [StaticName; 3] {
        [self.limit, self.remaining, self.reset]
    }

    fn tell(&self, tightest: &LimitUse, text: &mut String, put: Put<'_>) {
        put(self.limit, value::integer(tightest.quota.into(), text));
        put(self.remaining, value::integer(tightest.remaining.into(), text));
        put(self.reset, value::integer(value::seconds(tightest.more_in), text));
    }
}

/// Gives those names of their own whose names others before them have: a service may call its limits as we call ours.
fn distinguish(uses: &mut [LimitUse]) {
    for at in 1..uses.len() {
        let Some((before, [limit, ..])) = uses.split_at_mut_checked(at) else { return };
        if let Some(name) = numbered(&limit.name, |name| before.iter().all(|other| *other.name != *name)) {
            limit.name = name.into();
        }
    }
}

fn set(head: &mut ResponseHead<'_>, name: StaticName, value: &str) {
    if let Err(error) = head.set(name, value) {
        log::debug!("rate-limit: {error}");
    }
}

/// Removes fields that come together: where the first is absent, which is cheap to see, so are the others.
fn remove(head: &mut ResponseHead<'_>, names: &[StaticName]) {
    if names.first().is_none_or(|first| head.get(first.as_str()).is_none()) {
        return;
    }
    for &name in names {
        if let Err(error) = head.remove(name) {
            log::debug!("rate-limit: {error}");
        }
    }
}

#[cfg(test)]
mod tests;
