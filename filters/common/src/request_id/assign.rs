//! Giving a request its id, and its answer the same.

use super::RequestId;
use crate::filter::Cx;
use crate::head::{RequestHead, ResponseHead};
use crate::proxy::Proxy;
use crate::time::Nanos;

/// Chooses the request's id, makes one where it has none, and writes it: one line, whatever the client sent under this
/// name. Does nothing where the config has no block `request_id`.
pub fn assign(head: &mut RequestHead<'_>, cx: &mut Cx<'_>) {
    let config = &cx.settings.request_id;
    if !config.given {
        return;
    }
    head.prefetch(); // Up to three reads otherwise.
    let mut id = cx.facts.spare_request_id();
    match config.choose(head.get(config.header()), head.get("x-request-id")) {
        Some(chosen) => id.extend_from_slice(chosen),
        None => match config.make(cx.now, cx.proxy) {
            Some(made) => id.extend_from_slice(&made),
            None => return,
        },
    }
    if !head.values(config.header()).eq([id.as_slice()])
        && let Err(error) = head.set(config.header(), &id)
    {
        log::error!("request_id: {error}");
    }
    cx.facts.assign_request_id(id);
}

/// Writes the id that [`assign`] gave the request into its answer, and tells cors that pages may read it. Does nothing
/// where none was given or `echo` is false.
pub fn echo(head: &mut ResponseHead<'_>, cx: &mut Cx<'_>) {
    let config = &cx.settings.request_id;
    let Some(id) = cx.facts.assigned_request_id().filter(|_| config.given && config.echo) else { return };
    let written = head.set(config.header(), id);
    match written {
        Ok(()) => cx.facts.expose(config.header()),
        Err(error) => log::error!("request_id: {error}"),
    }
}

impl RequestId {
    /// A new id; `None` where the host has no random bytes, which is logged.
    fn make(&self, now: Nanos, proxy: &dyn Proxy) -> Option<[u8; 36]> {
        let mut random = [0; 16];
        if let Err(status) = proxy.random(&mut random) {
            log::error!("request_id: no random bytes: {status}");
            return None;
        }
        Some(self.generate(now, random))
    }
}

#[cfg(test)]
mod tests;
