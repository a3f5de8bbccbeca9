//! Shared queues.

use wasmtime::Caller;

use crate::abi::call::host_call;
use crate::host::Host;
use crate::interleave::{Access, Shared};
use crate::status::Status;

pub fn register_shared_queue(caller: Caller<'_, Host>, name: u32, size: u32, token: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_register_shared_queue", |call| {
        let name = call.bytes(name, size)?;
        call.touches(|_| Access::Write(Shared::Queues))?;
        let registered = call.with_world(|world, host| {
            let root = host.context().ok_or(Status::BadArgument)?.root;
            Ok::<u32, Status>(world.queues.register(&host.spec.vm_id, &name, (host.id, root)))
        })?;
        call.return_u32(token, registered)
    })
}

/// An empty `vm_id` means the caller's own.
pub fn resolve_shared_queue(
    caller: Caller<'_, Host>,
    vm_id: u32,
    vm_id_size: u32,
    name: u32,
    size: u32,
    token: u32,
) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_resolve_shared_queue", |call| {
        let vm_id = call.text(vm_id, vm_id_size)?;
        let name = call.bytes(name, size)?;
        call.touches(|_| Access::Write(Shared::Queues))?;
        let resolved = call.with_world(|world, host| {
            let vm_id = if vm_id.is_empty() { &*host.spec.vm_id } else { &vm_id };
            world.queues.resolve(vm_id, &name)
        })?;
        call.return_u32(token, resolved)
    })
}

pub fn enqueue_shared_queue(caller: Caller<'_, Host>, token: u32, item: u32, size: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_enqueue_shared_queue", |call| {
        call.number(token);
        let item = call.bytes(item, size)?;
        call.touches(|_| Access::Write(Shared::Queues))?;
        call.with_world(|world, _| {
            let ready = world.queues.enqueue(token, &item)?;
            world.posted.push_back(ready);
            Ok::<(), Status>(())
        })?;
        Ok(())
    })
}

pub fn dequeue_shared_queue(caller: Caller<'_, Host>, token: u32, pointer: u32, size: u32) -> wasmtime::Result<u32> {
    host_call(caller, "proxy_dequeue_shared_queue", |call| {
        call.number(token);
        call.touches(|_| Access::Write(Shared::Queues))?;
        let item = call.with_world(|world, _| world.queues.dequeue(token))?;
        call.return_bytes(pointer, size, &item)
    })
}
