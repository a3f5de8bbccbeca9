//! One host call: arguments read from the guest's memory, results written back, everything traced.

use wasmtime::Caller;

use crate::abi::pairs;
use crate::diagnostic::Problem;
use crate::host::Host;
use crate::interleave::{Access, Shared};
use crate::kong;
use crate::message::Headers;
use crate::profile::Profile;
use crate::record::Argument;
use crate::status::Status;
use crate::world::World;

/// Why a host call does not answer Ok.
pub enum Refusal {
    /// The guest gets a status.
    Status(Status),
    /// The guest trapped while the host asked it for memory.
    Trap(wasmtime::Error),
}

impl Refusal {
    /// A trap in the host's words.
    pub fn trap(message: &'static str) -> Self {
        Refusal::Trap(wasmtime::Error::msg(message))
    }
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Refusal::Status(status)
    }
}

/// The result of the body of a host function.
pub type Answer<T = ()> = Result<T, Refusal>;

/// A host call in progress.
pub struct HostCall<'a, 'b> {
    caller: &'a mut Caller<'b, Host>,
    name: &'static str,
    arguments: Vec<Argument>,
    returned: Vec<Argument>,
    /// Bytes that passed, but are not kept for the trace.
    untraced: usize,
}

/// Runs the body of a host function, then counts and traces the call.
pub fn host_call(
    caller: Caller<'_, Host>,
    name: &'static str,
    body: impl FnOnce(&mut HostCall<'_, '_>) -> Answer,
) -> wasmtime::Result<u32> {
    if caller.data().world.borrow().profile == Profile::Kong && kong::module::lacks(name) {
        return Err(wasmtime::Error::msg(format!("host trap (internal error): {name} is not implemented")));
    }
    traced(caller, name, |call| {
        let answer = match call.fault() {
            Ok(Some(status)) => return Ok(status as u32),
            Ok(None) => body(call),
            Err(refusal) => Err(refusal),
        };
        let status = match answer {
            Ok(()) => Status::Ok,
            Err(Refusal::Status(status)) => status,
            Err(Refusal::Trap(error)) => return Err(error),
        };
        if status == Status::InvalidMemoryAccess {
            call.diagnose(Problem::BadPointer);
        }
        Ok(status as u32)
    })
}

/// [`host_call`] for functions of WASI, which return an errno.
pub fn wasi_call(
    caller: Caller<'_, Host>,
    name: &'static str,
    body: impl FnOnce(&mut HostCall<'_, '_>) -> Answer<u32>,
) -> wasmtime::Result<u32> {
    const FAULT: u32 = 21;
    traced(caller, name, |call| match body(call) {
        Ok(errno) => Ok(errno),
        Err(Refusal::Status(_)) => {
            call.diagnose(Problem::BadPointer);
            Ok(FAULT)
        }
        Err(Refusal::Trap(error)) => Err(error),
    })
}

fn traced(
    mut caller: Caller<'_, Host>,
    name: &'static str,
    body: impl FnOnce(&mut HostCall<'_, '_>) -> wasmtime::Result<u32>,
) -> wasmtime::Result<u32> {
    let mut call = HostCall { caller: &mut caller, name, arguments: Vec::new(), returned: Vec::new(), untraced: 0 };
    let status = body(&mut call)?;
    let HostCall { arguments, returned, untraced, .. } = call;
    let bytes = arguments.iter().chain(&returned).map(Argument::size).sum::<usize>().saturating_add(untraced);
    let limits = caller.data().world.borrow().limits;
    caller.data_mut().conduct.count(bytes, &limits).map_err(wasmtime::Error::msg)?;
    let in_stream = caller.data().http().is_some();
    caller.data_mut().conduct.called(name, status == Status::Ok as u32, in_stream);
    caller.data().world.borrow_mut().host_call(name, arguments, status, returned);
    Ok(status)
}

impl HostCall<'_, '_> {
    pub fn host(&self) -> &Host {
        self.caller.data()
    }

    /// The import.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The host the proxy behaves as.
    pub fn profile(&self) -> Profile {
        self.host().world.borrow().profile
    }

    /// Reports what crashes or corrupts the real host.
    pub fn fatal(&self, why: &'static str) {
        self.diagnose(Problem::Fatal { why });
    }

    pub fn host_mut(&mut self) -> &mut Host {
        self.caller.data_mut()
    }

    /// Works with the state all VMs share.
    pub fn with_world<T>(&self, work: impl FnOnce(&mut World, &Host) -> T) -> T {
        let host = self.caller.data();
        work(&mut host.world.borrow_mut(), host)
    }

    /// What the call answers by a fault, without being run.
    fn fault(&self) -> Answer<Option<Status>> {
        let name = self.name;
        if !self.with_world(|world, _| world.faults.concerns_call(name)) {
            return Ok(None);
        }
        self.touches(|_| Access::Write(Shared::Fault(name)))?;
        Ok(self.with_world(|world, _| world.faults.answer(name)))
    }

    /// Says that what follows touches state of all threads: here another thread may come first.
    pub fn touches(&self, access: impl FnOnce(&Host) -> Access) -> Answer {
        let host = self.caller.data();
        let Some(gate) = host.world.borrow().gate.clone() else { return Ok(()) };
        gate.reach(host.place, access(host)).map_err(|killed| Refusal::Trap(wasmtime::Error::new(killed)))
    }

    /// Traces a plain argument.
    pub fn number(&mut self, number: impl Into<u64>) {
        self.arguments.push(Argument::Number(number.into()));
    }

    /// Traces plain arguments.
    pub fn numbers<const N: usize>(&mut self, numbers: [u32; N]) {
        self.arguments.extend(numbers.map(|number| Argument::Number(number.into())));
    }

