//! What a careful author wants to know: things that are wrong, or would be in a real proxy. Each of
//! them fails a scenario that does not ask for it.

use std::fmt;
use std::sync::Arc;

use bstr::ByteSlice;

use crate::host::Host;
use crate::metrics::MetricMisuse;
use crate::record::Place;
use crate::world::World;

/// Something that is wrong, and where the guest did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where.
    pub site: Site,
    /// What.
    pub problem: Problem,
}

/// Where a guest did something; None for what cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Which VM.
    pub place: Place,
    /// The plugin's name.
    pub plugin: Option<Arc<str>>,
    /// The exported function that ran.
    pub callback: Option<&'static str>,
    /// The import it called.
    pub call: Option<&'static str>,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A guest function trapped; its VM is dead.
    Trap {
        /// The engine's words, e.g. `wasm trap: out of bounds memory access`.
        message: String,
    },
    /// A callback used up its fuel: an endless loop blocks a real worker for ever.
    FuelExhausted {
        /// What it had.
        fuel: u64,
    },
    /// Queues fill themselves again: notifications went on for ever at one instant. The rest was dropped.
    EndlessQueue,
    /// A header map or buffer was used outside of its phase; Envoy answers BadArgument (maps) or
    /// an empty list (all pairs).
    WrongPhase {
        /// The map or buffer.
        what: &'static str,
    },
    /// A local reply in on_log, on_done or on_delete: Envoy crashes.
    ReplyAfterEnd,
    /// A second local reply for one stream; the first stands.
    SecondReply,
    /// A call-out to a cluster the proxy does not know: BadArgument.
    UnknownCluster {
        /// The name the guest gave.
        cluster: String,
    },
    /// A gRPC call to a `GrpcService` that names no cluster, an empty one included: Envoy crashes.
    NoGrpcTarget,
    /// A call-out from a stream's callback that went on with Continue: Kong's engine crashes when the
    /// answer comes, and Envoy answers a stream that may be gone.
    DispatchNotPaused {
        /// The imports, in order.
        calls: Vec<&'static str>,
    },
    /// A stream was resumed that was not paused. Envoy runs the later filters and the router twice:
    /// the upstream gets the request two times. The harness ignores the call.
    NotPaused,
    /// `set_effective_context` named a context that is gone.
    UnknownContext {
        /// The id the guest gave.
        context: u32,
    },
    /// Calls after a failed `set_effective_context`: they act on the context of the callback.
    WrongContext {
        /// The id the guest gave.
        context: u32,
        /// The imports, in order.
        calls: Vec<&'static str>,
    },
    /// A paused request was never resumed, and nothing is left that could resume it.
    Stuck,
    /// The module wrote a header no codec can send: a control byte in the value, or a name that is no
    /// token. A request fails with 503; **in a response Envoy sends it as it is**, so a line break
    /// splits the response.
    InvalidHeader {
        /// The field's name.
        name: Vec<u8>,
    },
    /// The body sent upstream or downstream does not have the length its content-length says.
    ContentLength {
        /// `request` or `response`.
        message: &'static str,
        /// What the header says.
        declared: u64,
        /// What was sent.
        sent: u64,
    },
    /// A body with a status that has none (204, 304): Envoy sends it, and the client takes it for
    /// the beginning of the next response.
    BodyNotAllowed {
        /// The status.
        status: u16,
    },
    /// The guest passed a pointer or length outside of its memory, or had none to give.
    BadPointer,
    /// The guest passed a number the ABI gives no meaning.
    UnknownNumber {
        /// What is numbered, e.g. `header map`.
        what: &'static str,
        /// The number.
        number: u32,
    },
    /// What crashes or corrupts Kong's engine.
    Fatal {
        /// What it does.
        why: &'static str,
    },
    /// Details of a local reply: in Kong's engine they are the reason phrase on the wire.
    ReasonPhrase {
        /// The details.
        details: String,
    },
    /// A metric used as its kind cannot be.
    Metric(MetricMisuse),
}

impl Site {
    /// The callback that runs in a VM, and the import it is in.
    pub(crate) fn of(host: &Host, world: &World, call: Option<&'static str>) -> Self {
        let plugin = world.plugins.get(host.plugin()).map(|plugin| Arc::clone(&plugin.name));
        Site { place: host.place, plugin, callback: Some(host.callback).filter(|name| !name.is_empty()), call }
    }

