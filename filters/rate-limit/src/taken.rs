//! What is asked about one request, and what is said: memory that is used over and over.

use std::rc::Rc;

use sluicegate_common::filter::Cx;
use sluicegate_common::head::RequestHead;
use sluicegate_common::store::StoreError;

use crate::admit::{Admission, Charge, Demand};
use crate::config::Precision;
use crate::key::Extracted;
use crate::limit::Limit;
use crate::registry::Registry;
use crate::table::Overflow;

/// What the limits that are counted here said, and what was taken of them.
#[derive(Debug, Default)]
pub struct Taken {
    /// The limits, those of one entry next to each other.
    pub asked: Vec<Asked>,
    /// What they said.
    pub admission: Admission,
    /// Memory for keys.
    keys: Vec<Vec<u8>>,
}

impl Taken {
    /// Forgets all but the memory.
    pub fn clear(&mut self) {
        self.keys.extend(self.asked.drain(..).map(|asked| asked.key));
        self.admission.clear();
    }

    /// Notes the limit, if it is for this request, beside those of the same entry. `false`: the request lacks a key
    /// without which it is refused.
    pub fn ask(&mut self, limit: &Rc<Limit>, head: &RequestHead<'_>, cx: &Cx<'_>) -> bool {
        if !limit.is_for(head, cx) {
            return true;
        }
        let key = match limit.key_of(head, cx, self.keys.pop().unwrap_or_default()) {
            Extracted::Key(key) => key,
            Extracted::Deny if limit.binds() => return false,
            Extracted::Deny | Extracted::Skip => return true,
        };
        let new = Asked { limit: Rc::clone(limit), key, cost: limit.cost_of(head) };
        let last = self.asked.iter().rposition(|other| other.shares_entry(&new));
        self.asked.insert(last.map_or(self.asked.len(), |last| last.saturating_add(1)), new);
        true
    }

    /// Asks the store.
    pub fn decide(&mut self, registry: &Registry, precision: Precision, cx: &Cx<'_>) -> Result<(), StoreError> {
        let Self { asked, admission, .. } = self;
        with_demands(asked, registry.overflow(), |demands| match precision {
            Precision::Exact => admission.decide(cx.proxy, demands, cx.now),
            Precision::Leased => registry.leases.decide(admission, cx.proxy, demands, cx.now),
        })
    }

    /// Gives back what was taken, because the request was refused later.
    pub fn give_back(&mut self, registry: &Registry, cx: &Cx<'_>) {
        let Self { asked, admission, .. } = self;
        with_demands(asked, registry.overflow(), |demands| {
            registry.leases.give_back(admission, cx.proxy, demands, cx.now);
        });
    }

    /// Tells the client how the limits stand that bind it.
    pub fn tell(&self, cx: &mut Cx<'_>) {
        if !cx.enforces() {
            return;
        }
        for (Asked { limit, .. }, judged) in self.asked.iter().zip(&self.admission.judged) {
            if limit.binds() {
                cx.facts.note_limit(limit.tell(judged));
            }
        }
    }
}

/// A limit that is asked about a request.
#[derive(Debug)]
pub struct Asked {
    /// Which.
    pub limit: Rc<Limit>,
    /// The values of its key.
    key: Vec<u8>,
    cost: u32,
}

impl Asked {
    /// Whether both are decided in one compare-and-swap.
    fn shares_entry(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.limit.place.table, &other.limit.place.table) && self.key == other.key
    }

    /// What its key asks.
    fn demand<'a>(&'a self, overflow: Overflow, charges: &'a [Charge<'a>]) -> Demand<'a> {
        Demand { table: &self.limit.place.table, overflow, key: &self.key, charges }
    }
}

/// Acts on what a request asks of the store: a demand per entry.
fn with_demands<T>(asked: &[Asked], overflow: Overflow, act: impl FnOnce(&[Demand<'_>]) -> T) -> T {
    // Most requests ask one limit.
    if let [only] = asked {
        return act(&[only.demand(overflow, &[only.limit.charge(only.cost)])]);
    }
    let charges: Vec<Charge<'_>> = asked.iter().map(|asked| asked.limit.charge(asked.cost)).collect();
    let mut charges = charges.as_slice();
    let mut demands = Vec::with_capacity(asked.len());
    for group in asked.chunk_by(Asked::shares_entry) {
        let (Some(first), Some((of_group, behind))) = (group.first(), charges.split_at_checked(group.len())) else {
            break;
        };
        charges = behind;
        demands.push(first.demand(overflow, of_group));
    }
    act(&demands)
}
