use super::{HEADER, open, seal};
use proptest::prelude::*;

fn sealed(key: &str, state: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; HEADER];
    frame.extend_from_slice(state);
    seal(key, &mut frame).unwrap();
    frame
}

#[test]
fn the_layout_is_fixed() {
    // Changing these bytes strands what older modules of the same process have written.
    let frame = sealed("sg:rl:general:1024x8:17", b"state");
    assert_eq!(frame[..8], *b"SG\x01\x00\x05\x00\x00\x00");
    assert_eq!(frame[HEADER..], *b"state");
    assert_eq!(frame[8..HEADER], [19, 142, 73, 35, 88, 227, 199, 46, 67, 148, 64, 14, 143, 147, 154, 84],);
}

#[test]
fn only_its_own_key_opens_a_frame() {
    let frame = sealed("key", b"state");
    assert_eq!(open("key", &frame), Some(&b"state"[..]));
    assert_eq!(open("kez", &frame), None);
    // The boundary between key and state is part of the digest.
    let mut shifted = sealed("ke", b"ystate");
    shifted.splice(HEADER.., b"state".iter().copied());
    assert_eq!(open("key", &shifted), None);
}

#[test]
fn an_empty_state_is_a_state() {
    assert_eq!(open("key", &sealed("key", b"")), Some(&b""[..]));
    assert_eq!(open("key", b""), None);
}

#[test]
fn a_buffer_shorter_than_a_header_is_not_sealed() {
    assert_eq!(seal("key", &mut [0; HEADER - 1]), None);
}

proptest! {
    #[test]
    fn a_frame_opens_as_sealed(key: String, state: Vec<u8>) {
        let frame = sealed(&key, &state);
        prop_assert_eq!(open(&key, &frame), Some(state.as_slice()));
    }

    #[test]
    fn any_changed_bit_closes_it(state: Vec<u8>, at: prop::sample::Index, bit in 0..8_u32) {
        let mut frame = sealed("key", &state);
        let at = at.index(frame.len());
        frame[at] ^= 1_u8 << bit;
        prop_assert_eq!(open("key", &frame), None);
    }

    #[test]
    fn any_cut_closes_it(state: Vec<u8>, at: prop::sample::Index) {
        let frame = sealed("key", &state);
        prop_assert_eq!(open("key", &frame[..at.index(frame.len())]), None);
    }

    #[test]
    fn two_writes_torn_together_do_not_open(
        old in proptest::collection::vec(any::<u8>(), 200),
        new in proptest::collection::vec(any::<u8>(), 200),
        at in 1..HEADER + 200,
    ) {
        let (old, new) = (sealed("key", &old), sealed("key", &new));
        let torn: Vec<u8> = new[..at].iter().chain(&old[at..]).copied().collect();
        prop_assume!(torn != old && torn != new);
        prop_assert_eq!(open("key", &torn), None);
    }

    #[test]
    fn strangers_never_open(bytes: Vec<u8>) {
        prop_assert_eq!(open("key", &bytes), None);
    }
}
