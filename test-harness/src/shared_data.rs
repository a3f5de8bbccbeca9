//! Shared data: a key-value store per `vm_id`, with compare-and-swap numbers.

use std::collections::BTreeMap;

use crate::status::Status;

/// A value in shared data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedEntry {
    /// The value.
    pub value: Vec<u8>,
    /// Its compare-and-swap number.
    pub cas: u32,
}

/// All namespaces.
#[derive(Debug, Default)]
pub struct SharedData {
    namespaces: BTreeMap<String, BTreeMap<Vec<u8>, Slot>>,
    last_cas: u32,
}

#[derive(Debug)]
struct Slot {
    entry: SharedEntry,
    /// The value before, for torn reads.
    before: Vec<u8>,
}

impl SharedData {
    /// The entry of a key.
    ///
    /// # Errors
    /// [`Status::NotFound`].
    pub fn get(&self, vm_id: &str, key: &[u8]) -> Result<&SharedEntry, Status> {
        self.slot(vm_id, key).map(|slot| &slot.entry)
    }

    /// The entry of a key as a reader sees it that a write overtakes: the first half is of the present
    /// value, the second of the one before.
    ///
    /// # Errors
    /// [`Status::NotFound`].
    pub fn get_torn(&self, vm_id: &str, key: &[u8]) -> Result<SharedEntry, Status> {
        let Slot { entry, before } = self.slot(vm_id, key)?;
        let mut torn = entry.clone();
        let half = torn.value.len() / 2;
        for (at, byte) in torn.value.iter_mut().enumerate().skip(half) {
            *byte = before.get(at).copied().unwrap_or(0);
        }
        Ok(torn)
    }

    /// Removes a key from all namespaces, as a full store does.
    pub fn evict(&mut self, key: &[u8]) {
        self.namespaces.values_mut().for_each(|keys| drop(keys.remove(key)));
    }

    fn slot(&self, vm_id: &str, key: &[u8]) -> Result<&Slot, Status> {
        self.namespaces.get(vm_id).and_then(|keys| keys.get(key)).ok_or(Status::NotFound)
    }

    /// Writes a value. `cas` 0 writes unconditionally; a missing key accepts any `cas`.
    ///
    /// # Errors
    /// [`Status::CasMismatch`] when the key is there and its number is another.
    pub fn set(&mut self, vm_id: &str, key: &[u8], value: &[u8], cas: u32) -> Result<(), Status> {
        let keys = self.namespaces.entry(vm_id.to_owned()).or_default();
        let present = keys.get(key).map(|slot| &slot.entry);
        if present.is_some_and(|entry| cas != 0 && cas != entry.cas) {
            return Err(Status::CasMismatch);
        }
        self.last_cas = self.last_cas.checked_add(1).unwrap_or(1);
        let before = present.map(|entry| entry.value.clone()).unwrap_or_default();
        let entry = SharedEntry { value: value.to_vec(), cas: self.last_cas };
        keys.insert(key.to_vec(), Slot { entry, before });
        Ok(())
    }

    /// How many keys there are, and how many bytes they and their values have.
    pub fn size(&self) -> (u64, u64) {
        let entries = || self.namespaces.values().flatten();
        let bytes = entries().map(|(key, slot)| key.len() + slot.entry.value.len()).sum::<usize>();
        (entries().count() as u64, bytes as u64)
    }

    /// A whole namespace.
    pub fn namespace(&self, vm_id: &str) -> BTreeMap<Vec<u8>, SharedEntry> {
        let keys = self.namespaces.get(vm_id).into_iter().flatten();
        keys.map(|(key, slot)| (key.clone(), slot.entry.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::SharedData;
    use crate::status::Status;

    #[test]
    fn cas_follows_envoy() {
        let mut data = SharedData::default();
        assert_eq!(data.get("a", b"k"), Err(Status::NotFound));
        assert_eq!(data.set("a", b"k", b"1", 77), Ok(()), "a missing key accepts any cas");
        let first = data.get("a", b"k").cloned().unwrap();
        assert_eq!(data.set("a", b"k", b"2", first.cas + 1), Err(Status::CasMismatch));
        assert_eq!(data.get("a", b"k"), Ok(&first), "a mismatch changes nothing");
        assert_eq!(data.set("a", b"k", b"2", first.cas), Ok(()));
        assert_eq!(data.set("a", b"k", b"3", first.cas), Err(Status::CasMismatch));
        assert_eq!(data.set("a", b"k", b"3", 0), Ok(()), "cas 0 writes unconditionally");
        assert_eq!(data.get("b", b"k"), Err(Status::NotFound), "namespaces are apart");
        assert_eq!(data.set("a", b"k", b"1234", 0), Ok(()));
        assert_eq!(data.set("a", b"k", b"abcdef", 0), Ok(()));
        assert_eq!(data.get_torn("a", b"k").map(|entry| entry.value), Ok(b"abc4\0\0".to_vec()), "half new, half old");
        data.evict(b"k");
        assert_eq!(data.get("a", b"k"), Err(Status::NotFound));
        assert_eq!(data.set("a", b"k", b"", 0), Ok(()));
        assert_eq!(data.get("a", b"k").map(|entry| entry.value.clone()), Ok(Vec::new()), "empty is not absent");
    }
}
