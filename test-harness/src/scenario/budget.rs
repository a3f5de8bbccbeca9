//! What a request may cost, and what a plugin may leave behind. Only wasmtime counts: a real proxy
//! does not tell.

use std::collections::BTreeMap;
use std::fmt;

use super::report::Mismatch;

/// What one request may cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestBudget {
    /// Fuel (about one unit per instruction) in all callbacks, at most.
    pub fuel: Option<u64>,
    /// Host calls by import name; those not named are free.
    pub host_calls: BTreeMap<String, Count>,
    /// How much linear memory may grow when the request is sent again and again.
    pub memory_growth: Option<MemoryGrowth>,
}

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// So often.
    Exactly(u64),
    /// So often or less.
    AtMost(u64),
}

/// Growth of linear memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryGrowth {
    /// How often the request is sent again.
    pub requests: u32,
    /// Bytes that all VMs together may grow by meanwhile.
    pub bytes: u64,
}

/// What plugins may have left in the proxy when the scenario ends; None: as much as they like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateBudget {
    /// Keys in shared data, all namespaces together.
    pub shared_keys: Option<u64>,
    /// Bytes of these keys and their values.
    pub shared_bytes: Option<u64>,
    /// Metrics by name and kind.
    pub metric_series: Option<u64>,
}

/// What a request cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// Fuel in all callbacks.
    pub fuel: u64,
    /// Host calls by import name.
    pub host_calls: BTreeMap<&'static str, u64>,
    /// Linear memory of all VMs afterwards, bytes.
    pub memory: u64,
}

/// What plugins have left in the proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateCosts {
    /// Keys in shared data, all namespaces together.
    pub shared_keys: u64,
    /// Bytes of these keys and their values.
    pub shared_bytes: u64,
    /// Metrics by name and kind.
    pub metric_series: u64,
}

impl fmt::Display for Costs {
    /// One line, for traces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls: u64 = self.host_calls.values().sum();
        write!(f, "cost: fuel {}, memory {} KiB, {calls} host calls", self.fuel, self.memory >> 10)?;
        for (index, (name, count)) in self.host_calls.iter().enumerate() {
            let name = name.strip_prefix("proxy_").unwrap_or(name);
            write!(f, "{} {name} {count}", if index == 0 { ":" } else { "," })?;
        }
        Ok(())
    }
}

impl RequestBudget {
    /// What a request cost beyond its budget.
    pub fn breaches(&self, costs: &Costs) -> Vec<Mismatch> {
        let mut list: Vec<Mismatch> = at_most("fuel", self.fuel, costs.fuel).into_iter().collect();
        for (name, count) in &self.host_calls {
            let found = costs.host_calls.get(name.as_str()).copied().unwrap_or(0);
            if let Some(expected) = count.breached_by(found) {
                list.push(Mismatch::new(format!("budget.host_calls.{name}"), expected, found));
            }
        }
        list
    }
}

impl Count {
    fn breached_by(self, found: u64) -> Option<String> {
        match self {
            Count::Exactly(count) => (found != count).then(|| count.to_string()),
            Count::AtMost(count) => (found > count).then(|| format!("at most {count}")),
        }
    }
}

impl MemoryGrowth {
    /// What memory grew beyond its budget.
    pub fn breach(&self, before: u64, after: u64) -> Option<Mismatch> {
        let grown = after.saturating_sub(before);
        let expected = format!("at most {} bytes in {} requests", self.bytes, self.requests);
        (grown > self.bytes).then(|| Mismatch::new("budget.memory_growth", expected, format!("{grown} bytes")))
    }
}

impl StateBudget {
    /// What was left beyond the budget.
    pub fn breaches(&self, costs: &StateCosts) -> Vec<Mismatch> {
        [
            at_most("shared_data.keys", self.shared_keys, costs.shared_keys),
            at_most("shared_data.bytes", self.shared_bytes, costs.shared_bytes),
            at_most("metric_series", self.metric_series, costs.metric_series),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn at_most(field: &str, budget: Option<u64>, found: u64) -> Option<Mismatch> {
    let budget = budget.filter(|budget| found > *budget)?;
    Some(Mismatch::new(format!("budget.{field}"), format!("at most {budget}"), found))
}
