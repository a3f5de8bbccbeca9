//! Shared data: key-value stores with compare-and-swap numbers.

use std::collections::BTreeMap;

use crate::kong::shm_kv::ShmKv;
use crate::profile::Profile;
use crate::status::Status;

/// A value in shared data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedEntry {
    /// The value.
    pub value: Vec<u8>,
    /// Its compare-and-swap number.
    pub cas: u32,
}

/// What a store keeps of a key.
#[derive(Debug)]
pub struct Slot {
    pub entry: SharedEntry,
    /// The value before, for torn reads.
    before: Vec<u8>,
}

impl Slot {
    /// A new value in the place of the present one.
    pub fn new(value: &[u8], cas: u32, present: Option<&Slot>) -> Self {
        let before = present.map(|slot| slot.entry.value.clone()).unwrap_or_default();
        Slot { entry: SharedEntry { value: value.to_vec(), cas }, before }
    }
}

/// The shared data of a proxy.
#[derive(Debug)]
pub enum SharedData {
    /// Envoy: a store per `vm_id`.
    Namespaces(Namespaces),
    /// Kong's engine: one for all.
    Zone(ShmKv),
}

impl SharedData {
    /// What a host has.
    pub fn new(profile: Profile) -> Self {
        match profile {
            Profile::Envoy => SharedData::Namespaces(Namespaces::default()),
            Profile::Kong => SharedData::Zone(ShmKv::default()),
        }
    }

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

    /// Removes a key for everybody, as a full store does.
    pub fn evict(&mut self, key: &[u8]) {
        match self {
            SharedData::Namespaces(namespaces) => namespaces.evict(key),
            SharedData::Zone(zone) => zone.evict(key),
        }
    }

    /// Writes a value; None is an empty value in Envoy, and deletes in Kong's engine.
    ///
    /// # Errors
    /// [`Status::CasMismatch`].
    pub fn set(&mut self, vm_id: &str, key: &[u8], value: Option<&[u8]>, cas: u32) -> Result<(), Status> {
        match self {
            SharedData::Namespaces(namespaces) => namespaces.set(vm_id, key, value.unwrap_or_default(), cas),
            SharedData::Zone(zone) => zone.set(key, value, cas),
        }
    }

    /// How many keys there are, and how many bytes they and their values have.
    pub fn size(&self) -> (u64, u64) {
        match self {
            SharedData::Namespaces(namespaces) => size(namespaces.keys.values().flatten()),
            SharedData::Zone(zone) => size(zone.slots()),
        }
    }

    /// Everything a `vm_id` sees.
    pub fn namespace(&self, vm_id: &str) -> BTreeMap<Vec<u8>, SharedEntry> {
        match self {
            SharedData::Namespaces(namespaces) => entries(namespaces.keys.get(vm_id).into_iter().flatten()),
            SharedData::Zone(zone) => entries(zone.slots()),
        }
    }

    fn slot(&self, vm_id: &str, key: &[u8]) -> Result<&Slot, Status> {
        let slot = match self {
            SharedData::Namespaces(namespaces) => namespaces.keys.get(vm_id).and_then(|keys| keys.get(key)),
            SharedData::Zone(zone) => zone.slot(key),
        };
        slot.ok_or(Status::NotFound)
    }
}

fn size<'a>(slots: impl Iterator<Item = (&'a Vec<u8>, &'a Slot)>) -> (u64, u64) {
    slots.fold((0, 0), |(keys, bytes), (key, slot)| (keys + 1, bytes + (key.len() + slot.entry.value.len()) as u64))
}

fn entries<'a>(slots: impl Iterator<Item = (&'a Vec<u8>, &'a Slot)>) -> BTreeMap<Vec<u8>, SharedEntry> {
    slots.map(|(key, slot)| (key.clone(), slot.entry.clone())).collect()
}

/// Envoy's shared data, as proxy-wasm-cpp-host keeps it (`shared_data.cc`): the keys of each `vm_id`.
#[derive(Debug, Default)]
pub struct Namespaces {
    keys: BTreeMap<String, BTreeMap<Vec<u8>, Slot>>,
    last_cas: u32,
}

impl Namespaces {
    fn evict(&mut self, key: &[u8]) {
        self.keys.values_mut().for_each(|keys| drop(keys.remove(key)));
    }

    /// `cas` 0 writes unconditionally; a missing key accepts any `cas`.
    fn set(&mut self, vm_id: &str, key: &[u8], value: &[u8], cas: u32) -> Result<(), Status> {
        let keys = self.keys.entry(vm_id.to_owned()).or_default();
        let present = keys.get(key);
        if present.is_some_and(|slot| cas != 0 && cas != slot.entry.cas) {
            return Err(Status::CasMismatch);
        }
        self.last_cas = self.last_cas.checked_add(1).unwrap_or(1);
        let slot = Slot::new(value, self.last_cas, present);
        keys.insert(key.to_vec(), slot);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::SharedData;
    use crate::profile::Profile;
    use crate::status::Status;

    #[test]
    fn cas_follows_envoy() {
        let mut data = SharedData::new(Profile::Envoy);
        assert_eq!(data.get("a", b"k"), Err(Status::NotFound));
        assert_eq!(data.set("a", b"k", Some(b"1"), 77), Ok(()), "a missing key accepts any cas");
        let first = data.get("a", b"k").cloned().unwrap();
        assert_eq!(data.set("a", b"k", Some(b"2"), first.cas + 1), Err(Status::CasMismatch));
        assert_eq!(data.get("a", b"k"), Ok(&first), "a mismatch changes nothing");
        assert_eq!(data.set("a", b"k", Some(b"2"), first.cas), Ok(()));
        assert_eq!(data.set("a", b"k", Some(b"3"), first.cas), Err(Status::CasMismatch));
        assert_eq!(data.set("a", b"k", Some(b"3"), 0), Ok(()), "cas 0 writes unconditionally");
        assert_eq!(data.get("b", b"k"), Err(Status::NotFound), "namespaces are apart");
        assert_eq!(data.set("a", b"k", Some(b"1234"), 0), Ok(()));
        assert_eq!(data.set("a", b"k", Some(b"abcdef"), 0), Ok(()));
        assert_eq!(data.get_torn("a", b"k").map(|entry| entry.value), Ok(b"abc4\0\0".to_vec()), "half new, half old");
        data.evict(b"k");
        assert_eq!(data.get("a", b"k"), Err(Status::NotFound));
        assert_eq!(data.set("a", b"k", Some(b""), 0), Ok(()));
        assert_eq!(data.get("a", b"k").map(|entry| entry.value.clone()), Ok(Vec::new()), "empty is not absent");
    }
}
