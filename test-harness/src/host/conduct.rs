//! What a guest did in the callback that is running, as far as it is judged when that has returned.

use crate::diagnostic::Problem;
use crate::spec::Limits;

/// Imports that act on the context: the root's or a stream's.
const OF_THE_CONTEXT: &[&str] = &[
    "proxy_done",
    "proxy_set_tick_period_milliseconds",
    "proxy_get_buffer_bytes",
    "proxy_get_buffer_status",
    "proxy_set_buffer_bytes",
    "proxy_get_header_map_pairs",
    "proxy_get_header_map_size",
    "proxy_set_header_map_pairs",
    "proxy_get_header_map_value",
    "proxy_add_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_remove_header_map_value",
    "proxy_continue_stream",
    "proxy_close_stream",
    "proxy_send_local_response",
    "proxy_http_call",
    "proxy_grpc_call",
    "proxy_grpc_stream",
    "proxy_set_property",
    "proxy_get_property",
];

const CALL_OUTS: &[&str] = &["proxy_http_call", "proxy_grpc_call", "proxy_grpc_stream"];

/// Callbacks in which a stream goes on or pauses.
const OF_A_STREAM: &[&str] = &[
    "proxy_on_request_headers",
    "proxy_on_request_body",
    "proxy_on_request_trailers",
    "proxy_on_response_headers",
    "proxy_on_response_body",
    "proxy_on_response_trailers",
];

/// The calls of one callback.
#[derive(Debug, Default)]
pub struct Conduct {
    /// Call-outs that were sent on behalf of a stream.
    dispatched: Vec<&'static str>,
    /// The context that `proxy_set_effective_context` refused last.
    refused: Option<u32>,
    /// No context was chosen since.
    lost: bool,
    /// The calls made while lost.
    astray: Vec<&'static str>,
    calls: u64,
    bytes: usize,
}

impl Conduct {
    /// Counts a host call and the bytes that pass through it; the limit it goes beyond, in words.
    pub fn count(&mut self, bytes: usize, limits: &Limits) -> Result<(), String> {
        self.calls = self.calls.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.calls > limits.host_calls_per_callback {
            return Err(format!("more than {} host calls in one callback", limits.host_calls_per_callback));
        }
        if self.bytes > limits.host_bytes_per_callback {
            return Err(format!(
                "more than {} bytes through host calls in one callback",
                limits.host_bytes_per_callback
            ));
        }
        Ok(())
    }

    /// Takes note of a host call; `in_stream`: on behalf of a stream.
    pub fn called(&mut self, name: &'static str, ok: bool, in_stream: bool) {
        if ok && in_stream && CALL_OUTS.contains(&name) {
            self.dispatched.push(name);
        }
        if self.lost && OF_THE_CONTEXT.contains(&name) {
            self.astray.push(name);
        }
    }

    /// Takes note of how `proxy_set_effective_context` was answered.
    pub fn chose(&mut self, context: u32, known: bool) {
        self.lost = !known;
        if !known {
            self.refused = Some(context);
        }
    }

    /// What is wrong with it, once the callback has returned; `goes_on`: it returned Continue and
    /// sent no local reply.
    pub fn judge(self, callback: &str, goes_on: bool) -> Vec<Problem> {
        let Conduct { dispatched, refused, astray, .. } = self;
        let mut problems = Vec::new();
        if goes_on && !dispatched.is_empty() && OF_A_STREAM.contains(&callback) {
            problems.push(Problem::DispatchNotPaused { calls: dispatched });
        }
        if let Some(context) = refused.filter(|_| !astray.is_empty()) {
            problems.push(Problem::WrongContext { context, calls: astray });
        }
        problems
    }
}
