//! How a hash stands in what an RSA signature opens to (RFC 8017 section 9). Nothing here is secret.

use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::jose::Algorithm;

/// A hash of an algorithm.
pub struct Hash {
    /// The hash of parts that follow each other.
    digest: fn(&[&[u8]]) -> Vec<u8>,
    /// Bytes of it.
    length: u8,
    /// The last arc of its object identifier, 2.16.840.1.101.3.4.2.x.
    arc: u8,
}

impl Hash {
    /// The hash of an algorithm for RSA.
    pub fn of(algorithm: Algorithm) -> Option<Self> {
        use Algorithm::{Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
        match algorithm {
            Rs256 | Ps256 => Some(Self { digest: digest::<Sha256>, length: 32, arc: 1 }),
            Rs384 | Ps384 => Some(Self { digest: digest::<Sha384>, length: 48, arc: 2 }),
            Rs512 | Ps512 => Some(Self { digest: digest::<Sha512>, length: 64, arc: 3 }),
            _ => None,
        }
    }

    /// DigestInfo up to the hash itself (section 9.2 note 1).
    fn info(&self) -> [u8; 19] {
        // SEQUENCE of an algorithm and the hash; SEQUENCE of its identifier and NULL; OCTET STRING.
        let (whole, length) = (self.length.saturating_add(17), self.length);
        [48, whole, 48, 13, 6, 9, 0x60, 0x86, 0x48, 1, 101, 3, 4, 2, self.arc, 5, 0, 4, length]
    }
}

fn digest<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = D::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().to_vec()
}

/// Whether `encoded`, as long as the modulus, is the one encoding of the message (EMSA-PKCS1-v1_5, section 8.2.2: it is
/// made and compared, not parsed).
pub fn is_pkcs1_v1_5(encoded: &[u8], message: &[u8], hash: &Hash) -> bool {
    let end = [&[0], hash.info().as_slice(), &(hash.digest)(&[message])].concat();
    let Some(padding) = encoded.strip_suffix(end.as_slice()).and_then(|start| start.strip_prefix(&[0, 1])) else {
        return false;
    };
    padding.len() >= 8 && padding.iter().all(|&byte| byte == 0xff)
}

/// Whether `encoded`, as long as the modulus of so many bits, is one of the message with a salt as long as the hash
/// (EMSA-PSS-VERIFY with MGF1, section 9.1.2).
pub fn is_pss(encoded: &[u8], bits: u32, message: &[u8], hash: &Hash) -> bool {
    unmask(encoded, bits, hash).is_some_and(|(salt, sealed)| {
        let message = (hash.digest)(&[message]);
        (hash.digest)(&[&[0; 8], &message, &salt]) == sealed
    })
}

/// The salt, and the hash `H` over it and the message (steps 3 to 11).
fn unmask<'a>(encoded: &'a [u8], bits: u32, hash: &Hash) -> Option<(Vec<u8>, &'a [u8])> {
    // The encoding has a bit less than the modulus: one byte less where that bit is alone in its byte.
    let unused = 1u32.wrapping_sub(bits) % 8;
    let encoded = if unused == 0 { encoded.strip_prefix(&[0])? } else { encoded };
    let used = 0xffu8.checked_shr(unused)?;
    let length = usize::from(hash.length);
    let (masked, sealed) = split_last(encoded.strip_suffix(&[0xbc])?, length)?;
    if masked.first()? & !used != 0 {
        return None;
    }
    let mut block = mask(sealed, masked.len(), hash);
    for (byte, masked) in block.iter_mut().zip(masked) {
        *byte ^= masked;
    }
    *block.first_mut()? &= used;
    let (padding, salt) = split_last(&block, length)?;
    let zeros = padding.strip_suffix(&[1])?;
    zeros.iter().all(|&byte| byte == 0).then(|| (salt.to_vec(), sealed))
}

/// MGF1 (appendix B.2.1).
fn mask(seed: &[u8], length: usize, hash: &Hash) -> Vec<u8> {
    let mut mask = Vec::new();
    let mut counter = 0u32;
    while mask.len() < length {
        mask.append(&mut (hash.digest)(&[seed, &counter.to_be_bytes()]));
        counter = counter.wrapping_add(1);
    }
    mask.truncate(length);
    mask
}

/// All before the last `length` bytes, and these.
fn split_last(bytes: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    bytes.split_at_checked(bytes.len().checked_sub(length)?)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
