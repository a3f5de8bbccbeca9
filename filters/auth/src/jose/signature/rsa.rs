//! RSA with SHA-2: RSASSA-PKCS1-v1_5 and RSASSA-PSS (RFC 7518 sections 3.3 and 3.5).

mod encoding;

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, MontyForm, MontyMultiplier, Odd};
use sluicegate_common::config::ConfigError;

use self::encoding::Hash;
use super::unfit;
use crate::jose::Algorithm;

/// RFC 7518 section 3.3.
const MIN_BITS: u32 = 2048;
/// A verification costs time by the square of the size, and whoever sends a token makes us pay it.
const MAX_BITS: u32 = 8192;

/// A public key.
#[derive(Clone)]
pub struct RsaKey {
    /// The modulus, with what Montgomery multiplication needs of it.
    modulus: BoxedMontyParams,
    bits: u32,
    exponent: u32,
}

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
        let modulus = Odd::new(BoxedUint::from_be_slice_vartime(n)).into_option();
        let modulus = modulus.ok_or_else(|| unfit("n", MODULUS, "an even one"))?;
        let exponent = e.iter().fold(0, |number: u32, byte| number << 8 | u32::from(*byte));
        Ok(Self { modulus: BoxedMontyParams::new_vartime(modulus), bits, exponent })
    }

    /// Whether this kind of key takes the algorithm.
    pub fn fits(algorithm: Algorithm) -> bool {
        use Algorithm::{Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
        matches!(algorithm, Rs256 | Rs384 | Rs512 | Ps256 | Ps384 | Ps512)
    }

    /// The signature has to be as long as the modulus (RFC 8017 sections 8.1.2 and 8.2.2), the salt of PSS as long as
    /// the hash (RFC 7518 section 3.5).
    pub fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let Some(hash) = Hash::of(algorithm) else { return false };
        let Some(encoded) = self.open(signature) else { return false };
        match algorithm {
            Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 => encoding::is_pkcs1_v1_5(&encoded, message, &hash),
            _ => encoding::is_pss(&encoded, self.bits, message, &hash),
        }
    }

    /// What was signed, as long as the modulus (RSAVP1, RFC 8017 section 5.2.2); `None` for a signature of another length
    /// or not below the modulus.
    ///
    /// All of this is public, so it takes the time it takes: 16 squares and one product for 65537, half of what takes the
    /// same time for every exponent.
    fn open(&self, signature: &[u8]) -> Option<Vec<u8>> {
        let size = usize::try_from(self.bits.div_ceil(8)).ok()?;
        if signature.len() != size {
            return None;
        }
        let number = BoxedUint::from_be_slice(signature, self.modulus.bits_precision()).ok()?;
        if number >= *self.modulus.modulus().as_ref() {
            return None;
        }
        let base = BoxedMontyForm::new(number, &self.modulus);
        let mut power = base.clone();
        let mut multiplier = <BoxedMontyForm as MontyForm>::Multiplier::from(&self.modulus);
        for bit in (0..self.exponent.checked_ilog2()?).rev() {
            multiplier.square_assign(&mut power);
            if self.exponent >> bit & 1 == 1 {
                multiplier.mul_assign(&mut power, &base);
            }
        }
        let bytes = power.retrieve().to_be_bytes();
        // Whole words: below the modulus, so the first bytes are zero.
        bytes.get(bytes.len().checked_sub(size)?..).map(<[u8]>::to_vec)
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
