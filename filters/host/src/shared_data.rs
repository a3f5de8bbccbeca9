//! The host's shared data as the store sees it.

use std::num::NonZeroU32;

use sluicegate_common::proxy::Status;
use sluicegate_common::store::SharedData;

use crate::ffi;
use crate::hostcalls::Host;

impl SharedData for Host {
    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, Option<NonZeroU32>)>, Status> {
        match ffi::shared_data(key.as_bytes()) {
            Ok((value, cas)) => Ok(Some((value, NonZeroU32::new(cas)))),
            Err(Status::NotFound) => Ok(None),
            Err(status) => Err(status),
        }
    }

    fn set(&self, key: &str, value: &[u8], cas: Option<u32>) -> Result<(), Status> {
        ffi::set_shared_data(key.as_bytes(), value, cas.unwrap_or(0))
    }
}
