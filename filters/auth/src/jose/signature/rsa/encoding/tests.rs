use super::*;

const MESSAGE: &[u8] = b"message";

/// EMSA-PSS-ENCODE (RFC 8017 section 9.1.1) with that salt, with zeros in front up to the length of the modulus.
fn pss(bits: usize, salt: &[u8], hash: &Hash) -> Vec<u8> {
    let (em_bits, hash_length) = (bits - 1, usize::from(hash.length));
    let length = em_bits.div_ceil(8);
    let sealed = (hash.digest)(&[&[0; 8], &(hash.digest)(&[MESSAGE]), salt]);
    let mut block = vec![0; length - hash_length - 1];
    let start = block.len() - salt.len();
    block[start - 1] = 1;
    block[start..].copy_from_slice(salt);
    let mask = mask(&sealed, block.len(), hash);
    block.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    block[0] &= 0xff >> (8 * length - em_bits);
    [vec![0; bits.div_ceil(8) - length], block, sealed, vec![0xbc]].concat()
}

fn each_flipped(encoded: &[u8], mut look: impl FnMut(&[u8], String)) {
    let mut flipped = encoded.to_vec();
    for at in 0..encoded.len() {
        for bit in 0..8 {
            flipped[at] ^= 1 << bit;
            look(&flipped, format!("bit {bit} of byte {at}"));
            flipped[at] ^= 1 << bit;
        }
    }
}

#[test]
fn every_bit_of_pss_counts_whatever_the_length_of_the_modulus() {
    for (bits, algorithm) in
        (2048..=2057_u32).zip([Algorithm::Ps256, Algorithm::Ps384, Algorithm::Ps512].iter().cycle())
    {
        let hash = Hash::of(*algorithm).unwrap();
        let salt = vec![7; usize::from(hash.length)];
        let encoded = pss(bits as usize, &salt, &hash);
        assert!(is_pss(&encoded, bits, MESSAGE, &hash), "{bits}");
        assert!(!is_pss(&encoded, bits, b"another", &hash), "{bits}");
        each_flipped(&encoded, |flipped, what| assert!(!is_pss(flipped, bits, MESSAGE, &hash), "{bits}: {what}"));
        for length in [0, salt.len() - 1, salt.len() + 1] {
            let encoded = pss(bits as usize, &vec![7; length], &hash);
            assert!(!is_pss(&encoded, bits, MESSAGE, &hash), "{bits}: a salt of {length} bytes");
        }
    }
}

#[test]
fn every_bit_of_pkcs1_counts() {
    for algorithm in [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512] {
        let hash = Hash::of(algorithm).unwrap();
        let end = [&[0], hash.info().as_slice(), &(hash.digest)(&[MESSAGE])].concat();
        let encoded = [&[0, 1], vec![0xff; 256 - 2 - end.len()].as_slice(), &end].concat();
        assert!(is_pkcs1_v1_5(&encoded, MESSAGE, &hash));
        assert!(!is_pkcs1_v1_5(&encoded, b"another", &hash));
        each_flipped(&encoded, |flipped, what| assert!(!is_pkcs1_v1_5(flipped, MESSAGE, &hash), "{what}"));
        // Bytes behind the hash, as who parses may pass over, and padding that is too short.
        let shifted = [&[0, 1], vec![0xff; 256 - 3 - end.len()].as_slice(), &end, &[0]].concat();
        assert!(!is_pkcs1_v1_5(&shifted, MESSAGE, &hash));
        assert!(!is_pkcs1_v1_5(&[&[0, 1], [0xff; 7].as_slice(), &end].concat(), MESSAGE, &hash));
    }
}

#[test]
fn what_is_too_short_is_no_encoding() {
    let hash = Hash::of(Algorithm::Ps512).unwrap();
    for length in 0..140_usize {
        assert!(!is_pss(&vec![0xbc; length], length as u32 * 8, MESSAGE, &hash), "{length}");
        assert!(!is_pkcs1_v1_5(&vec![0xff; length], MESSAGE, &hash), "{length}");
    }
}
