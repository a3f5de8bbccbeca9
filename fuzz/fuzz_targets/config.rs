//! Bytes as the filter's config.
//!
//! 1. What is refused is told why: at least one error, each with words.
//! 2. What is accepted is accepted again.
//! 3. No error and no `Debug` output shows a secret, well formed or not.
//!
//! Time: the fuzzer reports what takes longer than its `-timeout`.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use serde_json::Value;
use sluicegate_auth::Auth;
use sluicegate_common::config::Env;
use sluicegate_common::module::Module;
use sluicegate_common::single::Single;
use sluicegate_fuzz::mutate;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let json = if seed.is_multiple_of(4) { None } else { mutate::json(data, size, max_size, 0..size, seed) };
    json.unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});

/// How config gives a secret, or what to compare one with.
const KINDS: [&str; 4] = ["value", "sha256", "bcrypt", "pbkdf2"];
/// Long enough for a secret, and in no message by chance.
const CANARY: &str = "canary that sings in no message at all";

fuzz_target!(|data: &[u8]| {
    let accepted = configure(data).is_ok();
    assert_eq!(configure(data).is_ok(), accepted);
    let mut config: Value = serde_json::from_slice(data).unwrap_or_default();
    if plant(&mut config) {
        let shown = configure(config.to_string().as_bytes()).unwrap_or_else(|errors| errors);
        assert!(!shown.contains(CANARY), "a secret is shown: {shown}");
    }
});

/// How what comes of it is shown, or its errors.
fn configure(bytes: &[u8]) -> Result<String, String> {
    let env = Env::from_iter([("JWT_SECRET", CANARY.as_bytes().to_vec()), ("EMPTY", Vec::new())]);
    match Module::<Single<Auth>>::configure(bytes, &env) {
        Ok(module) => Ok(format!("{module:?}")),
        Err(errors) => {
            assert!(!errors.is_empty());
            assert!(errors.iter().all(|error| !error.kind().to_string().is_empty()));
            Err(errors.to_string())
        }
    }
}

/// Puts the canary where secrets stand. Whether there was such a place.
fn plant(value: &mut Value) -> bool {
    match value {
        Value::Object(object) => {
            let mut planted = false;
            for (name, value) in object {
                let secret = match (name.as_str(), value) {
                    ("secret" | "password" | "key", Value::Object(secret)) => {
                        secret.iter_mut().find(|(kind, _)| KINDS.contains(&kind.as_str())).map(|(_, secret)| secret)
                    }
                    // Without the `value` that belongs there.
                    ("secret" | "password" | "key" | "k", value @ Value::String(_)) => Some(value),
                    (_, value) => {
                        planted |= plant(value);
                        None
                    }
                };
                planted |= secret.map(|secret| *secret = Value::from(CANARY)).is_some();
            }
            planted
        }
        Value::Array(list) => list.iter_mut().map(plant).fold(false, |planted, more| planted | more),
        _ => false,
    }
}
