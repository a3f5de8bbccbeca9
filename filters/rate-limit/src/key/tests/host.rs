//! A host with one request.

use sluicegate_common::facts::Facts;
use sluicegate_common::filter::Cx;
use sluicegate_common::head::{HeadState, HeaderMap, HeaderSource, RequestHead};
use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::settings::Settings;
use sluicegate_common::time::Nanos;

/// What the host knows of a request: fields, and properties by their paths joined by dots.
#[derive(Debug, Clone, Default)]
pub(crate) struct FakeHost {
    fields: Vec<(String, Vec<u8>)>,
    properties: Vec<(String, Vec<u8>)>,
}

impl FakeHost {
    pub(crate) fn field(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn property(mut self, path: &str, value: impl Into<Vec<u8>>) -> Self {
        self.properties.push((path.to_owned(), value.into()));
        self
    }

    /// The client's address as Envoy tells it.
    pub(crate) fn from(self, ip: &str) -> Self {
        let address = if ip.contains(':') { format!("[{ip}]:40000") } else { format!("{ip}:40000") };
        self.property("source.address", address)
    }

    /// Looks at the request as a filter does.
    pub(crate) fn ask<T>(&self, settings: &Settings, look: impl FnOnce(&RequestHead<'_>, &Cx<'_>) -> T) -> T {
        let (mut state, mut facts) = (HeadState::default(), Facts::default());
        look(&RequestHead::new(self, &mut state), &Cx::new(Nanos(0), self, &mut facts, settings))
    }
}

impl HeaderSource for FakeHost {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        Ok(self.fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone()))
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        HeaderMap::parse(HeaderMap::serialize(&self.fields))
    }
}

impl Proxy for FakeHost {
    fn property(&self, path: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        let path = path.join(".");
        Ok(self.properties.iter().find(|(found, _)| *found == path).map(|(_, value)| value.clone()))
    }
}
