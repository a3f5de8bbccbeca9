//! Contexts: what a guest knows by number.

use crate::callouts::Message;

/// A root context (a plugin in a VM) or an HTTP context (a filter in a stream).
#[derive(Debug)]
pub struct Context {
    pub plugin: usize,
    /// The root context; its own id for a root context.
    pub root: u32,
    pub kind: ContextKind,
}

/// The two kinds of contexts.
#[derive(Debug)]
pub enum ContextKind {
    /// A plugin in a VM.
    Root {
        /// The call-out answer that is being delivered.
        received: Received,
    },
    /// A filter in a stream.
    Http {
        /// The stream.
        stream: u64,
        /// The filter's place in the chain.
        filter: usize,
    },
}

/// What a root context shows of call-out answers.
#[derive(Debug, Default)]
pub struct Received {
    /// The response, while `proxy_on_http_call_response` runs.
    pub response: Option<Message>,
    /// The message, while `proxy_on_grpc_receive` runs.
    pub message: Option<Vec<u8>>,
    /// The status of the last call that failed; 0: none has.
    pub status: u32,
    /// What goes with it, while its callback runs.
    pub status_message: String,
}
