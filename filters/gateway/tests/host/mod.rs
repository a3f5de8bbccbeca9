//! A host in memory, and one request through a module in it.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "this is how tests fail"
)]

use std::borrow::Borrow;
use std::cell::{Cell, RefCell};
use std::num::NonZeroU32;

use sluicegate_common::account::Step;
use sluicegate_common::chain::{Chain, Walk};
use sluicegate_common::facts::Facts;
use sluicegate_common::filter::{Cx, End};
use sluicegate_common::head::{HeadState, HeaderMap, HeaderSink, HeaderSource, RequestHead, ResponseHead};
use sluicegate_common::module::Module;
use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::reply::Rendered;
use sluicegate_common::request_id;
use sluicegate_common::store::SharedData;
use sluicegate_common::time::Nanos;

/// A host that counts the blocks it returns. Once it knows its keys and metrics it allocates nothing else, unless it
/// notes what it is told.
#[derive(Default)]
pub struct Host {
    pub blocks: Cell<u64>,
    /// How often a header map returned bytes.
    pub reads: Cell<u64>,
    /// How often a header was written.
    pub writes: Cell<u64>,
    /// The status of the response.
    pub status: Cell<u16>,
    /// What it was told, where it is to note that.
    pub told: RefCell<Option<Vec<String>>>,
    metrics: RefCell<Vec<(String, u64)>>,
    shared: RefCell<Vec<(String, Vec<u8>, u32)>>,
}

impl Host {
    pub fn note(&self, what: impl FnOnce() -> String) {
        if let Some(told) = &mut *self.told.borrow_mut() {
            told.push(what());
        }
    }

    fn give(&self, bytes: &[u8]) -> Vec<u8> {
        if !bytes.is_empty() {
            self.blocks.set(self.blocks.get() + 1);
        }
        bytes.to_vec()
    }
}

impl Proxy for Host {
    fn property(&self, path: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        let status = u64::from(self.status.get()).to_le_bytes();
        let value: &[u8] = match path {
            ["source", "address"] => b"192.0.2.1:4242",
            ["connection", "id"] => &[7, 0, 0, 0, 0, 0, 0, 0],
            ["xds", "cluster_name"] => b"orders",
            ["response", "code"] => &status,
            ["response", "code_details"] => b"via_upstream",
            ["upstream", "address"] => b"192.0.2.9:80",
            _ => return Ok(None),
        };
        Ok(Some(self.give(value)))
    }

    fn set_property(&self, path: &[&str], value: &[u8]) -> Result<(), Status> {
        self.note(|| format!("{path:?} = {}", value.escape_ascii()));
        Ok(())
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), Status> {
        bytes.fill(7);
        Ok(())
    }

    fn define_counter(&self, name: &str) -> Result<u32, Status> {
        let mut metrics = self.metrics.borrow_mut();
        let known = metrics.iter().position(|(known, _)| known == name);
        let id = known.unwrap_or_else(|| {
            metrics.push((name.to_owned(), 0));
            metrics.len() - 1
        });
        Ok(u32::try_from(id).unwrap())
    }

    fn increment(&self, counter: u32, by: u32) -> Result<(), Status> {
        let (name, value) = &mut self.metrics.borrow_mut()[counter as usize];
        *value += u64::from(by);
        self.note(|| format!("{name} += {by}"));
        Ok(())
    }

    fn define_gauge(&self, name: &str) -> Result<u32, Status> {
        self.define_counter(name)
    }

    fn record(&self, gauge: u32, value: u64) -> Result<(), Status> {
        let (name, kept) = &mut self.metrics.borrow_mut()[gauge as usize];
        *kept = value;
        self.note(|| format!("{name} = {value}"));
        Ok(())
    }

    fn metric(&self, metric: u32) -> Result<u64, Status> {
        Ok(self.metrics.borrow()[metric as usize].1)
    }

    fn shared(&self) -> &dyn SharedData {
        self
    }
}

