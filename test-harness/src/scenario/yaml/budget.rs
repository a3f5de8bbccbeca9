//! `budget:` in a scenario file: of one request beside it, of what is left at the end at the top.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::abi;
use crate::scenario::{Count, MemoryGrowth, RequestBudget, StateBudget};

/// The costs of one request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestBudgetYaml {
    fuel: Option<u64>,
    host_calls: BTreeMap<String, CountYaml>,
    memory_growth: Option<MemoryGrowthYaml>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "expected a number or {max: a number}")]
enum CountYaml {
    Exactly(u64),
    AtMost(MaxYaml),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MaxYaml {
    max: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemoryGrowthYaml {
    requests: u32,
    bytes: u64,
}

/// What is left when the scenario ends.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StateBudgetYaml {
    shared_data: SharedDataYaml,
    metric_series: Option<u64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SharedDataYaml {
    keys: Option<u64>,
    bytes: Option<u64>,
}

impl RequestBudgetYaml {
    pub fn into_budget(self) -> Result<RequestBudget, String> {
        if let Some(unknown) = self.host_calls.keys().find(|name| !abi::offers(name)) {
            return Err(format!("host_calls: expected names of imports such as proxy_log, found {unknown}"));
        }
        let count = |yaml| match yaml {
            CountYaml::Exactly(count) => Count::Exactly(count),
            CountYaml::AtMost(MaxYaml { max }) => Count::AtMost(max),
        };
        Ok(RequestBudget {
            fuel: self.fuel,
            host_calls: self.host_calls.into_iter().map(|(name, yaml)| (name, count(yaml))).collect(),
            memory_growth: self
                .memory_growth
                .map(|MemoryGrowthYaml { requests, bytes }| MemoryGrowth { requests, bytes }),
        })
    }
}

impl StateBudgetYaml {
    pub fn into_budget(self) -> StateBudget {
        StateBudget {
            shared_keys: self.shared_data.keys,
            shared_bytes: self.shared_data.bytes,
            metric_series: self.metric_series,
        }
    }
}
