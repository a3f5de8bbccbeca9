//! What a filter answers instead of the upstream, and the one place that turns it into bytes.
//!
//! A filter says *what* ([`LocalReply`]: status, reason code, message, its own headers). How that
//! looks on the wire follows from the configuration ([`ReplyPolicy`]) and from the request
//! ([`ReplyContext`]): [`render`] decides it, once, for every filter.
//!
//! 1. An entry of `errors` for the reply's code replaces status, headers and body.
//! 2. The body follows `error_format`: RFC 9457 problem details, the short JSON model, or text.
//! 3. gRPC and gRPC-Web callers get a gRPC status besides ([`Grpc`]).
//! 4. 401, 403, 429 and 503 carry `Cache-Control: no-store`, unless the reply names its own.
//! 5. 204, 205 and 304 never carry a body (RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5).
//!
//! Headers that decorate every answer (CORS, request id, security headers) are not added here:
//! the chain does that on the way back. The answer to HEAD keeps its body; the proxy strips it.

mod body;
mod fields;
mod grpc;
mod local_reply;
mod phrase;
mod policy;
mod render;

pub use fields::{is_field_name, is_field_value, may_set};
pub use grpc::{Grpc, grpc_status};
pub use local_reply::{LocalReply, ReplyBody};
pub use policy::{ErrorFormat, ErrorOverride, OverrideBody, ReplyPolicy, check_headers};
pub use render::{Expand, Line, Rendered, ReplyContext, render};
