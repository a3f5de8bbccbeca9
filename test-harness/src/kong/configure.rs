//! What crashes a worker of Kong's engine while it configures a plugin: there is no request yet, and
//! these imports use it without a look (`ngx_http_proxy_wasm_get_rctx`).

use crate::abi::HostCall;
use crate::profile::Profile;

/// Reports an import that needs a request, called where none can be.
pub fn needs_request(call: &HostCall<'_, '_>, why: &'static str) {
    if call.profile() == Profile::Kong && call.host().callback == "proxy_on_configure" {
        call.fatal(why);
    }
}
