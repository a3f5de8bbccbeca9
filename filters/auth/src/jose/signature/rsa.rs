//! RSA with SHA-2: RSASSA-PKCS1-v1_5 and RSASSA-PSS (RFC 7518 sections 3.3 and 3.5).

use rsa::{BoxedUint, Pkcs1v15Sign, Pss, RsaPublicKey};
use sha2::{Digest, Sha256, Sha384, Sha512};
use sluicegate_common::config::ConfigError;

use super::unfit;
use crate::jose::Algorithm;

/// RFC 7518 section 3.3.
const MIN_BITS: u32 = 2048;
/// A verification costs time by the square of the size, and whoever sends a token makes us pay it.
const MAX_BITS: u32 = 8192;

/// A public key.
#[derive(Clone)]
pub struct RsaKey(RsaPublicKey);

impl RsaKey {
    /// The modulus `n` and the exponent `e`, big-endian, without leading zeros (RFC 7518 section 2, Base64urlUInt).
    ///
    /// # Errors
    /// A modulus that is even, or not of 2048 to 8192 bits; an exponent that is even, below 3 or of more than 32 bits.
    pub fn new(n: &[u8], e: &[u8]) -> Result<Self, ConfigError> {
        const MODULUS: &str = "an odd RSA modulus of 2048 to 8192 bits";
        const EXPONENT: &str = "an odd RSA exponent of at least 3 and at most 32 bits";
        let bits = bits(n).ok_or_else(|| unfit("n", MODULUS, LEADING_ZERO))?;
        if !(MIN_BITS..=MAX_BITS).contains(&bits) {
            return Err(unfit("n", MODULUS, format!("one of {bits} bits")));
        }
        if !odd(n) {
            return Err(unfit("n", MODULUS, "an even one"));
        }
        match self::bits(e) {
            Some(2..=32) if odd(e) => {}
            Some(2..=32) => return Err(unfit("e", EXPONENT, "an even one")),
            Some(bits) => return Err(unfit("e", EXPONENT, format!("one of {bits} bits"))),
            None => return Err(unfit("e", EXPONENT, LEADING_ZERO)),
        }
        let key = RsaPublicKey::new(BoxedUint::from_be_slice_vartime(n), BoxedUint::from_be_slice_vartime(e));
        key.map(Self).map_err(|_| unfit("n", MODULUS, "another number"))
    }

    /// Whether this kind of key takes the algorithm.
    pub fn fits(algorithm: Algorithm) -> bool {
        use Algorithm::{Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
        matches!(algorithm, Rs256 | Rs384 | Rs512 | Ps256 | Ps384 | Ps512)
    }

    /// The signature has to be as long as the modulus (RFC 8017 sections 8.1.2 and 8.2.2), the salt of PSS as long as
    /// the hash (RFC 7518 section 3.5).
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let Self(key) = self;
        let verified = match algorithm {
            Algorithm::Rs256 => key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message), signature),
            Algorithm::Rs384 => key.verify(Pkcs1v15Sign::new::<Sha384>(), &Sha384::digest(message), signature),
            Algorithm::Rs512 => key.verify(Pkcs1v15Sign::new::<Sha512>(), &Sha512::digest(message), signature),
            Algorithm::Ps256 => key.verify(Pss::<Sha256>::new(), &Sha256::digest(message), signature),
            Algorithm::Ps384 => key.verify(Pss::<Sha384>::new(), &Sha384::digest(message), signature),
            Algorithm::Ps512 => key.verify(Pss::<Sha512>::new(), &Sha512::digest(message), signature),
            _ => return false,
        };
        verified.is_ok()
    }
}

const LEADING_ZERO: &str = "none, or one with a leading zero";

/// How many bits a number has; `None` for no byte, and for more bytes than it needs.
fn bits(number: &[u8]) -> Option<u32> {
    let (first, rest) = number.split_first()?;
    let rest = u32::try_from(rest.len()).ok()?.checked_mul(8)?;
    let first = u8::BITS.checked_sub(first.leading_zeros()).filter(|bits| *bits > 0)?;
    rest.checked_add(first)
}

fn odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last & 1 == 1)
}
