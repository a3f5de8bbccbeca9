//! Shared data in Kong's engine: one key-value zone of shared memory for the whole process, whatever
//! the `vm_id`. Source: `ngx_wa_shm_kv.c`.
//!
//! The zone is the default one, `shm_kv *`. What stands before a `/` in a key would choose another
//! zone; as there is none, such keys go to the default zone, whole (`ngx_wa_shm_kv_resolve_key`).

use std::collections::BTreeMap;

use crc::{CRC_32_ISO_HDLC, Crc};

use crate::shared_data::Slot;
use crate::status::Status;

/// `ngx_crc32_long`.
const CRC32: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// One zone. A key is known by its CRC-32 alone: keys of equal sums are one entry.
#[derive(Debug, Default)]
pub struct ShmKv {
    entries: BTreeMap<u32, (Vec<u8>, Slot)>,
}

impl ShmKv {
    /// What is kept of a key, or of another with the same CRC-32.
    pub fn slot(&self, key: &[u8]) -> Option<&Slot> {
        self.entries.get(&CRC32.checksum(key)).map(|(_, slot)| slot)
    }

    /// Writes a value, or deletes with None. `cas` is the entry's number, and 0 when there is none:
    /// 0 creates, and never overwrites. A new entry begins with 1, also after a delete.
    ///
    /// # Errors
    /// [`Status::CasMismatch`] for any other number, and for deleting what is not there.
    pub fn set(&mut self, key: &[u8], value: Option<&[u8]>, cas: u32) -> Result<(), Status> {
        let sum = CRC32.checksum(key);
        let present = self.slot(key);
        let number = present.map_or(0, |slot| slot.entry.cas);
        if cas != number {
            return Err(Status::CasMismatch);
        }
        match value {
            Some(value) => {
                let slot = Slot::new(value, number.wrapping_add(1), present);
                self.entries.insert(sum, (key.to_vec(), slot));
            }
            None if self.entries.remove(&sum).is_none() => return Err(Status::CasMismatch),
            None => {}
        }
        Ok(())
    }

    /// Removes a key, as a full zone does silently.
    pub fn evict(&mut self, key: &[u8]) {
        self.entries.remove(&CRC32.checksum(key));
    }

    /// All entries, by the key they were last written with.
    pub fn slots(&self) -> impl Iterator<Item = (&Vec<u8>, &Slot)> {
        self.entries.values().map(|(key, slot)| (key, slot))
    }
}

#[cfg(test)]
mod tests {
    use super::ShmKv;
    use crate::status::Status;

    fn found(zone: &ShmKv, key: &[u8]) -> Option<(Vec<u8>, u32)> {
        zone.slot(key).map(|slot| (slot.entry.value.clone(), slot.entry.cas))
    }

    #[test]
    fn cas_zero_creates_and_never_overwrites() {
        let mut zone = ShmKv::default();
        assert_eq!(zone.set(b"k", Some(b"1"), 1), Err(Status::CasMismatch), "nothing is there to replace");
        assert_eq!(zone.set(b"k", Some(b"1"), 0), Ok(()));
        assert_eq!(zone.set(b"k", Some(b"2"), 0), Err(Status::CasMismatch));
        assert_eq!(zone.set(b"k", Some(b"2"), 1), Ok(()));
        assert_eq!(found(&zone, b"k"), Some((b"2".to_vec(), 2)));
    }

    #[test]
    fn numbers_begin_again_after_a_delete() {
        let mut zone = ShmKv::default();
        assert_eq!(zone.set(b"k", None, 0), Err(Status::CasMismatch), "nothing to delete");
        assert_eq!(zone.set(b"k", Some(b""), 0), Ok(()), "empty is not deleted");
        assert_eq!(zone.set(b"k", None, 1), Ok(()));
        assert_eq!(found(&zone, b"k"), None);
        assert_eq!(zone.set(b"k", Some(b"1"), 0), Ok(()));
        assert_eq!(found(&zone, b"k"), Some((b"1".to_vec(), 1)));
    }

    #[test]
    fn keys_of_equal_crc_are_one_entry() {
        let mut zone = ShmKv::default();
        assert_eq!(zone.set(b"plumless", Some(b"1"), 0), Ok(()));
        assert_eq!(found(&zone, b"buckeroo"), Some((b"1".to_vec(), 1)));
        assert_eq!(zone.set(b"buckeroo", Some(b"2"), 0), Err(Status::CasMismatch));
        assert_eq!(zone.slots().count(), 1);
    }
}
