//! A host with one request.

use sluicegate_common::facts::Facts;
use sluicegate_common::filter::Cx;
use sluicegate_common::head::{HeadState, HeaderMap, HeaderSource, RequestHead};
use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::settings::Settings;
use sluicegate_common::time::Nanos;

/// The fields of the request.
pub(super) struct Request(Vec<(&'static str, Vec<u8>)>);

impl Request {
    pub(super) fn new(method: &str, target: &[u8]) -> Self {
        let host = b"api.example.com".to_vec();
        Self(vec![(":method", method.into()), (":path", target.to_vec()), (":authority", host)])
    }

    pub(super) fn header(mut self, name: &'static str, value: &[u8]) -> Self {
        self.0.push((name, value.to_vec()));
        self
    }

    /// Looks at the request as a filter does.
    pub(super) fn ask<T>(&self, look: impl FnOnce(&RequestHead<'_>, &Cx<'_>) -> T) -> T {
        let (mut state, mut facts, settings) = (HeadState::default(), Facts::default(), Settings::default());
        look(&RequestHead::new(self, &mut state), &Cx::new(Nanos(0), self, &mut facts, &settings))
    }
}

impl HeaderSource for Request {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        Ok(self.0.iter().find(|(found, _)| *found == name).map(|(_, value)| value.clone()))
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        HeaderMap::parse(HeaderMap::serialize(&self.0))
    }
}

impl Proxy for Request {
    fn property(&self, _: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        Ok(None)
    }
}