impl SharedData for Host {
    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, Option<NonZeroU32>)>, Status> {
        let shared = self.shared.borrow();
        let found = shared.iter().find(|(known, ..)| known == key);
        Ok(found.map(|(_, value, version)| (self.give(value), NonZeroU32::new(*version))))
    }

    fn set(&self, key: &str, value: &[u8], cas: Option<u32>) -> Result<(), Status> {
        let mut shared = self.shared.borrow_mut();
        let Some((_, old, version)) = shared.iter_mut().find(|(known, ..)| known == key) else {
            shared.push((key.to_owned(), value.to_vec(), 1));
            return Ok(());
        };
        if cas.is_some_and(|cas| cas != *version) {
            return Err(Status::CasMismatch);
        }
        old.clear();
        old.extend_from_slice(value);
        *version += 1;
        Ok(())
    }
}

/// A header map of the host.
pub struct Map<'a> {
    host: &'a Host,
    wire: Vec<u8>,
    fields: HeaderMap,
}

impl<'a> Map<'a> {
    pub fn new<V: AsRef<[u8]>>(host: &'a Host, fields: &[(&str, V)]) -> Self {
        let wire = HeaderMap::serialize(fields);
        Self { host, fields: HeaderMap::parse(wire.clone()).unwrap(), wire }
    }

    fn give(&self, bytes: &[u8]) -> Vec<u8> {
        self.host.reads.set(self.host.reads.get() + 1);
        self.host.give(bytes)
    }

    fn write(&self, what: impl FnOnce() -> String) {
        self.host.writes.set(self.host.writes.get() + 1);
        self.host.note(what);
    }
}

impl HeaderSource for Map<'_> {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        Ok(self.fields.first(name.as_bytes()).map(|value| self.give(value)))
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        HeaderMap::parse(self.give(&self.wire))
    }
}

impl HeaderSink for Map<'_> {
    fn replace(&self, name: &str, value: &[u8]) {
        self.write(|| format!("replace {name}: {}", value.escape_ascii()));
    }

    fn add(&self, name: &str, value: &[u8]) {
        self.write(|| format!("add {name}: {}", value.escape_ascii()));
    }

    fn remove(&self, name: &str) {
        self.write(|| format!("remove {name}"));
    }
}

/// What is used again from stream to stream.
#[derive(Default)]
pub struct Scratch {
    facts: Facts,
    request: HeadState,
    response: HeadState,
}

/// One request through a module and its answer back, as the driver of the host crate does it. `answer` is told the step
/// that ended the request, if one did, and at which position.
///
/// # Errors
/// The reply to a request that no filter sees.
pub fn exchange<'h, C: Chain, M: Borrow<Map<'h>>>(
    module: &Module<C>,
    host: &'h Host,
    now: Nanos,
    [from_client, trailers]: [&Map<'_>; 2],
    answer: impl FnOnce(Option<(usize, Step)>) -> M,
    scratch: &mut Scratch,
) -> Result<(), Rendered> {
    let Scratch { facts, request, response } = scratch;
    let mut filters = <C::Filters as Walk>::Stream::default();
    facts.set_whole();
    let mut head = RequestHead::new(from_client, request);
    let chain = module.choose(&mut head, &mut Cx::new(now, host, facts, module.settings()))?;
    if chain.reads_headers() {
        head.prefetch();
    }
    let ended = (0..C::Filters::LEN).find_map(|at| {
        let mut cx = Cx::new(now, host, facts, module.settings());
        let step = chain.filters().on_request(at, &mut filters, &mut head, &mut cx);
        (!matches!(step, Step::Continue)).then_some((at, step))
    });
    let reached = ended.as_ref().map_or(C::Filters::LEN, |(at, _)| at + 1);
    if ended.is_none() {
        chain.on_passed(&Cx::new(now, host, facts, module.settings()));
        request.edits.write(from_client);
    }
    let from_upstream = answer(ended);
    let from_upstream = from_upstream.borrow();
    let mut head = ResponseHead::new(from_upstream, response);
    let mut cx = Cx::new(now, host, facts, module.settings());
    chain.filters().observe(reached, &mut filters, &head, &mut cx);
    request_id::echo(&mut head, &mut cx);
    for at in (0..C::Filters::LEN).rev() {
        if at < reached || chain.filters().needs(at).decorate {
            chain.filters().on_response(at, &mut filters, &mut head, &mut cx);
        }
    }
    response.edits.write(from_upstream);
    chain.filters().on_end(reached, &mut filters, &End { trailers }, &mut cx);
    facts.clear();
    request.clear();
    response.clear();
    Ok(())
}
