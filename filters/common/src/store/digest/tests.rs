use super::{crc32, digest};

#[test]
fn crc32_is_nginx_s() {
    // The check value of CRC-32/ISO-HDLC, and the empty string.
    assert_eq!(crc32("123456789"), 0xcbf4_3926);
    assert_eq!(crc32(""), 0);
}

#[test]
fn parts_have_borders() {
    let seed = [7; 16];
    let all = [
        digest(&seed, &[]),
        digest(&seed, &[b""]),
        digest(&seed, &[b"", b""]),
        digest(&seed, &[b"abc"]),
        digest(&seed, &[b"ab", b"c"]),
        digest(&seed, &[b"a", b"bc"]),
        digest(&[8; 16], &[b"abc"]),
    ];
    for (at, one) in all.iter().enumerate() {
        assert!(!all[at + 1..].contains(one), "digest {at} occurs twice");
    }
}

#[test]
fn the_digest_is_stable() {
    // Stored in shared data: another value would strand what is there. From an implementation of
    // SipHash-1-3-128 of its own, which meets the authors' vectors for SipHash-2-4-128.
    assert_eq!(
        digest(b"0123456789abcdef", &[b"key", b"state"]),
        [175, 131, 2, 207, 206, 19, 176, 183, 111, 191, 121, 157, 161, 28, 185, 223]
    );
}
