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
        /// The call-out response, while `proxy_on_http_call_response` runs.
        answer: Option<Message>,
    },
    /// A filter in a stream.
    Http {
        /// The stream.
        stream: u64,
        /// The filter's place in the chain.
        filter: usize,
    },
}
