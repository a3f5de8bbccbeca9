//! The ABI's functions as the host exports them (proxy-wasm ABI 0.2.1), and the only unsafe code of the project.
//!
//! First what the host offers, then what it calls. `proxy_get_log_level` is missing on purpose: Kong's engine does not
//! load a module that imports it. Off wasm there is no host: every call answers [`Status::Unimplemented`].

#![allow(unsafe_code, clippy::too_many_arguments)]

use sluicegate_common::chain::Chain;
use sluicegate_common::proxy::Status;

use crate::abi::Action;
use crate::answers::Ended;
use crate::body;
use crate::dispatcher::{self, tell};

macro_rules! host_functions {
    ($(fn $name:ident($($arg:ident: $type:ty),*);)*) => {
        #[cfg(target_arch = "wasm32")]
        #[link(wasm_import_module = "env")]
        unsafe extern "C" {
            $(fn $name($($arg: $type),*) -> u32;)*
        }
        $(
            #[cfg(not(target_arch = "wasm32"))]
            unsafe fn $name($(_: $type),*) -> u32 {
                12
            }
        )*
    };
}

type In = *const u8;
type Out<T> = *mut T;

host_functions! {
    fn proxy_log(level: u32, message: In, message_size: usize);
    fn proxy_get_current_time_nanoseconds(time: Out<u64>);
    fn proxy_set_tick_period_milliseconds(period: u32);
    fn proxy_get_buffer_bytes(kind: u32, start: usize, max: usize, data: Out<*mut u8>, size: Out<usize>);
    fn proxy_set_buffer_bytes(kind: u32, start: usize, replaced: usize, data: In, size: usize);
    fn proxy_get_header_map_pairs(map: u32, data: Out<*mut u8>, size: Out<usize>);
    fn proxy_get_header_map_value(map: u32, name: In, name_size: usize, data: Out<*mut u8>, size: Out<usize>);
    fn proxy_replace_header_map_value(map: u32, name: In, name_size: usize, value: In, value_size: usize);
    fn proxy_add_header_map_value(map: u32, name: In, name_size: usize, value: In, value_size: usize);
    fn proxy_remove_header_map_value(map: u32, name: In, name_size: usize);
    fn proxy_get_property(path: In, path_size: usize, data: Out<*mut u8>, size: Out<usize>);
    fn proxy_set_property(path: In, path_size: usize, value: In, value_size: usize);
    fn proxy_get_shared_data(key: In, key_size: usize, data: Out<*mut u8>, size: Out<usize>, cas: Out<u32>);
    fn proxy_set_shared_data(key: In, key_size: usize, value: In, value_size: usize, cas: u32);
    fn proxy_continue_stream(stream: u32);
    fn proxy_close_stream(stream: u32);
    fn proxy_send_local_response(
        status: u32, details: In, details_size: usize, body: In, body_size: usize,
        headers: In, headers_size: usize, grpc_status: i32
    );
    fn proxy_set_effective_context(context: u32);
    fn proxy_define_metric(kind: u32, name: In, name_size: usize, id: Out<u32>);
    fn proxy_increment_metric(id: u32, by: i64);
    fn proxy_record_metric(id: u32, value: u64);
    fn proxy_get_metric(id: u32, value: Out<u64>);
    fn proxy_http_call(
        upstream: In, upstream_size: usize, headers: In, headers_size: usize, body: In, body_size: usize,
        trailers: In, trailers_size: usize, timeout: u32, token: Out<u32>
    );
    fn proxy_grpc_call(
        target: In, target_size: usize, service: In, service_size: usize, method: In, method_size: usize,
        metadata: In, metadata_size: usize, message: In, message_size: usize, timeout: u32, token: Out<u32>
    );
}

/// Calls a function of the host and turns its status into a result.
macro_rules! call {
    ($function:ident($($arg:expr),*)) => {
        // SAFETY: every pointer comes from a live slice with that slice's length, or from a local of the pointed
        // type; the host reads or writes them only during the call.
        match Status::from_code(unsafe { $function($($arg),*) }) {
            None => Ok(()),
            Some(status) => Err(status),
        }
    };
}

/// Bytes that the host placed in our memory through [`proxy_on_memory_allocate`].
struct Returned {
    data: *mut u8,
    size: usize,
}

impl Returned {
    fn empty() -> Self {
        Self { data: std::ptr::null_mut(), size: 0 }
    }

