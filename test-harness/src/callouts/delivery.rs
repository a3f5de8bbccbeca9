//! Brings an answer to the root context it belongs to.

use crate::callouts::{Answer, Arrival, GrpcFailure, Message};
use crate::host::{ContextKind, Received, VmId};
use crate::status::BROKEN_CONNECTION;
use crate::thread::Thread;

impl Thread {
    /// Calls the guest with an answer that has arrived. What it shows is gone when the callback has
    /// returned; the status of a failure stays.
    pub(crate) fn deliver(&mut self, vm: VmId, arrival: Arrival) {
        let Arrival { root, token, answer } = arrival;
        match answer {
            Answer::Http(message) => self.deliver_http(vm, root, token, message),
            Answer::Grpc(Ok(message)) => {
                let length = size(message.len());
                self.receive(vm, root, |received| received.message = Some(message));
                self.call(vm, root, "proxy_on_grpc_receive", &[token, length]);
            }
            Answer::Grpc(Err(GrpcFailure { status, message })) => {
                self.receive(vm, root, |received| (received.status, received.status_message) = (status, message));
                self.call(vm, root, "proxy_on_grpc_close", &[token, status]);
            }
        }
        self.receive(vm, root, |received| {
            *received = Received { status: received.status, ..Received::default() };
        });
    }

    fn deliver_http(&mut self, vm: VmId, root: u32, token: u32, message: Option<Message>) {
        let arguments = message.as_ref().map_or([token, 0, 0, 0], |message| {
            let trailers = message.trailers.as_ref().map_or(0, |map| map.len());
            [token, size(message.headers.len()), size(message.body.len()), size(trailers)]
        });
        self.receive(vm, root, |received| match message {
            Some(message) => received.response = Some(message),
            None => (received.status, received.status_message) = (BROKEN_CONNECTION, "reset".to_owned()),
        });
        self.call(vm, root, "proxy_on_http_call_response", &arguments);
    }

    fn receive(&mut self, vm: VmId, root: u32, change: impl FnOnce(&mut Received)) {
        let context = self.vms.get_mut(&vm).and_then(|vm| vm.host_mut().contexts.get_mut(&root));
        if let Some(ContextKind::Root { received }) = context.map(|context| &mut context.kind) {
            change(received);
        }
    }
}

fn size(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
