mod model;

use sluicegate_common::proxy::Status;

use super::*;

/// A host whose random numbers are all this, and whose counter stands there.
struct Host {
    seed: Result<u8, Status>,
    asked: Cell<u32>,
    epoch: u64,
}

impl Host {
    fn new(seed: u8) -> Self {
        Self { seed: Ok(seed), asked: Cell::new(0), epoch: 0 }
    }
}

impl Proxy for Host {
    fn property(&self, _: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        Err(Status::Unimplemented)
    }
    fn random(&self, bytes: &mut [u8]) -> Result<(), Status> {
        self.asked.set(self.asked.get() + 1);
        bytes.fill(self.seed?);
        Ok(())
    }
    fn define_counter(&self, _: &str) -> Result<u32, Status> {
        Ok(1)
    }
    fn metric(&self, _: u32) -> Result<u64, Status> {
        Ok(self.epoch)
    }
}

const NOW: Nanos = Nanos(1_000_000_000_000);

fn later(seconds: u64) -> Nanos {
    NOW.plus(Duration::from_secs(seconds))
}

fn mark(epoch: u64) -> Mark {
    let raw: crate::revocation::RawRevocation = deserr::deserialize::<_, _, sluicegate_common::config::ConfigErrors>(
        sluicegate_common::config::parse_json(b"{}").unwrap(),
    )
    .unwrap();
    raw.compile(Duration::ZERO).unwrap().mark(&Host { epoch, ..Host::new(1) })
}

fn key(token: &[u8]) -> CacheKey<'_> {
    CacheKey { authenticator: 0, token }
}

/// Verified with keys of generation 1, good for an hour.
fn verified(value: &str) -> NewEntry<String> {
    NewEntry { value: Rc::new(value.to_owned()), generation: 1, mark: mark(0), expires: Some(later(3600)) }
}

/// What the cache holds for the token, the keys being of generation 1.
fn value(cache: &TokenCache<String>, key: CacheKey<'_>, now: Nanos, host: &Host) -> Option<String> {
    cache.get(key, |_| 1, now, host).map(|hit| hit.value.to_string())
}

#[test]
fn a_token_is_found_as_long_as_it_holds() {
    struct Case {
        name: &'static str,
        expires: Option<Nanos>,
        generation: u64,
        now: Nanos,
        want: bool,
    }
    let fresh = Case { name: "at once", expires: Some(later(3600)), generation: 1, now: NOW, want: true };
    let cases = [
        Case { name: "short of five minutes", now: Nanos(later(300).0 - 1), ..fresh },
        Case { name: "after five minutes", now: later(300), want: false, ..fresh },
        Case { name: "without exp, short of that", expires: None, now: Nanos(later(300).0 - 1), ..fresh },
        Case { name: "without exp, after that", expires: None, now: later(300), want: false, ..fresh },
        Case { name: "short of exp", expires: Some(later(10)), now: Nanos(later(10).0 - 1), ..fresh },
        Case { name: "at exp", expires: Some(later(10)), now: later(10), want: false, ..fresh },
        Case { name: "expired within the skew", expires: Some(NOW), want: false, ..fresh },
        Case { name: "expired before", expires: Some(Nanos(1)), want: false, ..fresh },
        Case { name: "under older keys", generation: 0, want: false, ..fresh },
        Case { name: "under newer keys", generation: 2, want: false, ..fresh },
        Case { name: "the clock put back", now: Nanos(NOW.0 - 1), want: false, ..fresh },
        fresh,
    ];
    for Case { name, expires, generation, now, want } in cases {
        let (cache, host) = (TokenCache::default(), Host::new(1));
        cache.put(key(b"a.b.c"), NewEntry { expires, generation, ..verified("john") }, NOW, &host);
        let found = value(&cache, key(b"a.b.c"), now, &host);
        assert_eq!(found, want.then(|| "john".to_owned()), "{name}");
        if !want {
            assert_eq!(value(&cache, key(b"a.b.c"), NOW, &host), None, "{name}: dead is dead");
        }
    }
}

#[test]
fn nothing_but_the_whole_token_is_the_token() {
    let (cache, host) = (TokenCache::default(), Host::new(1));
    assert_eq!(value(&cache, key(b"a.b.c"), NOW, &host), None);
    cache.put(key(b"a.b.c"), verified("john"), NOW, &host);
    for other in [&b"a.b.d"[..], b"a.b.c ", b"a.b.", b"", b"A.b.c", b"a.b.c.a.b.c"] {
        assert_eq!(value(&cache, key(other), NOW, &host), None, "{}", other.escape_ascii());
    }
    let elsewhere = CacheKey { authenticator: 1, token: b"a.b.c" };
    assert_eq!(value(&cache, elsewhere, NOW, &host), None, "another authenticator");
    assert_eq!(value(&cache, key(b"a.b.c"), NOW, &host).as_deref(), Some("john"));
}

