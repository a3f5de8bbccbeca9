//! Shared queues: named per `vm_id`, first in, first out.

use std::collections::{BTreeMap, VecDeque};

use crate::host::VmId;
use crate::status::Status;

/// All queues.
#[derive(Debug, Default)]
pub struct Queues {
    tokens: BTreeMap<(String, Vec<u8>), u32>,
    queues: BTreeMap<u32, Queue>,
}

#[derive(Debug)]
struct Queue {
    items: VecDeque<Vec<u8>>,
    owner: (VmId, u32),
}

/// A `proxy_on_queue_ready` that is due.
#[derive(Clone, Copy, Debug)]
pub struct QueueReady {
    pub vm: VmId,
    pub root: u32,
    pub token: u32,
}

impl Queues {
    /// Creates a queue or takes over its notifications; its content stays.
    pub fn register(&mut self, vm_id: &str, name: &[u8], owner: (VmId, u32)) -> u32 {
        let next = u32::try_from(self.tokens.len()).unwrap_or(u32::MAX).saturating_add(1);
        let token = *self.tokens.entry((vm_id.to_owned(), name.to_vec())).or_insert(next);
        let queue = self.queues.entry(token).or_insert_with(|| Queue { items: VecDeque::new(), owner });
        queue.owner = owner;
        token
    }

    /// The token of a queue.
    ///
    /// # Errors
    /// [`Status::NotFound`].
    pub fn resolve(&self, vm_id: &str, name: &[u8]) -> Result<u32, Status> {
        self.tokens.get(&(vm_id.to_owned(), name.to_vec())).copied().ok_or(Status::NotFound)
    }

    /// Appends an item; returns who is to be told.
    ///
    /// # Errors
    /// [`Status::NotFound`].
    pub fn enqueue(&mut self, token: u32, item: &[u8]) -> Result<QueueReady, Status> {
        let queue = self.queues.get_mut(&token).ok_or(Status::NotFound)?;
        queue.items.push_back(item.to_vec());
        let (vm, root) = queue.owner;
        Ok(QueueReady { vm, root, token })
    }

    /// Takes the oldest item.
    ///
    /// # Errors
    /// [`Status::NotFound`] for an unknown token, [`Status::Empty`] for an empty queue.
    pub fn dequeue(&mut self, token: u32) -> Result<Vec<u8>, Status> {
        let queue = self.queues.get_mut(&token).ok_or(Status::NotFound)?;
        queue.items.pop_front().ok_or(Status::Empty)
    }
}
