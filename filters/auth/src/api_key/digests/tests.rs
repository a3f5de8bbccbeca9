use proptest::prelude::*;

use super::*;

type Digest = [u8; 32];

fn map(digests: impl IntoIterator<Item = Digest>) -> (BTreeMap<Digest, usize>, DigestMap<usize>) {
    let sorted: BTreeMap<Digest, usize> = digests.into_iter().zip(0..).collect();
    (sorted.clone(), sorted.into())
}

#[test]
fn finds_each_and_no_other_in_maps_of_every_size() {
    let digest = |number: u8| {
        let mut digest = [0x80; 32];
        digest[usize::from(number) % 32] = number;
        digest
    };
    for size in 0..=70 {
        let (sorted, map) = map((0..size).map(|number| digest(2 * number + 1)));
        for number in 0..=141 {
            assert_eq!(map.get(&digest(number)), sorted.get(&digest(number)), "{number} among {size}");
        }
    }
}

#[test]
fn the_least_and_the_greatest() {
    let (_, empty) = map([]);
    let (_, both) = map([[0; 32], [0xff; 32]]);
    for digest in [[0; 32], [0xff; 32]] {
        assert_eq!(empty.get(&digest), None);
        assert!(both.get(&digest).is_some());
    }
}

#[test]
fn tells_no_digest() {
    assert_eq!(format!("{:?}", map([[1; 32], [2; 32]]).1), "DigestMap(2)");
}

proptest! {
    #[test]
    fn compares_as_bytes_do(one: Digest, other: Digest, common in 0_usize..=32) {
        let mut other = other;
        other[..common].copy_from_slice(&one[..common]);
        prop_assert_eq!(bool::from(less(&words(&one), &words(&other))), one < other);
    }

    #[test]
    fn finds_what_a_map_finds(
        digests in prop::collection::vec(prop::array::uniform32(0_u8..4), 0..200), probe in prop::array::uniform32(0_u8..4),
        index: prop::sample::Index, common in 0_usize..=32,
    ) {
        let (sorted, map) = map(digests.clone());
        let mut probe = probe;
        if !digests.is_empty() {
            probe[..common].copy_from_slice(&digests[index.index(digests.len())][..common]);
        }
        prop_assert_eq!(map.get(&probe), sorted.get(&probe));
    }
}
