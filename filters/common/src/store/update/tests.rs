use crate::proxy::Status;
use crate::store::memory::{Dialect, GetFault, MemoryShared, SetFault};
use crate::store::{MAX_STATE, ROUNDS, SharedData, SharedStore, State, StoreError, conformance};
use proptest::prelude::*;

const KEY: &str = "sg:test:0";
const BOTH: [Dialect; 2] = [Dialect::Envoy, Dialect::Kong];

fn count(state: &State) -> u32 {
    state.get().map_or(0, |bytes| u32::from_le_bytes(bytes.try_into().unwrap()))
}

fn increment(shared: &MemoryShared) -> Result<u32, StoreError> {
    shared.update(KEY, |state| {
        let next = count(state) + 1;
        state.set(&next.to_le_bytes());
        next
    })
}

#[test]
fn both_dialects_conform() {
    for dialect in BOTH {
        assert_eq!(conformance::check(|| MemoryShared::new(dialect)), Ok(()), "{dialect:?}");
    }
}

#[test]
fn conformance_sees_a_host_that_ignores_versions() {
    struct Careless(MemoryShared);
    impl SharedData for Careless {
        fn get(&self, key: &str) -> Result<Option<(Vec<u8>, Option<std::num::NonZeroU32>)>, Status> {
            self.0.get(key)
        }
        fn set(&self, key: &str, value: &[u8], _: Option<u32>) -> Result<(), Status> {
            self.0.set(key, value, None)
        }
    }
    let found = conformance::check(|| Careless(MemoryShared::new(Dialect::Envoy)));
    assert_eq!(found, Err("a stale write: expected Err(CasMismatch), found Ok(())".to_owned()));
}

#[test]
fn an_update_survives_what_hosts_do() {
    struct Case {
        name: &'static str,
        gets: &'static [GetFault],
        sets: &'static [SetFault],
        want: Result<u32, StoreError>,
    }
    use SetFault::{Evicted, Fails, Mismatch};
    let cases = [
        Case { name: "nothing", gets: &[], sets: &[], want: Ok(6) },
        Case { name: "lost twice", gets: &[], sets: &[Mismatch, Mismatch], want: Ok(6) },
        Case { name: "lost 31 times", gets: &[], sets: &[Mismatch; 31], want: Ok(6) },
        Case { name: "lost 32 times", gets: &[], sets: &[Mismatch; 32], want: Err(StoreError::Contention) },
        Case { name: "torn once", gets: &[GetFault::Torn], sets: &[], want: Ok(6) },
        Case {
            name: "get fails",
            gets: &[GetFault::Fails(Status::InternalFailure)],
            sets: &[],
            want: Err(StoreError::Host(Status::InternalFailure)),
        },
        Case {
            name: "set fails",
            gets: &[],
            sets: &[Fails(Status::Unimplemented)],
            want: Err(StoreError::Host(Status::Unimplemented)),
        },
        Case {
            name: "set fails after a loss",
            gets: &[],
            sets: &[Mismatch, Fails(Status::BadArgument)],
            want: Err(StoreError::Host(Status::BadArgument)),
        },
        Case { name: "torn and lost", gets: &[GetFault::Torn], sets: &[Mismatch], want: Ok(6) },
    ];
    for dialect in BOTH {
        for Case { name, gets, sets, want } in &cases {
            let shared = MemoryShared::new(dialect);
            for _ in 0..5 {
                increment(&shared).unwrap();
            }
            gets.iter().for_each(|&fault| shared.fail_get(fault));
            sets.iter().for_each(|&fault| shared.fail_set(fault));
            assert_eq!(increment(&shared), *want, "{name}, {dialect:?}");
            let left = shared.read(KEY).map(|state| count(&state));
            assert_eq!(left, Ok(want.unwrap_or(5)), "what is left after: {name}, {dialect:?}");
        }
        // Kong's engine alone loses entries: the count starts afresh and nobody is told a lie.
        let shared = MemoryShared::new(Dialect::Kong);
        increment(&shared).unwrap();
        shared.fail_set(Evicted);
        assert_eq!(increment(&shared), Ok(1));
    }
}

#[test]
fn creation_takes_few_rounds() {
    for (dialect, writes, want) in [(Dialect::Envoy, 31, Ok(1)), (Dialect::Kong, 30, Ok(1))] {
        let shared = MemoryShared::new(dialect);
        (0..writes).for_each(|_| shared.fail_set(SetFault::Mismatch));
        assert_eq!(increment(&shared), want, "{dialect:?}");
    }
}

