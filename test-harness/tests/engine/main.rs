//! The host, driven by probe guests.

mod bodies;
mod diagnostics;
mod failures;
mod faults;
mod headers;
mod hostile;
mod interleaving;
mod kong;
mod lifecycle;
mod probe;
mod replies;
mod support;
mod timing;
