//! What [`SharedStore`] needs of an implementation of [`SharedData`], as checks to run on one.

use super::{NO_SUCH_CAS, SharedData, SharedStore, State, StoreError};
use crate::proxy::Status;

/// Runs every check, each on an empty instance from `fresh`.
///
/// # Errors
/// The first broken promise, in words.
pub fn check<D: SharedData>(mut fresh: impl FnMut() -> D) -> Result<(), String> {
    raw_values_come_back(&fresh())?;
    stale_writes_are_refused(&fresh())?;
    creation_is_atomic(&fresh())?;
    updates_are_kept(&fresh())?;
    no_change_writes_nothing(&fresh())?;
    keys_are_apart(&fresh())?;
    strangers_read_as_absent(&fresh())
}

const KEY: &str = "sg:conformance:0";

fn raw_values_come_back<D: SharedData>(data: &D) -> Result<(), String> {
    expect("a missing key", data.get(KEY), Ok(None))?;
    for (what, value) in [("every byte", (0..=255).collect()), ("an empty value", Vec::new())] {
        let cas = cas_of(data)?;
        expect(what, data.set(KEY, &value, cas), Ok(()))?;
        let found = data.get(KEY).map(|entry| entry.map(|(bytes, _)| bytes));
        expect(what, found, Ok(Some(value)))?;
    }
    Ok(())
}

fn stale_writes_are_refused<D: SharedData>(data: &D) -> Result<(), String> {
    expect("a first write", data.set(KEY, b"1", None), Ok(()))?;
    let stale = cas_of(data)?;
    expect("a write against the version read", data.set(KEY, b"2", stale), Ok(()))?;
    expect("a stale write", data.set(KEY, b"3", stale), Err(Status::CasMismatch))?;
    let found = data.get(KEY).map(|entry| entry.map(|(bytes, _)| bytes));
    expect("the value after a stale write", found, Ok(Some(b"2".to_vec())))
}

/// Either way of creating is atomic, or refused: see the rules of the [module](super).
fn creation_is_atomic<D: SharedData>(data: &D) -> Result<(), String> {
    let by_wrong_version = data.set(KEY, b"1", Some(NO_SUCH_CAS));
    match by_wrong_version {
        Ok(()) => expect(
            "a second creation against a version never issued",
            data.set(KEY, b"2", Some(NO_SUCH_CAS)),
            Err(Status::CasMismatch),
        ),
        Err(Status::CasMismatch) => {
            expect("a creation against no version", data.set(KEY, b"1", None), Ok(()))?;
            expect("a second creation against no version", data.set(KEY, b"2", None), Err(Status::CasMismatch))
        }
        Err(other) => Err(format!("creating an entry: expected OK or CasMismatch, found {other}")),
    }
}

fn updates_are_kept<D: SharedData>(data: &D) -> Result<(), String> {
    for before in 0..3_u8 {
        let verdict = data.update(KEY, |state| {
            let seen = count(state);
            state.set(&[seen.saturating_add(1)]);
            seen
        });
        expect("what an update sees", verdict, Ok(before))?;
    }
    expect("what a read sees", data.read(KEY).map(|state| count(&state)), Ok(3))
}

fn no_change_writes_nothing<D: SharedData>(data: &D) -> Result<(), String> {
    expect("an update that creates", data.update(KEY, |state| state.set(b"x")), Ok(()))?;
    let before = cas_of(data)?;
    expect("an update that only looks", data.update(KEY, |_| ()), Ok(()))?;
    expect("an update to the same", data.update(KEY, |state| state.set(b"x")), Ok(()))?;
    expect("the version after no change", cas_of(data)?, before)
}

fn keys_are_apart<D: SharedData>(data: &D) -> Result<(), String> {
    let other = "sg:conformance:1";
    expect("an update of one key", data.update(KEY, |state| state.set(b"a")), Ok(()))?;
    expect("an update of another", data.update(other, |state| state.set(b"b")), Ok(()))?;
    for (key, want) in [(KEY, b"a"), (other, b"b")] {
        let found = data.read(key).map(|state| state.get().map(<[u8]>::to_vec));
        expect("each key's own state", found, Ok(Some(want.to_vec())))?;
    }
    Ok(())
}

fn strangers_read_as_absent<D: SharedData>(data: &D) -> Result<(), String> {
    expect("a stranger's write", data.set(KEY, b"not framed", None), Ok(()))?;
    let found = data.read(KEY).map(|state| state.get().is_none());
    expect("a stranger's value being absent", found, Ok(true))?;
    let replaced: Result<(), StoreError> = data.update(KEY, |state| state.set(b"ours"));
    expect("an update over a stranger's value", replaced, Ok(()))?;
    let found = data.read(KEY).map(|state| state.get() == Some(b"ours"));
    expect("our value being there", found, Ok(true))
}

fn count(state: &State) -> u8 {
    state.get().and_then(|bytes| bytes.first().copied()).unwrap_or(0)
}

fn cas_of<D: SharedData>(data: &D) -> Result<Option<u32>, String> {
    let entry = data.get(KEY).map_err(|status| format!("reading {KEY}: {status}"))?;
    Ok(entry.and_then(|(_, cas)| cas.map(u32::from)))
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, found: T, want: T) -> Result<(), String> {
    if found == want {
        return Ok(());
    }
    Err(format!("{what}: expected {want:?}, found {found:?}"))
}
