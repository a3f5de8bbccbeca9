//! The only crate that calls the proxy: hostcalls, root and stream contexts, and the chain driver.
//!
//! A plugin is one line: `sluicegate_host::plugin!(Chain);`, where `Chain` is a full path (`crate::Mine`).

#[cfg_attr(test, allow(dead_code))]
mod ffi;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod grpc_tests;
#[cfg(not(test))]
mod hostcalls;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
#[path = "fake_host.rs"]
mod hostcalls;
mod http;
mod logger;
mod park;
mod root;
mod shared_data;
mod stream;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod waiting_tests;
#[cfg(test)]
mod worker;

use sluicegate_common::chain::Chain;

#[doc(hidden)]
pub use proxy_wasm;
pub use sluicegate_common::single::Single;

/// Serves this chain; called once, when the module is loaded.
pub fn serve<C: Chain + 'static>() {
    proxy_wasm::set_root_context(|id| Box::new(root::Root::<C>::new(id)));
}

/// Makes a chain the module that this crate is.
#[macro_export]
macro_rules! plugin {
    ($chain:ty) => {
        #[allow(missing_docs)]
        mod module {
            $crate::proxy_wasm::main! {{ $crate::serve::<$chain>(); }}
        }
    };
}