    fn into_vec(self) -> Vec<u8> {
        if self.data.is_null() {
            return Vec::new();
        }
        // SAFETY: the allocator hands out a boxed slice of exactly `size` bytes with alignment 1, and the host gives
        // it to us once.
        unsafe { Vec::from_raw_parts(self.data, self.size, self.size) }
    }
}

pub fn log(level: u32, message: &str) -> Result<(), Status> {
    call!(proxy_log(level, message.as_ptr(), message.len()))
}

pub fn current_time() -> Result<u64, Status> {
    let mut time = 0;
    call!(proxy_get_current_time_nanoseconds(&raw mut time)).map(|()| time)
}

pub fn set_tick_period(milliseconds: u32) -> Result<(), Status> {
    call!(proxy_set_tick_period_milliseconds(milliseconds))
}

pub fn buffer(kind: u32, max: usize) -> Result<Vec<u8>, Status> {
    let mut out = Returned::empty();
    call!(proxy_get_buffer_bytes(kind, 0, max, &raw mut out.data, &raw mut out.size)).map(|()| out.into_vec())
}

/// Puts `data` in place of the first `replaced` bytes.
pub fn replace_buffer(kind: u32, replaced: usize, data: &[u8]) -> Result<(), Status> {
    call!(proxy_set_buffer_bytes(kind, 0, replaced, data.as_ptr(), data.len()))
}

pub fn header_map_pairs(map: u32) -> Result<Vec<u8>, Status> {
    let mut out = Returned::empty();
    call!(proxy_get_header_map_pairs(map, &raw mut out.data, &raw mut out.size)).map(|()| out.into_vec())
}

pub fn header_map_value(map: u32, name: &str) -> Result<Vec<u8>, Status> {
    let mut out = Returned::empty();
    call!(proxy_get_header_map_value(map, name.as_ptr(), name.len(), &raw mut out.data, &raw mut out.size))
        .map(|()| out.into_vec())
}

pub fn replace_header_map_value(map: u32, name: &str, value: &[u8]) -> Result<(), Status> {
    call!(proxy_replace_header_map_value(map, name.as_ptr(), name.len(), value.as_ptr(), value.len()))
}

pub fn add_header_map_value(map: u32, name: &str, value: &[u8]) -> Result<(), Status> {
    call!(proxy_add_header_map_value(map, name.as_ptr(), name.len(), value.as_ptr(), value.len()))
}

pub fn remove_header_map_value(map: u32, name: &str) -> Result<(), Status> {
    call!(proxy_remove_header_map_value(map, name.as_ptr(), name.len()))
}

pub fn property(path: &[u8]) -> Result<Vec<u8>, Status> {
    let mut out = Returned::empty();
    call!(proxy_get_property(path.as_ptr(), path.len(), &raw mut out.data, &raw mut out.size)).map(|()| out.into_vec())
}

pub fn set_property(path: &[u8], value: &[u8]) -> Result<(), Status> {
    call!(proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()))
}

pub fn shared_data(key: &[u8]) -> Result<(Vec<u8>, u32), Status> {
    let (mut out, mut cas) = (Returned::empty(), 0);
    call!(proxy_get_shared_data(key.as_ptr(), key.len(), &raw mut out.data, &raw mut out.size, &raw mut cas))
        .map(|()| (out.into_vec(), cas))
}

pub fn set_shared_data(key: &[u8], value: &[u8], cas: u32) -> Result<(), Status> {
    call!(proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), cas))
}

pub fn continue_stream(stream: u32) -> Result<(), Status> {
    call!(proxy_continue_stream(stream))
}

pub fn close_stream(stream: u32) -> Result<(), Status> {
    call!(proxy_close_stream(stream))
}

pub fn send_local_response(
    status: u32,
    details: &str,
    headers: &[u8],
    body: &[u8],
    grpc_status: i32,
) -> Result<(), Status> {
    call!(proxy_send_local_response(
        status,
        details.as_ptr(),
        details.len(),
        body.as_ptr(),
        body.len(),
        headers.as_ptr(),
        headers.len(),
        grpc_status
    ))
}

pub fn set_effective_context(context: u32) -> Result<(), Status> {
    call!(proxy_set_effective_context(context))
}

pub fn define_metric(kind: u32, name: &str) -> Result<u32, Status> {
    let mut id = 0;
    call!(proxy_define_metric(kind, name.as_ptr(), name.len(), &raw mut id)).map(|()| id)
}

pub fn increment_metric(id: u32, by: i64) -> Result<(), Status> {
    call!(proxy_increment_metric(id, by))
}

