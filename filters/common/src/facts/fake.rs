//! A host with one request, for tests.

use std::cell::RefCell;

use crate::facts::Facts;
use crate::filter::Cx;
use crate::head::{HeadState, HeaderMap, HeaderSource, RequestHead};
use crate::proxy::{Proxy, Status};
use crate::settings::Settings;
use crate::time::Nanos;

/// Says what it is asked for.
#[derive(Debug, Default)]
pub(crate) struct FakeHost {
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) properties: Vec<(String, Result<String, Status>)>,
    pub(crate) asked: RefCell<Vec<String>>,
    /// The counters and their values.
    pub(crate) counted: RefCell<Vec<(String, u32)>>,
    /// The properties that were set.
    pub(crate) set: RefCell<Vec<(String, String)>>,
}

impl FakeHost {
    pub(crate) fn new<V: AsRef<[u8]>>(fields: &[(&str, V)]) -> Self {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_ref().to_vec())).collect();
        Self { fields, ..Self::default() }
    }

    pub(crate) fn property(mut self, name: &str, value: Result<&str, Status>) -> Self {
        self.properties.push((name.to_owned(), value.map(str::to_owned)));
        self
    }

    /// Looks at the request as a filter does.
    pub(crate) fn ask<T>(&self, settings: &Settings, look: impl FnOnce(&RequestHead<'_>, &Cx<'_>) -> T) -> T {
        let (mut state, mut facts) = (HeadState::default(), Facts::default());
        look(&RequestHead::new(self, &mut state), &Cx::new(Nanos(0), self, &mut facts, settings))
    }
}

impl HeaderSource for FakeHost {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        self.asked.borrow_mut().push(name.into());
        Ok(self.fields.iter().find(|(found, _)| *found == name).map(|(_, value)| value.clone()))
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        self.asked.borrow_mut().push("all".into());
        HeaderMap::parse(HeaderMap::serialize(&self.fields))
    }
}

impl Proxy for FakeHost {
    fn property(&self, path: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        let path = path.join(".");
        self.asked.borrow_mut().push(path.clone());
        let found = self.properties.iter().find(|(name, _)| *name == path);
        found.map(|(_, value)| value.clone().map(String::into_bytes)).transpose()
    }

    fn set_property(&self, path: &[&str], value: &[u8]) -> Result<(), Status> {
        self.set.borrow_mut().push((path.join("."), value.escape_ascii().to_string()));
        Ok(())
    }

    /// Bytes that count up from 1.
    fn random(&self, bytes: &mut [u8]) -> Result<(), Status> {
        (1..).zip(bytes).for_each(|(count, byte)| *byte = count);
        Ok(())
    }

    fn define_counter(&self, name: &str) -> Result<u32, Status> {
        let mut counted = self.counted.borrow_mut();
        let known = counted.iter().position(|(found, _)| found == name);
        let at = known.unwrap_or_else(|| {
            counted.push((name.to_owned(), 0));
            counted.len() - 1
        });
        u32::try_from(at).map_err(|_| Status::InternalFailure)
    }

    fn increment(&self, counter: u32, by: u32) -> Result<(), Status> {
        self.counted.borrow_mut()[counter as usize].1 += by;
        Ok(())
    }
}