/// Whatever shares a place, nobody is taken for another: all tokens of two bytes, and 256 places.
#[test]
fn those_who_share_a_place_take_turns() {
    let (cache, host) = (TokenCache::default(), Host::new(1));
    let tokens: Vec<[u8; 2]> = (0..=u16::MAX).step_by(13).map(u16::to_le_bytes).collect();
    for token in &tokens {
        cache.put(key(token), verified(&format!("{token:?}")), NOW, &host);
        assert_eq!(value(&cache, key(token), NOW, &host), Some(format!("{token:?}")));
    }
    let mut found = 0;
    for token in &tokens {
        match value(&cache, key(token), NOW, &host) {
            Some(value) => {
                assert_eq!(value, format!("{token:?}"));
                found += 1;
            }
            None => continue,
        }
    }
    assert_eq!(found, PLACES, "{} tokens take all places", tokens.len());
}

#[test]
fn the_seed_decides_who_shares_a_place() {
    let (one, other) = (Host::new(1), Host::new(2));
    let tokens: Vec<[u8; 2]> = (0..512).map(u16::to_le_bytes).collect();
    let left = |host: &Host| {
        let cache = TokenCache::default();
        tokens.iter().for_each(|token| cache.put(key(token), verified("x"), NOW, host));
        tokens.iter().map(|token| value(&cache, key(token), NOW, host).is_some()).collect::<Vec<_>>()
    };
    assert_ne!(left(&one), left(&other));
    let cache = TokenCache::default();
    tokens.iter().for_each(|token| cache.put(key(token), verified("x"), NOW, &one));
    assert_eq!(one.asked.take(), 1 + 1, "one seed a VM");
}

#[test]
fn the_longest_token_has_2_kib() {
    let (cache, host) = (TokenCache::default(), Host::new(1));
    for (length, want) in [(MAX_TOKEN, true), (MAX_TOKEN + 1, false)] {
        let token = vec![b'a'; length];
        cache.put(key(&token), verified("john"), NOW, &host);
        assert_eq!(value(&cache, key(&token), NOW, &host).is_some(), want, "{length}");
    }
}

#[test]
fn without_random_numbers_nothing_is_kept() {
    let (cache, host) = (TokenCache::default(), Host { seed: Err(Status::Unimplemented), ..Host::new(0) });
    cache.put(key(b"a.b.c"), verified("john"), NOW, &host);
    assert_eq!(value(&cache, key(b"a.b.c"), NOW, &host), None);
    assert!(cache.places.borrow().is_empty());
}

#[test]
fn the_generation_is_that_of_the_token_s_own_keys() {
    let (cache, host) = (TokenCache::default(), Host::new(1));
    cache.put(key(b"a"), verified("john"), NOW, &host);
    let asked = RefCell::new(Vec::new());
    let generation_of = |value: &String| {
        asked.borrow_mut().push(value.clone());
        1
    };
    assert!(cache.get(key(b"a"), generation_of, NOW, &host).is_some());
    assert!(cache.get(key(b"b"), generation_of, NOW, &host).is_none());
    assert_eq!(*asked.borrow(), ["john"]);
}

#[test]
fn what_was_looked_up_again_is_marked_so() {
    let (cache, host) = (TokenCache::default(), Host::new(1));
    cache.put(key(b"a"), verified("john"), NOW, &host);
    let find = || cache.get(key(b"a"), |_| 1, NOW, &host);
    let hit = find().unwrap();
    assert_eq!(hit.mark, mark(0));
    cache.not_revoked(&hit, mark(3));
    assert_eq!(find().unwrap().mark, mark(3));
    assert_eq!(find().unwrap().value.as_str(), "john");
    cache.forget(&find().unwrap());
    assert!(find().is_none());
}

#[test]
fn a_hit_speaks_for_its_own_entry_alone() {
    let (cache, host) = (TokenCache::default(), Host::new(1));
    cache.put(key(b"a"), verified("john"), NOW, &host);
    let old = cache.get(key(b"a"), |_| 1, NOW, &host).unwrap();
    cache.put(key(b"a"), verified("john"), NOW, &host);
    cache.not_revoked(&old, mark(3));
    assert_eq!(cache.get(key(b"a"), |_| 1, NOW, &host).unwrap().mark, mark(0));
    cache.forget(&old);
    assert!(cache.get(key(b"a"), |_| 1, NOW, &host).is_some());
}

#[test]
fn no_token_is_shown() {
    let (cache, host) = (TokenCache::default(), Host::new(1));
    cache.put(key(b"a.b.c"), verified("john"), NOW, &host);
    assert_eq!(format!("{cache:?}"), "TokenCache { .. }");
}
