//! What the rows cost, and what built the modules they run in.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use test_harness::backend::wasmtime::{exchange, spec};
use test_harness::scenario::{RequestStep, Scenario, Step, load};
use test_harness::{Place, Proxy, StartError};

/// Requests before the measured one: caches are filled, lazy statics are there.
const WARM: u32 = 100;

/// One line of `rows.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    name: String,
    /// A scenario's id.
    scenario: String,
    /// One of its steps, from 1: the request that is sent.
    step: usize,
    /// Over how many requests memory may not grow.
    #[serde(default = "warm")]
    requests: u32,
}

fn warm() -> u32 {
    WARM
}

/// What the figures depend on besides the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Toolchain {
    /// What built the modules, as `scripts/build-wasm` has written beside them.
    pub modules: String,
    /// The wasmtime that counts the fuel.
    pub wasmtime: String,
}

/// Figures by name, e.g. `fuel`.
pub type Figures = BTreeMap<String, u64>;

impl Row {
    /// The scenario.
    pub fn load(&self) -> Result<Scenario, String> {
        let root = super::harness().join("scenarios");
        load(&root, &root.join(&self.scenario).with_extension("yaml")).map_err(|error| error.to_string())
    }

    fn measure(&self) -> Result<Figures, String> {
        let scenario = self.load()?;
        let wrong = |why: String| format!("{}: {why}", self.name);
        let step = match self.step.checked_sub(1).and_then(|index| scenario.steps.get(index)) {
            Some(Step::Request(step)) => step,
            _ => return Err(wrong(format!("step {} of {} is no request", self.step, self.scenario))),
        };
        let started = Proxy::start(spec(&scenario).map_err(wrong)?);
        let mut proxy = started.map_err(|error: StartError| wrong(error.to_string()))?;
        let start = memory(&proxy);
        (1..WARM).for_each(|_| drop(exchange(&mut proxy, step)));
        let (fuel, host_calls) = self.one(&mut proxy, step).map_err(wrong)?;
        let warm = memory(&proxy);
        (WARM..self.requests).for_each(|_| drop(exchange(&mut proxy, step)));
        let state = proxy.state();
        let figures = [
            ("fuel", fuel),
            ("host calls", host_calls),
            ("memory at start", start),
            ("memory growth, first requests", warm - start),
            ("memory growth, later", memory(&proxy) - warm),
            ("shared data, keys", state.shared_keys),
            ("shared data, bytes", state.shared_bytes),
            ("metric series", state.metric_series),
        ];
        Ok(figures.map(|(name, figure)| (name.to_owned(), figure)).into())
    }

    /// The measured request: it must be the one that was meant.
    fn one(&self, proxy: &mut Proxy, step: &RequestStep) -> Result<(u64, u64), String> {
        let exchange = exchange(proxy, step);
        let (status, wanted) = (exchange.response.status, step.expect.status.unwrap_or(200));
        if status != wanted {
            return Err(format!("expected status {wanted}, found {status}"));
        }
        match exchange.diagnostics.first() {
            Some(diagnostic) => Err(diagnostic.to_string()),
            None => Ok((exchange.fuel, exchange.host_calls.values().sum())),
        }
    }
}

/// The linear memory of the one worker.
fn memory(proxy: &Proxy) -> u64 {
    let of_workers = proxy.guest_memory().into_iter().filter(|vm| vm.place == Place::Worker(0));
    of_workers.map(|vm| vm.bytes()).sum()
}

/// Measures all rows, and the modules.
pub fn all(rows: &[Row]) -> Result<BTreeMap<String, Figures>, String> {
    let mut figures = BTreeMap::new();
    for module in super::modules(rows)? {
        let bytes = std::fs::metadata(&module).map_err(|error| format!("{}: {error}", module.display()))?.len();
        let name = module.file_name().unwrap_or_default().to_string_lossy().into_owned();
        figures.insert(name, Figures::from([("bytes".to_owned(), bytes)]));
    }
    for row in rows {
        figures.insert(row.name.clone(), row.measure()?);
    }
    Ok(figures)
}

impl Toolchain {
    /// What built these modules; all by one toolchain.
    pub fn of(modules: &[PathBuf]) -> Result<Self, String> {
        let mut found = Vec::new();
        for module in modules {
            let file = module.with_extension("toolchain");
            let text = std::fs::read_to_string(&file)
                .map_err(|error| format!("{}: {error}; run `make build`", file.display()))?;
            found.push(text.trim().to_owned());
        }
        found.dedup();
        match found.as_slice() {
            [one] => Ok(Toolchain { modules: one.clone(), wasmtime: wasmtime_version()? }),
            several => Err(format!("the modules were built by several toolchains: {several:?}; run `make build`")),
        }
    }
}

/// The version in Cargo.lock.
fn wasmtime_version() -> Result<String, String> {
    let lock = include_str!("../../../Cargo.lock");
    let (_, rest) = lock.split_once("name = \"wasmtime\"\nversion = \"").ok_or("Cargo.lock: no wasmtime")?;
    rest.split_once('"').map(|(version, _)| version.to_owned()).ok_or_else(|| "Cargo.lock: no version".to_owned())
}
