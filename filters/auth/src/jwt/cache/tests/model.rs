//! Any history of the cache, against all that was ever put into it.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Put {
        key: (usize, u16),
        expires: Option<u16>,
    },
    Get((usize, u16)),
    Forget((usize, u16)),
    /// Seconds, back as well.
    Pass(i16),
    /// The keys of one of the authenticators.
    ChangeKeys(usize),
}

/// What was put last for a token.
#[derive(Debug, Clone, Copy)]
struct Known {
    value: usize,
    generation: u64,
    from: u64,
    until: u64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    // Few tokens that are asked for often, and many that push them out.
    let key = || (0..2_usize, prop_oneof![3 => 0..8_u16, 1 => 0..2000_u16]);
    let step = prop_oneof![
        4 => (key(), proptest::option::of(0..900_u16)).prop_map(|(key, expires)| Step::Put { key, expires }),
        6 => key().prop_map(Step::Get),
        1 => key().prop_map(Step::Forget),
        2 => (-30..200_i16).prop_map(Step::Pass),
        1 => (0..2_usize).prop_map(Step::ChangeKeys),
    ];
    proptest::collection::vec(step, 1..300)
}

fn at(seconds: u64) -> Nanos {
    Nanos(seconds * 1_000_000_000)
}

proptest! {
    #[test]
    fn what_is_found_was_put_for_that_token_and_still_holds(steps in steps()) {
        let (cache, host) = (TokenCache::<(usize, usize)>::default(), Host::new(1));
        let mut known: HashMap<(usize, u16), Known> = HashMap::new();
        let (mut now, mut generations) = (10_000_u64, [0_u64; 2]);
        for (number, step) in steps.into_iter().enumerate() {
            let find = |(authenticator, token): (usize, u16), now| {
                let token = token.to_le_bytes();
                let key = CacheKey { authenticator, token: &token };
                cache.get(key, |(_, authenticator)| generations[*authenticator], at(now), &host)
            };
            match step {
                Step::Pass(seconds) => now = now.saturating_add_signed(seconds.into()),
                Step::ChangeKeys(authenticator) => generations[authenticator] += 1,
                Step::Forget(key) => {
                    if let Some(hit) = find(key, now) {
                        cache.forget(&hit);
                        known.remove(&key);
                    }
                    prop_assert!(find(key, now).is_none());
                }
                Step::Put { key, expires } => {
                    let generation = generations[key.0];
                    let expires = expires.map(|seconds| now + u64::from(seconds));
                    let until = expires.unwrap_or(u64::MAX).min(now + 300);
                    let value = Rc::new((number, key.0));
                    let new = NewEntry { value, generation, mark: mark(0), expires: expires.map(at) };
                    let token = key.1.to_le_bytes();
                    cache.put(CacheKey { authenticator: key.0, token: &token }, new, at(now), &host);
                    if until > now {
                        known.insert(key, Known { value: number, generation, from: now, until });
                        prop_assert_eq!(find(key, now).map(|hit| hit.value.0), Some(number));
                    }
                }
                Step::Get(key) => {
                    if let Some(hit) = find(key, now) {
                        let last = known[&key];
                        prop_assert_eq!(*hit.value, (last.value, key.0));
                        prop_assert_eq!(last.generation, generations[key.0]);
                        prop_assert!((last.from..last.until).contains(&now), "{:?} at {}", last, now);
                    }
                }
            }
        }
    }
}
