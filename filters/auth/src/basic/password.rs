//! Passwords as they are kept.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::BCRYPT;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use bcrypt::bcrypt;
use pbkdf2::password_hash::phc::{Output, PasswordHash, Salt};
use pbkdf2::{Algorithm, Params, pbkdf2_hmac_with_params};
use sluicegate_common::config::{Sha256, Text};
use subtle::ConstantTimeEq as _;

/// The greatest cost of bcrypt: each one more doubles the time.
pub const MAX_BCRYPT_COST: u32 = 10;

/// The fewest and the most iterations of PBKDF2: what NIST SP 800-63B section 5.1.1.2 asks for at least, and what a
/// worker can stand still for.
pub const PBKDF2_ITERATIONS: std::ops::RangeInclusive<u32> = 10_000..=100_000;

/// A password as it is kept.
pub enum Password {
    /// Its SHA-256 digest.
    Fast(Sha256),
    /// A hash that takes long to compute.
    Slow(SlowHash),
}

impl Password {
    /// Whether a digest is that of the password. Takes the same time for every digest.
    pub fn has_digest(&self, digest: &[u8; 32]) -> bool {
        match self {
            Self::Fast(kept) => kept.0.as_slice().ct_eq(digest.as_slice()).into(),
            Self::Slow(_) => false,
        }
    }

    /// The slow hash, if it is one.
    pub fn slow(&self) -> Option<&SlowHash> {
        match self {
            Self::Fast(_) => None,
            Self::Slow(hash) => Some(hash),
        }
    }
}

/// A salted hash of a password that takes long to compute.
#[derive(Clone)]
pub enum SlowHash {
    /// bcrypt.
    Bcrypt(Bcrypt),
    /// PBKDF2 with HMAC (RFC 8018 section 5.2).
    Pbkdf2(Box<Pbkdf2>),
}

impl SlowHash {
    /// Whether it is the hash of `password`.
    pub fn verify(&self, password: &[u8]) -> bool {
        match self {
            Self::Bcrypt(hash) => hash.verify(password),
            Self::Pbkdf2(hash) => hash.verify(password),
        }
    }

    /// What it takes to compute, about, in iterations of PBKDF2 with SHA-256. The proportions are those measured of
    /// WebAssembly in V8.
    pub fn work(&self) -> u32 {
        match self {
            Self::Bcrypt(hash) => 1_u32.checked_shl(hash.cost).unwrap_or(u32::MAX).saturating_mul(80),
            Self::Pbkdf2(hash) => hash.work(),
        }
    }
}

/// The kind alone.
impl fmt::Debug for SlowHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bcrypt(_) => "Bcrypt",
            Self::Pbkdf2(_) => "Pbkdf2",
        })
    }
}

/// As hashes of bcrypt are written. The last character of a salt has bits that do not count, and some who make hashes
/// set them.
const BASE_64: GeneralPurpose = GeneralPurpose::new(&BCRYPT, NO_PAD.with_decode_allow_trailing_bits(true));

/// A hash of bcrypt.
#[derive(Clone)]
pub struct Bcrypt {
    cost: u32,
    salt: [u8; 16],
    hash: [u8; 23],
}

impl Bcrypt {
    fn verify(&self, password: &[u8]) -> bool {
        // A NUL ends the password, unless it fills the 72 bytes that count.
        let mut input = [0; 72];
        input.iter_mut().zip(password).for_each(|(byte, given)| *byte = *given);
        let used = input.get(..=password.len()).unwrap_or(&input);
        let computed = bcrypt(self.cost, self.salt, used);
        computed.get(..self.hash.len()).is_some_and(|computed| computed.ct_eq(&self.hash).into())
    }
}

impl Text for Bcrypt {
    const EXPECTED: &'static str = "a bcrypt hash such as \"$2b$10$<22 characters><31 characters>\" of cost 4 to 10";

