//! Shared data, in the namespace of the VM's `vm_id`.

use wasmtime::Caller;

use crate::abi::call::host_call;
use crate::host::Host;
use crate::interleave::{Access, Shared};
use crate::profile::Profile;

pub fn get_shared_data(
    caller: Caller<'_, Host>,
    key: u32,
    key_size: u32,
    pointer: u32,
    size: u32,
    cas: u32,
) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_get_shared_data", |call| {
        let key = call.bytes(key, key_size)?;
        let torn = call.with_world(|world, _| world.faults.concerns_read(&key));
        let access = if torn { Access::Write } else { Access::Read };
        call.touches(|host| access(entry(host, &key)))?;
        let entry = call.with_world(|world, host| match world.faults.tears(&key) {
            true => world.shared_data.get_torn(&host.spec.vm_id, &key),
            false => world.shared_data.get(&host.spec.vm_id, &key).cloned(),
        })?;
        call.return_bytes(pointer, size, &entry.value)?;
        call.return_u32(cas, entry.cas)
    })
}

pub fn set_shared_data(
    caller: Caller<'_, Host>,
    key: u32,
    key_size: u32,
    value: u32,
    value_size: u32,
    cas: u32,
) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_set_shared_data", |call| {
        let key = call.bytes(key, key_size)?;
        let bytes = call.bytes(value, value_size)?;
        let value = (value != 0).then_some(bytes);
        call.number(cas);
        call.touches(|host| Access::Write(entry(host, &key)))?;
        call.with_world(|world, host| world.shared_data.set(&host.spec.vm_id, &key, value.as_deref(), cas))?;
        Ok(())
    })
}

/// What a key stands for: Kong's engine has one namespace for all.
fn entry(host: &Host, key: &[u8]) -> Shared {
    let namespace = match host.world.borrow().profile {
        Profile::Envoy => host.spec.vm_id.to_string(),
        Profile::Kong => String::new(),
    };
    Shared::Data(namespace, key.to_vec())
}