    /// Reads bytes of the guest.
    pub fn bytes(&mut self, pointer: u32, size: u32) -> Answer<Vec<u8>> {
        let bytes = self.peek(pointer, size)?;
        self.arguments.push(Argument::Bytes(bytes.clone()));
        Ok(bytes)
    }

    /// Reads a UTF-8 name of the guest.
    pub fn text(&mut self, pointer: u32, size: u32) -> Answer<String> {
        Ok(String::from_utf8_lossy(&self.bytes(pointer, size)?).into_owned())
    }

    /// Reads a serialized map of the guest.
    pub fn pairs(&mut self, pointer: u32, size: u32) -> Answer<Headers> {
        let pairs = pairs::decode(&self.peek(pointer, size)?);
        self.arguments.push(Argument::Pairs(pairs.clone()));
        Ok(pairs)
    }

    /// Writes a number of 4 bytes.
    pub fn return_u32(&mut self, pointer: u32, value: u32) -> Answer {
        self.returned.push(Argument::Number(value.into()));
        self.poke(pointer, &value.to_le_bytes())
    }

    /// Writes a number of 8 bytes.
    pub fn return_u64(&mut self, pointer: u32, value: u64) -> Answer {
        self.returned.push(Argument::Number(value));
        self.poke(pointer, &value.to_le_bytes())
    }

    /// Allocates in the guest, copies bytes there, and writes their address and size. Empty results
    /// have the address 0.
    pub fn return_bytes(&mut self, pointer: u32, size_pointer: u32, bytes: &[u8]) -> Answer {
        self.returned.push(Argument::Bytes(bytes.to_vec()));
        self.return_allocated(pointer, size_pointer, bytes)
    }

    /// [`return_bytes`](Self::return_bytes) of a serialized map.
    pub fn return_pairs(&mut self, pointer: u32, size_pointer: u32, pairs: &Headers) -> Answer {
        self.returned.push(Argument::Pairs(pairs.clone()));
        // Envoy writes nothing at all for an empty map, not even the count.
        let bytes = if pairs.is_empty() { Vec::new() } else { pairs::encode(pairs) };
        self.return_allocated(pointer, size_pointer, &bytes)
    }

    /// Reports what is wrong with this call.
    pub fn diagnose(&self, problem: Problem) {
        self.host().diagnose(Some(self.name), problem);
    }

    /// Reports the use of a map or buffer outside of its phase.
    pub fn wrong_phase(&self, what: &'static str) {
        self.diagnose(Problem::WrongPhase { what });
    }

    /// Reads a number of the ABI; one without meaning is reported.
    pub fn known<T: TryFrom<u32, Error = Status>>(&self, what: &'static str, number: u32) -> Answer<T> {
        let known = T::try_from(number);
        if known.is_err() {
            self.diagnose(Problem::UnknownNumber { what, number });
        }
        Ok(known?)
    }

    fn return_allocated(&mut self, pointer: u32, size_pointer: u32, bytes: &[u8]) -> Answer {
        let size = u32::try_from(bytes.len()).map_err(|_| Status::InvalidMemoryAccess)?;
        let address = if bytes.is_empty() { 0 } else { self.allocate(size)? };
        if size > 0 {
            self.poke(address, bytes)?;
        }
        self.poke(pointer, &address.to_le_bytes())?;
        self.poke(size_pointer, &size.to_le_bytes())
    }

    fn allocate(&mut self, size: u32) -> Answer<u32> {
        let allocate = self.host().allocate.clone().ok_or(Status::InvalidMemoryAccess)?;
        let address = allocate.call(&mut *self.caller, size).map_err(Refusal::Trap)?;
        if address == 0 { Err(Status::InvalidMemoryAccess.into()) } else { Ok(address) }
    }

    /// Reads bytes of the guest, untraced.
    pub fn peek(&self, pointer: u32, size: u32) -> Answer<Vec<u8>> {
        let range = range(pointer, size);
        let memory = self.host().memory.ok_or(Status::InvalidMemoryAccess)?;
        Ok(memory.data(&*self.caller).get(range).ok_or(Status::InvalidMemoryAccess)?.to_vec())
    }

    /// Counts bytes that pass, but are not kept for the trace.
    pub fn pass(&mut self, bytes: usize) {
        self.untraced = self.untraced.saturating_add(bytes);
    }

    /// How much the guest has, bytes.
    pub fn memory_size(&self) -> usize {
        self.host().memory.map_or(0, |memory| memory.data_size(&*self.caller))
    }

    /// Reads a number of 4 bytes, untraced.
    pub fn peek_u32(&self, pointer: u32) -> Answer<u32> {
        let bytes = self.peek(pointer, 4)?;
        Ok(u32::from_le_bytes(bytes.try_into().map_err(|_| Status::InvalidMemoryAccess)?))
    }

    /// Writes bytes where the guest wants them, untraced.
    pub fn write(&mut self, pointer: u32, bytes: &[u8]) -> Answer {
        self.poke(pointer, bytes)
    }

    fn poke(&mut self, pointer: u32, bytes: &[u8]) -> Answer {
        let memory = self.host().memory.ok_or(Status::InvalidMemoryAccess)?;
        let at = usize::try_from(pointer).unwrap_or(usize::MAX);
        Ok(memory.write(&mut *self.caller, at, bytes).map_err(|_| Status::InvalidMemoryAccess)?)
    }
}

fn range(pointer: u32, size: u32) -> std::ops::Range<usize> {
    let start = usize::try_from(pointer).unwrap_or(usize::MAX);
    start..start.saturating_add(usize::try_from(size).unwrap_or(usize::MAX))
}
