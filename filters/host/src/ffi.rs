//! The ABI's functions as the host exports them (proxy-wasm ABI 0.2.1), and the only unsafe code of the project.
//!
//! The SDK's wrappers panic on any status they do not expect; these return it. `proxy_get_log_level` is missing on
//! purpose: Kong's engine does not load a module that imports it. Off wasm there is no host: every call answers
//! [`Status::Unimplemented`].

#![allow(unsafe_code, clippy::too_many_arguments)]

use sluicegate_common::proxy::Status;

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
    fn proxy_send_local_response(
        status: u32, details: In, details_size: usize, body: In, body_size: usize,
        headers: In, headers_size: usize, grpc_status: i32
    );
    fn proxy_set_effective_context(context: u32);
    fn proxy_define_metric(kind: u32, name: In, name_size: usize, id: Out<u32>);
    fn proxy_increment_metric(id: u32, by: i64);
    fn proxy_record_metric(id: u32, value: u64);
    fn proxy_get_metric(id: u32, value: Out<u64>);
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

/// Bytes that the host placed in our memory through the SDK's `proxy_on_memory_allocate`.
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
