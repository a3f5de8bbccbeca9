use super::{Dialect, GetFault, MemoryShared, SetFault};
use crate::proxy::Status;
use crate::store::SharedData;

const MISMATCH: Result<(), Status> = Err(Status::CasMismatch);

/// What the two hosts answer to a write, measured in both.
#[test]
fn versions_mean_what_the_host_says() {
    struct Case {
        name: &'static str,
        present: bool,
        cas: fn(u32) -> Option<u32>,
        envoy: Result<(), Status>,
        kong: Result<(), Status>,
    }
    let cases = [
        Case { name: "none, absent", present: false, cas: |_| None, envoy: Ok(()), kong: Ok(()) },
        Case { name: "none, present", present: true, cas: |_| None, envoy: Ok(()), kong: MISMATCH },
        Case { name: "0, present", present: true, cas: |_| Some(0), envoy: Ok(()), kong: MISMATCH },
        Case { name: "any, absent", present: false, cas: |_| Some(9), envoy: Ok(()), kong: MISMATCH },
        Case { name: "right", present: true, cas: Some, envoy: Ok(()), kong: Ok(()) },
        Case { name: "wrong", present: true, cas: |v| Some(v + 1), envoy: MISMATCH, kong: MISMATCH },
    ];
    for Case { name, present, cas, envoy, kong } in cases {
        for (dialect, want) in [(Dialect::Envoy, envoy), (Dialect::Kong, kong)] {
            let shared = MemoryShared::new(dialect);
            let version = if present {
                shared.set("k", b"old", None).unwrap();
                u32::from(shared.get("k").unwrap().unwrap().1.unwrap())
            } else {
                0
            };
            assert_eq!(shared.set("k", b"new", cas(version)), want, "{name}, {dialect:?}");
        }
    }
}

#[test]
fn kong_counts_from_one_again_after_an_eviction() {
    let version = |shared: &MemoryShared| shared.get("k").unwrap().unwrap().1.unwrap().get();
    let shared = MemoryShared::new(Dialect::Kong);
    shared.set("k", b"1", None).unwrap();
    shared.set("k", b"2", Some(1)).unwrap();
    assert_eq!(version(&shared), 2);
    shared.evict("k");
    shared.set("k", b"3", None).unwrap();
    assert_eq!(version(&shared), 1);
}

#[test]
fn envoy_never_repeats_a_version() {
    let shared = MemoryShared::new(Dialect::Envoy);
    for (key, want) in [("a", 1), ("b", 2), ("a", 3)] {
        shared.set(key, b"", None).unwrap();
        assert_eq!(shared.get(key).unwrap().unwrap().1.unwrap().get(), want);
    }
    assert_eq!((shared.len(), shared.writes()), (2, 3));
}

#[test]
fn faults_happen_once_and_in_order() {
    let shared = MemoryShared::new(Dialect::Envoy);
    shared.set("k", b"whole", None).unwrap();
    shared.fail_get(GetFault::Torn);
    shared.fail_get(GetFault::Fails(Status::BadArgument));
    let bytes = |shared: &MemoryShared| shared.get("k").map(|entry| entry.unwrap().0);
    assert_eq!(bytes(&shared).unwrap()[..2], *b"wh");
    assert_eq!(bytes(&shared), Err(Status::BadArgument));
    assert_eq!(bytes(&shared), Ok(b"whole".to_vec()));
    shared.fail_set(SetFault::Mismatch);
    shared.fail_set(SetFault::Fails(Status::InternalFailure));
    assert_eq!(shared.set("k", b"", None), MISMATCH);
    assert_eq!(shared.set("k", b"", None), Err(Status::InternalFailure));
    assert_eq!(shared.set("k", b"", None), Ok(()));
}