    /// The proxy itself, on a thread.
    pub(crate) fn proxy(place: Place) -> Self {
        Site { place, plugin: None, callback: None, call: None }
    }
}

impl fmt::Display for Site {
    /// `cors in worker 0, proxy_on_request_headers, proxy_http_call`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.plugin {
            Some(plugin) => write!(f, "{plugin} in {}", self.place)?,
            None => write!(f, "{}", self.place)?,
        }
        for name in [self.callback, self.call].into_iter().flatten() {
            write!(f, ", {name}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.site, self.problem)
    }
}

impl fmt::Display for Problem {
    /// What is wrong, what a real proxy makes of it, and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Trap { message } => {
                write!(f, "trapped ({message}); the VM is dead: guest code must not panic")
            }
            Problem::FuelExhausted { fuel } => {
                write!(f, "used up its fuel ({fuel}); an endless loop blocks a worker for ever: bound the loop")
            }
            Problem::EndlessQueue => {
                f.write_str("queue notifications go on for ever: do not enqueue to a queue for each item taken from it")
            }
            Problem::WrongPhase { what } => {
                write!(f, "there is no {what} in this callback: copy what is needed while it is there")
            }
            Problem::ReplyAfterEnd => f.write_str(
                "a local reply after the end of the stream crashes Envoy: reply in a request or response callback",
            ),
            Problem::SecondReply => {
                f.write_str("the stream has a local reply already, and the first one stands: reply once")
            }
            Problem::UnknownCluster { cluster } => {
                write!(f, "unknown cluster \"{cluster}\": name one the proxy has, and expect the call to fail")
            }
            Problem::NoGrpcTarget => {
                f.write_str("a gRPC call to a service without a cluster crashes Envoy: name the cluster, or no service")
            }
            Problem::DispatchNotPaused { calls } => {
                let calls = calls.join(", ");
                write!(
                    f,
                    "{calls} from a stream that then went on; Kong's engine crashes on the answer: return Pause, or call from the root context"
                )
            }
            Problem::NotPaused => f.write_str(
                "resumed a stream that is not paused; Envoy sends the request upstream twice: resume once, after Pause",
            ),
            Problem::UnknownContext { context } => {
                write!(f, "context {context} is gone: forget a stream when its proxy_on_delete is called")
            }
            Problem::WrongContext { context, calls } => {
                let calls = calls.join(", ");
                write!(f, "context {context} was refused, so {calls} acted on another one: make no call after that")
            }
            Problem::Stuck => f.write_str(
                "paused the stream, and nothing is left that could resume it: no call-out, no timer, no queue",
            ),
            Problem::InvalidHeader { name } => {
                let name = name.as_bstr();
                write!(
                    f,
                    "the header \"{name}\" has bytes no header may have; a line break splits a response: check what is written"
                )
            }
            Problem::ContentLength { message, declared, sent } => {
                let harm = match (*message, sent < declared) {
                    (_, true) => "whoever reads it waits for the rest",
                    ("request", false) => "the rest becomes the next request on the connection",
                    (_, false) => "the rest becomes the next response on the connection",
                };
                write!(
                    f,
                    "the {message} says content-length {declared} and has {sent} bytes; {harm}: remove or set content-length with the headers"
                )
            }
            Problem::Fatal { why } => write!(f, "{why}: do not call this here"),
            Problem::ReasonPhrase { details } => {
                write!(f, "the client reads \"{details}\" as the reason phrase: pass no details to Kong's engine")
            }
            Problem::BodyNotAllowed { status } => {
                write!(
                    f,
                    "a body with status {status}, which has none; the client takes it for the next response: send none"
                )
            }
            Problem::BadPointer => f.write_str(
                "a pointer or length outside of the guest's memory, or an allocation that failed: check both",
            ),
            Problem::UnknownNumber { what, number } => {
                write!(f, "{number} is no {what} of the ABI: use the numbers of the specification")
            }
            Problem::Metric(misuse) => misuse.fmt(f),
        }
    }
}
