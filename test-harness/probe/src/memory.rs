//! Memory that the host asks for.

use std::alloc::{Layout, alloc};
use std::cell::RefCell;
use std::collections::BTreeMap;

thread_local! {
    static BUFFERS: RefCell<BTreeMap<u32, Box<[u8]>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Zeroed memory for the host; 0 when there is none left.
#[unsafe(no_mangle)]
pub extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    let Ok(layout) = Layout::array::<u8>(size) else { return std::ptr::null_mut() };
    if size == 0 {
        return std::ptr::null_mut();
    }
    // SAFETY: the layout is not empty.
    let pointer = unsafe { alloc(layout) };
    if pointer.is_null() {
        return pointer;
    }
    // SAFETY: just allocated with this very layout, which is that of a boxed slice.
    let buffer = unsafe {
        pointer.write_bytes(0, size);
        Box::from_raw(std::ptr::slice_from_raw_parts_mut(pointer, size))
    };
    BUFFERS.with_borrow_mut(|buffers| buffers.insert(pointer.addr() as u32, buffer));
    pointer
}

/// What the host put into a buffer of its own: of exactly this address and length. Nothing at all, as
/// hosts return it, is (0, 0).
pub fn take(address: u32, length: u32) -> Option<Vec<u8>> {
    if (address, length) == (0, 0) {
        return Some(Vec::new());
    }
    let buffer = BUFFERS.with_borrow_mut(|buffers| buffers.remove(&address))?;
    (buffer.len() == length as usize).then(|| buffer.into_vec())
}
