//! What a rule may ask of the proxy. `host` implements it with hostcalls, tests with a table.

use std::cell::Cell;
use std::fmt;
use std::num::NonZeroU32;

use crate::store::SharedData;
use crate::time::Nanos;

/// A hostcall's status other than OK. The host's number is kept for logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// 1: no such key, header, property or metric.
    NotFound,
    /// 2: not allowed in this phase, unknown context, or a bad pointer.
    BadArgument,
    /// 3
    SerializationFailure,
    /// 4
    ParseFailure,
    /// 7: nothing there (an empty queue).
    Empty,
    /// 8: the value changed since it was read.
    CasMismatch,
    /// 10
    InternalFailure,
    /// 11
    BrokenConnection,
    /// 12: this host does not have the call.
    Unimplemented,
    /// Any number the ABI does not name, or bytes the guest could not parse.
    Other(u32),
}

impl Status {
    /// The status for the host's number; `None` for 0, which is success.
    #[must_use]
    pub fn from_code(code: u32) -> Option<Self> {
        Some(match code {
            0 => return None,
            1 => Self::NotFound,
            2 => Self::BadArgument,
            3 => Self::SerializationFailure,
            4 => Self::ParseFailure,
            7 => Self::Empty,
            8 => Self::CasMismatch,
            10 => Self::InternalFailure,
            11 => Self::BrokenConnection,
            12 => Self::Unimplemented,
            other => Self::Other(other),
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(code) => write!(f, "host status {code}"),
            named => write!(f, "{named:?}"),
        }
    }
}

impl std::error::Error for Status {}

/// What the proxy offers a rule besides heads. Every call may cost a host call (a property about 0.9 us in Envoy). What is
/// not implemented here is a call that this host does not have.
pub trait Proxy {
    /// A property's bytes, `None` when there is no such property. The path is host-specific, as is the encoding:
    /// Envoy gives integers as 8 bytes little-endian, Kong's engine gives text.
    ///
    /// # Errors
    /// Whatever else the host answered.
    fn property(&self, _path: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        Err(Status::Unimplemented)
    }

    /// Sets a property of this stream, readable by the filters behind.
    ///
    /// # Errors
    /// [`Status::NotFound`] where the host does not let this one be set.
    fn set_property(&self, _path: &[&str], _value: &[u8]) -> Result<(), Status> {
        Err(Status::Unimplemented)
    }

    /// Fills `bytes` from the host's cryptographic random generator.
    ///
    /// # Errors
    /// The host has none.
    fn random(&self, _bytes: &mut [u8]) -> Result<(), Status> {
        Err(Status::Unimplemented)
    }

    /// The id of the counter of that name, created when absent.
    ///
    /// # Errors
    /// Whatever the host answered.
    fn define_counter(&self, _name: &str) -> Result<u32, Status> {
        Err(Status::Unimplemented)
    }

    /// Adds to a counter. `by` is at least 1: hosts refuse 0.
    ///
    /// # Errors
    /// Whatever the host answered.
    fn increment(&self, _counter: u32, _by: u32) -> Result<(), Status> {
        Err(Status::Unimplemented)
    }

    /// The id of the gauge of that name, created when absent.
    ///
    /// # Errors
    /// Whatever the host answered.
    fn define_gauge(&self, _name: &str) -> Result<u32, Status> {
        Err(Status::Unimplemented)
    }

    /// Sets a gauge.
    ///
    /// # Errors
    /// Whatever the host answered.
    fn record(&self, _gauge: u32, _value: u64) -> Result<(), Status> {
        Err(Status::Unimplemented)
    }

    /// Whether this is Envoy, and not Kong's engine: what the proxy tells of a response differs.
    fn is_envoy(&self) -> bool {
        true
    }

    /// The value of a counter or gauge, as all VMs together made it (about 0.1 us in Envoy).
    ///
    /// # Errors
    /// Whatever the host answered.
    fn metric(&self, _id: u32) -> Result<u64, Status> {
        Err(Status::Unimplemented)
    }

    /// The host's time at this very moment, for what others may have done since [`Cx::now`](crate::filter::Cx) was read;
    /// `None` where there is no other clock.
    fn now(&self) -> Option<Nanos> {
        None
    }

    /// State shared by the workers of the process; [`SharedStore`](crate::store::SharedStore) is how rules use it.
    fn shared(&self) -> &dyn SharedData {
        &NoSharedData
    }
}

/// The shared data of a host that has none.
struct NoSharedData;

impl SharedData for NoSharedData {
    fn get(&self, _: &str) -> Result<Option<(Vec<u8>, Option<NonZeroU32>)>, Status> {
        Err(Status::Unimplemented)
    }

    fn set(&self, _: &str, _: &[u8], _: Option<u32>) -> Result<(), Status> {
        Err(Status::Unimplemented)
    }
}

/// A counter that is created in the host when first used; its id is kept.
#[derive(Debug)]
pub struct Counter {
    name: String,
    id: Cell<Option<u32>>,
}

impl Counter {
    /// A counter of that name. Every part of the name comes from configuration or code, never from a request:
    /// a host keeps each name for ever.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), id: Cell::new(None) }
    }

    /// What it has come to, over all VMs of the process.
    ///
    /// # Errors
    /// Whatever the host answered.
    pub fn value(&self, proxy: &dyn Proxy) -> Result<u64, Status> {
        proxy.metric(self.id(proxy)?)
    }

    /// Adds 1. A host that refuses is logged at debug level: a metric is never a reason to fail a request.
    pub fn increment(&self, proxy: &dyn Proxy) {
        if let Err(status) = self.try_increment(proxy) {
            log::debug!("counter {}: {status}", self.name);
        }
    }

    /// Adds 1, where more than a metric depends on it.
    ///
    /// # Errors
    /// Whatever the host answered.
    pub fn try_increment(&self, proxy: &dyn Proxy) -> Result<(), Status> {
        proxy.increment(self.id(proxy)?, 1)
    }

    fn id(&self, proxy: &dyn Proxy) -> Result<u32, Status> {
        let id = match self.id.get() {
            Some(id) => id,
            None => proxy.define_counter(&self.name)?,
        };
        self.id.set(Some(id));
        Ok(id)
    }
}

/// A gauge that is created in the host when first used; its id is kept. All VMs of a process share it.
#[derive(Debug)]
pub struct Gauge {
    name: String,
    id: Cell<Option<u32>>,
}

impl Gauge {
    /// A gauge of that name, which comes from configuration or code alone.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), id: Cell::new(None) }
    }

    /// What it was set to last, by whichever VM.
    ///
    /// # Errors
    /// Whatever the host answered.
    pub fn value(&self, proxy: &dyn Proxy) -> Result<u64, Status> {
        proxy.metric(self.id(proxy)?)
    }

    /// Sets it. A host that refuses is logged at debug level: a metric is never a reason to fail a request.
    pub fn record(&self, proxy: &dyn Proxy, value: u64) {
        if let Err(status) = self.id(proxy).and_then(|id| proxy.record(id, value)) {
            log::debug!("gauge {}: {status}", self.name);
        }
    }

    fn id(&self, proxy: &dyn Proxy) -> Result<u32, Status> {
        let id = match self.id.get() {
            Some(id) => id,
            None => proxy.define_gauge(&self.name)?,
        };
        self.id.set(Some(id));
        Ok(id)
    }
}