    fn parse(text: &str) -> Option<Self> {
        let ["", "2a" | "2b" | "2y", cost, salt_and_hash] = text.split('$').collect::<Vec<_>>()[..] else {
            return None;
        };
        let (salt, hash) = salt_and_hash.split_at_checked(22)?;
        let salt = BASE_64.decode(salt).ok()?.try_into().ok()?;
        let hash = BASE_64.decode(hash).ok()?.try_into().ok()?;
        let cost = (4..=MAX_BCRYPT_COST).find(|number| format!("{number:02}") == cost)?;
        Some(Self { cost, salt, hash })
    }

    /// Neither the hash, nor the password that may stand there by mistake.
    fn found(text: &str) -> String {
        match text.split('$').nth(2) {
            Some(cost) if cost.len() == 2 && cost.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("another form or a cost of {cost}")
            }
            _ => format!("{} characters", text.chars().count()),
        }
    }
}

/// A hash of PBKDF2.
#[derive(Clone)]
pub struct Pbkdf2 {
    algorithm: Algorithm,
    params: Params,
    salt: Salt,
    hash: Output,
}

impl Pbkdf2 {
    fn verify(&self, password: &[u8]) -> bool {
        let mut computed = [0; Params::MAX_OUTPUT_LENGTH];
        let Some(computed) = computed.get_mut(..self.hash.len()) else { return false };
        pbkdf2_hmac_with_params(password, self.salt.as_ref(), self.algorithm, self.params, computed);
        computed.ct_eq(self.hash.as_bytes()).into()
    }

    fn work(&self) -> u32 {
        match self.algorithm {
            Algorithm::Pbkdf2Sha512 => self.params.rounds().saturating_mul(4).div_euclid(3),
            _ => self.params.rounds(),
        }
    }
}

/// The iterations that a hash in PHC form names; `l`, if it is there, says how long the hash is.
fn iterations(written: &PasswordHash) -> Option<u32> {
    let (mut iterations, length) = (None, written.hash.as_ref()?.len());
    for (name, value) in written.params.iter() {
        match (name.as_str(), value.decimal().ok()?) {
            ("i", number) => iterations = Some(number),
            ("l", number) if usize::try_from(number) == Ok(length) => {}
            _ => return None,
        }
    }
    iterations.filter(|_| written.version.is_none())
}

impl Text for Pbkdf2 {
    const EXPECTED: &'static str =
        "a PBKDF2 hash such as \"$pbkdf2-sha256$i=100000$<salt>$<hash>\" (or sha512) of 10,000 to 100,000 iterations";

    fn parse(text: &str) -> Option<Self> {
        let written = PasswordHash::new(text).ok()?;
        let rounds = iterations(&written).filter(|rounds| PBKDF2_ITERATIONS.contains(rounds))?;
        let (salt, hash) = (written.salt?, written.hash?);
        // A longer one is computed block by block: it takes the gateway as much longer, but not who guesses.
        let (algorithm, longest) = match written.algorithm.as_str() {
            Algorithm::PBKDF2_SHA256_ID => (Algorithm::Pbkdf2Sha256, 32),
            Algorithm::PBKDF2_SHA512_ID => (Algorithm::Pbkdf2Sha512, 64),
            _ => return None,
        };
        let params = Params::new_with_output_len(rounds, hash.len()).ok()?;
        (16..=longest).contains(&hash.len()).then_some(Self { algorithm, params, salt, hash })
    }

    /// As for bcrypt.
    fn found(text: &str) -> String {
        match PasswordHash::new(text).ok().as_ref().and_then(iterations) {
            Some(iterations) => format!("another form or {iterations} iterations"),
            None => format!("{} characters", text.chars().count()),
        }
    }
}

sluicegate_common::deserr_text!(Bcrypt, Pbkdf2);
sluicegate_common::described_text!(Bcrypt: "bcrypt hash", Pbkdf2: "PBKDF2 hash");
