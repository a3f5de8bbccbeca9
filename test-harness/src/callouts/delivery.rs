//! Brings an answer to the context it belongs to.

use crate::callouts::{Answer, Arrival, GrpcFailure, Message};
use crate::host::{Call, ContextKind, Received, VmId};
use crate::kong;
use crate::profile::Profile;
use crate::status::BROKEN_CONNECTION;
use crate::stream::Direction;
use crate::thread::Thread;

impl Thread {
    /// Calls the guest with an answer that has arrived. What it shows is gone when the callback has
    /// returned; the status of a failure stays.
    pub(crate) fn deliver(&mut self, vm: VmId, arrival: Arrival) {
        let Arrival { context, token, answer } = arrival;
        let root = self.root_of(vm, context);
        match answer {
            Answer::Http(Some(message)) if self.profile == Profile::Kong => {
                self.deliver_in_kong(vm, context, token, message);
            }
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

    /// A request goes on by itself after the last answer it waits for, also when the callback traps
    /// (`ngx_http_proxy_wasm_dispatch_resume_handler`).
    fn deliver_in_kong(&mut self, vm: VmId, context: u32, token: u32, message: Message) {
        let arguments = [token, size(kong::callouts::header_count(&message)), size(message.body.len()), 0];
        let root = self.root_of(vm, context);
        self.receive(vm, root, |received| received.response = Some(message));
        let call = self.call(vm, context, "proxy_on_http_call_response", &arguments);
        let Some(host) = self.vms.get(&vm).map(|vm| vm.host()) else { return };
        let Some(ContextKind::Http { stream, filter }) = host.contexts.get(&context).map(|context| &context.kind)
        else {
            return;
        };
        let (stream, filter, waits) = (*stream, *filter, host.callouts.awaits(context));
        if matches!(call, Call::Trapped(_)) || self.vm_failed(vm) {
            self.leave_out(stream, filter);
        }
        if !waits {
            self.resume(stream, filter, Direction::Request);
        }
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
