//! The serialized form of maps: a count, the lengths, then every string with a NUL behind it.

use crate::message::Headers;

/// Serializes a map.
pub fn encode(pairs: &Headers) -> Vec<u8> {
    let mut bytes = length(pairs.len()).to_vec();
    for (name, value) in pairs {
        bytes.extend(length(name.len()));
        bytes.extend(length(value.len()));
    }
    for text in pairs.iter().flat_map(|(name, value)| [name, value]) {
        bytes.extend(text);
        bytes.push(0);
    }
    bytes
}

/// Limits of a map that Envoy reads (proxy-wasm-cpp-host, `limits.h`).
const MAX_BYTES: usize = 1 << 20;
const MAX_PAIRS: usize = 1024;

/// Reads a map; what does not fit exactly is no map at all, as Envoy reads it (`PairsUtil::toPairs`).
pub fn decode(bytes: &[u8]) -> Headers {
    try_decode(bytes).unwrap_or_default()
}

fn try_decode(bytes: &[u8]) -> Option<Headers> {
    let word = |at: usize| -> Option<usize> {
        let word = bytes.get(at..at.checked_add(4)?)?;
        usize::try_from(u32::from_le_bytes(word.try_into().ok()?)).ok()
    };
    let count = word(0).filter(|count| *count <= MAX_PAIRS && bytes.len() <= MAX_BYTES)?;
    let mut at = count.checked_mul(8)?.checked_add(4)?;
    let mut take = |size: usize| -> Option<Vec<u8>> {
        let end = at.checked_add(size)?;
        let text = bytes.get(at..end)?.to_vec();
        at = end + 1;
        (bytes.get(end) == Some(&0)).then_some(text)
    };
    let mut pairs = Headers::new();
    for index in 0..count {
        pairs.push((take(word(4 + index * 8)?)?, take(word(8 + index * 8)?)?));
    }
    (at == bytes.len()).then_some(pairs)
}

fn length(size: usize) -> [u8; 4] {
    u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn maps_survive_the_way_there_and_back() {
        let pairs = vec![(b"a".to_vec(), b"1".to_vec()), (b"".to_vec(), vec![0, 255]), (b"b".to_vec(), b"".to_vec())];
        assert_eq!(decode(&encode(&pairs)), pairs);
        assert_eq!(encode(&Vec::new()), [0, 0, 0, 0]);
    }

    #[test]
    fn what_does_not_fit_is_an_empty_map() {
        let good = encode(&vec![(b"name".to_vec(), b"value".to_vec())]);
        for cut in 0..good.len() {
            assert_eq!(decode(&good[..cut]), Vec::new(), "cut at {cut}");
        }
        assert_eq!(decode(&[good.as_slice(), b"x"].concat()), Vec::new(), "a byte too many");
        let unended: Vec<u8> = good.iter().enumerate().map(|(at, byte)| if at == 16 { b'x' } else { *byte }).collect();
        assert_eq!(decode(&unended), Vec::new(), "no NUL behind the name");
        let many = vec![(Vec::new(), Vec::new()); 1025];
        assert_eq!(decode(&encode(&many)), Vec::new(), "too many pairs");
        assert_eq!(decode(&encode(&many[..1024].to_vec())).len(), 1024);
        assert_eq!(decode(&[0xff; 64]), Vec::new());
    }
}