#[test]
fn a_look_writes_nothing() {
    for dialect in BOTH {
        let shared = MemoryShared::new(dialect);
        assert_eq!(shared.update(KEY, |state| state.get().is_none()), Ok(true));
        assert!(shared.is_empty());
        increment(&shared).unwrap();
        shared.fail_set(SetFault::Fails(Status::InternalFailure));
        assert_eq!(shared.update(KEY, |state| count(state)), Ok(1));
        assert_eq!(shared.update(KEY, |state| state.set(&1_u32.to_le_bytes())), Ok(()));
        assert_eq!(shared.writes(), 1);
    }
}

#[test]
fn a_torn_read_is_never_believed() {
    let shared = MemoryShared::new(Dialect::Kong);
    increment(&shared).unwrap();
    shared.fail_get(GetFault::Torn);
    assert_eq!(shared.read(KEY).map(|state| count(&state)), Ok(1));
    shared.fail_get(GetFault::Torn);
    assert_eq!(shared.update(KEY, |state| count(state)), Ok(1));
}

#[test]
fn keys_with_one_crc_never_see_each_other() {
    // CRC-32 of both is 0x4ddb0c25.
    let (one, other) = ("plumless", "buckeroo");
    assert_eq!(crate::store::crc32(one), crate::store::crc32(other));
    let shared = MemoryShared::new(Dialect::Kong);
    shared.update(one, |state| state.set(b"one")).unwrap();
    assert_eq!(shared.read(other).unwrap().get(), None);
    shared.update(other, |state| state.set(b"other")).unwrap();
    assert_eq!(shared.len(), 1);
    assert_eq!(shared.read(one).unwrap().get(), None);
    assert_eq!(shared.read(other).unwrap().get(), Some(&b"other"[..]));
}

#[test]
fn a_state_has_a_greatest_length() {
    let shared = MemoryShared::new(Dialect::Envoy);
    let most = vec![0; MAX_STATE];
    assert_eq!(shared.update(KEY, |state| state.set(&most)), Ok(()));
    let more = vec![1; MAX_STATE + 1];
    assert_eq!(shared.update(KEY, |state| state.set(&more)), Err(StoreError::TooLarge));
    assert_eq!(shared.read(KEY).unwrap().get(), Some(most.as_slice()));
}

#[test]
fn errors_say_what_happened() {
    for (error, want) in [
        (StoreError::Contention, "shared data changed in each of 32 rounds"),
        (StoreError::Host(Status::BadArgument), "shared data: BadArgument"),
        (StoreError::TooLarge, "shared data: expected a state of at most 524288 bytes"),
    ] {
        assert_eq!(error.to_string(), want);
    }
    assert_eq!(ROUNDS, 32);
}

#[derive(Debug, Clone)]
enum Weather {
    Mismatch,
    Torn,
    Evicted,
}

proptest! {
    /// Whatever a host does, an accepted increment is one more than the state it was made on, and
    /// without evictions none is lost.
    #[test]
    fn accepted_updates_add_up(
        weather in proptest::collection::vec(
            proptest::option::of(prop_oneof![
                Just(Weather::Mismatch), Just(Weather::Torn), Just(Weather::Evicted)
            ]),
            1..40,
        ),
        kong: bool,
    ) {
        let shared = MemoryShared::new(if kong { Dialect::Kong } else { Dialect::Envoy });
        let mut model = 0;
        for step in weather {
            match step {
                Some(Weather::Mismatch) => shared.fail_set(SetFault::Mismatch),
                Some(Weather::Torn) => shared.fail_get(GetFault::Torn),
                Some(Weather::Evicted) => { shared.evict(KEY); model = 0; }
                None => {}
            }
            model += 1;
            prop_assert_eq!(increment(&shared), Ok(model));
        }
    }

    #[test]
    fn any_state_comes_back(state: Vec<u8>, next: Vec<u8>, kong: bool) {
        let shared = MemoryShared::new(if kong { Dialect::Kong } else { Dialect::Envoy });
        for want in [&state, &next] {
            shared.update(KEY, |state| state.set(want)).unwrap();
            let found = shared.read(KEY).unwrap();
            prop_assert_eq!(found.get(), Some(want.as_slice()));
        }
    }
}