pub fn record_metric(id: u32, value: u64) -> Result<(), Status> {
    call!(proxy_record_metric(id, value))
}

pub fn metric(id: u32) -> Result<u64, Status> {
    let mut value = 0;
    call!(proxy_get_metric(id, &raw mut value)).map(|()| value)
}

/// A header map without a field, as it goes to the host.
const NO_FIELDS: [u8; 4] = [0; 4];

pub fn http_call(upstream: &str, headers: &[u8], body: &[u8], timeout: u32) -> Result<u32, Status> {
    let mut token = 0;
    call!(proxy_http_call(
        upstream.as_ptr(),
        upstream.len(),
        headers.as_ptr(),
        headers.len(),
        body.as_ptr(),
        body.len(),
        NO_FIELDS.as_ptr(),
        NO_FIELDS.len(),
        timeout,
        &raw mut token
    ))
    .map(|()| token)
}

pub fn grpc_call(target: &str, service: &str, method: &str, message: &[u8], timeout: u32) -> Result<u32, Status> {
    let mut token = 0;
    call!(proxy_grpc_call(
        target.as_ptr(),
        target.len(),
        service.as_ptr(),
        service.len(),
        method.as_ptr(),
        method.len(),
        NO_FIELDS.as_ptr(),
        NO_FIELDS.len(),
        message.as_ptr(),
        message.len(),
        timeout,
        &raw mut token
    ))
    .map(|()| token)
}

/// The module is loaded: it serves this chain. [`plugin!`](crate::plugin) exports it.
pub fn initialize<C: Chain + 'static>() {
    #[cfg(target_arch = "wasm32")]
    {
        unsafe extern "C" {
            fn __wasm_call_ctors();
        }
        // SAFETY: the linker makes it, and asks that it be called once, before anything else.
        unsafe { __wasm_call_ctors() };
    }
    dispatcher::serve::<C>();
}

/// Makes a chain the module that this crate is.
#[macro_export]
macro_rules! plugin {
    ($chain:ty) => {
        #[allow(missing_docs, unsafe_code)]
        mod module {
            #[unsafe(no_mangle)]
            pub extern "C" fn _initialize() {
                $crate::initialize::<$chain>();
            }
        }
    };
}

#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

/// The host asks for memory while it answers a call of ours.
#[unsafe(no_mangle)]
extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    Box::into_raw(Box::<[u8]>::new_uninit_slice(size)).cast()
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_vm_start(_root: u32, _size: usize) -> bool {
    dispatcher::start()
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_context_create(context: u32, parent: u32) {
    tell((), |module| module.create(context, parent));
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_configure(root: u32, size: usize) -> bool {
    tell(false, |module| module.configure(root, size))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_tick(root: u32) {
    tell((), |module| module.tick(root));
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(context: u32, _count: usize, whole: bool) -> Action {
    tell(Action::Continue, |module| module.request(context, whole))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_headers(context: u32, _count: usize, whole: bool) -> Action {
    tell(Action::Continue, |module| module.response(context, whole))
}

// Exported where a filter takes bodies, and for Kong's engine.

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_body(context: u32, size: usize, last: bool) -> Action {
    if body::none_is_taken() {
        Action::Continue
    } else {
        tell(Action::Continue, |module| module.body(context, size, last))
    }
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_trailers(context: u32, _count: usize) -> Action {
    if body::none_is_taken() {
        Action::Continue
    } else {
        tell(Action::Continue, |module| module.body(context, 0, true))
    }
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_http_call_response(context: u32, token: u32, headers: usize, body: usize, _trailers: usize) {
    tell((), |module| module.answered(context, token, Ended::Http { headers, body }));
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_grpc_receive(context: u32, token: u32, size: usize) {
    tell((), |module| module.answered(context, token, Ended::Message { size }));
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_grpc_close(context: u32, token: u32, status: u32) {
    tell((), |module| module.answered(context, token, Ended::Grpc { status }));
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_log(context: u32) {
    tell((), |module| module.end(context));
}

// What nothing is to be done for. Envoy passes over a callback that is not exported, and modules for Envoy leave these
// out; Kong's engine calls them all (`ngx_wavm_instance_call_funcref` takes what it looked up without a question).

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_body(_context: u32, _size: usize, _last: bool) -> Action {
    Action::Continue
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_trailers(_context: u32, _count: usize) -> Action {
    Action::Continue
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_done(_context: u32) -> bool {
    true
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(_context: u32) {}
