use proptest::prelude::*;

use super::*;

const NOW: Nanos = Nanos(1_000);

fn held(until: u64, used: u32) -> Held {
    Held { level: Level { until: Nanos(until), used: [used, 0] }, share: 5, inherited: false }
}

fn read(state: &[u8], asked: &[Tag]) -> Bucket {
    let mut bucket = Bucket::default();
    assert_eq!(bucket.read(state, asked.iter().copied()), Ok(()));
    bucket
}

fn written(bucket: &mut Bucket, now: Nanos) -> Vec<u8> {
    let mut bytes = Vec::new();
    bucket.write(now, &mut bytes);
    bytes
}

#[test]
fn the_layout_is_fixed() {
    // Modules of other builds read it.
    let mut bucket = read(&[], &[Tag(0x0102)]);
    let row = bucket.add([0xaa; 16]);
    bucket.put(row, Tag(0x0102), Held { inherited: true, ..held(0x0708, 3) });
    let mut want = vec![0xe8, 3, 0, 0, 0, 0, 0, 0, 1];
    want.extend([2, 1, 0, 0, 0, 0, 0, 0]);
    want.extend([0; 17]);
    want.extend([0xaa; 16]);
    want.extend([8, 7, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0x85]);
    assert_eq!(written(&mut bucket, NOW), want);
    assert_eq!(written(&mut read(&want, &[]), NOW), want);
}

#[test]
fn one_limit_and_eight_keys_are_about_three_hundred_bytes() {
    let mut bucket = read(&[], &[Tag(1)]);
    for key in 0..8 {
        let row = bucket.add([key; 16]);
        bucket.put(row, Tag(1), held(2_000, 1));
    }
    assert_eq!(written(&mut bucket, NOW).len(), 9 + 8 + 17 + 8 * (16 + 17));
}

#[test]
fn what_is_fresh_is_not_written() {
    let mut bucket = read(&[], &[Tag(1), Tag(2), Tag(3)]);
    for (key, tag, until) in [(1, Tag(1), 2_000), (2, Tag(2), 1_000), (3, Tag(3), 3_000)] {
        let row = bucket.add([key; 16]);
        bucket.put(row, tag, held(until, 1));
    }
    let again = read(&written(&mut bucket, NOW), &[]);
    assert_eq!(again.tags, [Tag(1), Tag(3)]);
    assert_eq!(again.keys, [[1; 16], [3; 16]]);
    assert_eq!(again.held(1, Tag(1)), held(2_000, 1));
    assert_eq!(again.held(1, Tag(3)), Held::default());
    assert_eq!(written(&mut bucket, Nanos(3_000)), [3_000_u64.to_le_bytes().as_slice(), &[0]].concat());
}

#[test]
fn limits_that_are_not_asked_about_are_carried_along() {
    let mut bucket = read(&[], &[Tag(1)]);
    let row = bucket.add([1; 16]);
    bucket.put(row, Tag(1), held(2_000, 7));
    bucket.put(REST, Tag(1), held(1_500, 9));
    let mut other = read(&written(&mut bucket, NOW), &[Tag(2)]);
    let row = other.add([2; 16]);
    other.put(row, Tag(2), held(3_000, 1));
    let again = read(&written(&mut other, NOW), &[Tag(1)]);
    assert_eq!(again.held(1, Tag(1)), held(2_000, 7));
    assert_eq!(again.held(REST, Tag(1)), held(1_500, 9));
    assert_eq!(again.held(2, Tag(2)), held(3_000, 1));
    assert_eq!(again.held(2, Tag(1)), Held::default());
}

#[test]
fn of_too_many_limits_those_asked_about_stay() {
    let many: Vec<Tag> = (0..32).map(Tag).collect();
    let mut bucket = read(&[], &many);
    let row = bucket.add([1; 16]);
    many.iter().for_each(|tag| bucket.put(row, *tag, held(2_000, 1)));
    let mut more = read(&written(&mut bucket, NOW), &[Tag(100), Tag(101)]);
    for tag in [Tag(100), Tag(101)] {
        more.put(row, tag, held(2_000, 2));
    }
    let again = read(&written(&mut more, NOW), &[]);
    assert_eq!(again.tags.len(), MAX_TAGS);
    assert_eq!((again.tags[0], again.tags[31]), (Tag(2), Tag(101)));
    assert_eq!(again.held(row, Tag(101)), held(2_000, 2));
}

#[test]
fn what_is_malformed_reads_as_empty() {
    let mut bucket = read(&[], &[Tag(1)]);
    let row = bucket.add([1; 16]);
    bucket.put(row, Tag(1), held(2_000, 7));
    let good = written(&mut bucket, NOW);
    let longer = [&good[..], &[0]].concat();
    let (mut many, mut none) = (good.clone(), good.clone());
    (many[8], none[8]) = (33, 0);
    for (name, state) in [("cut", &good[..good.len() - 1]), ("longer", &longer), ("33 tags", &many), ("no tag", &none)]
    {
        let mut bucket = Bucket::default();
        assert_eq!(bucket.read(state, [Tag(9)].into_iter()), Err(Malformed), "{name}");
        assert_eq!((bucket.find(&[1; 16]), bucket.rows().count(), bucket.last), (None, 1, Nanos(0)), "{name}");
    }
}

fn buckets() -> impl Strategy<Value = Bucket> {
    (0..6_usize, 0..9_usize, any::<u64>()).prop_flat_map(|(tags, keys, last)| {
        let held = (any::<u64>(), any::<[u32; 2]>(), 0..=Held::ALL, any::<bool>()).prop_map(
            |(until, used, share, inherited)| Held { level: Level { until: Nanos(until), used }, share, inherited },
        );
        let levels = proptest::collection::vec(held, (keys + 1) * tags);
        let keys: Vec<Fingerprint> = (0..keys as u8).map(|key| [key; 16]).collect();
        levels.prop_map(move |levels| Bucket {
            last: Nanos(last),
            tags: (0..tags as u64).map(Tag).collect(),
            keys: keys.clone(),
            levels,
            kept: Vec::new(),
        })
    })
}

proptest! {
    #[test]
    fn any_bytes_are_a_bucket_or_malformed(state: Vec<u8>, tags in 0..4_u64) {
        let mut bucket = Bucket::default();
        let _ = bucket.read(&state, (0..tags).map(Tag));
        prop_assert_eq!(bucket.levels.len(), bucket.tags.len() * (bucket.keys.len() + 1));
        written(&mut bucket, NOW);
    }

    #[test]
    fn what_is_written_reads_the_same(mut bucket in buckets(), now: u64) {
        let bytes = written(&mut bucket, Nanos(now));
        let mut again = read(&bytes, &[]);
        prop_assert_eq!(written(&mut again, Nanos(now)), bytes);
        let now = bucket.last;
        for tag in &bucket.tags {
            prop_assert_eq!(again.held(REST, *tag), bucket.held(REST, *tag).at(now));
            for key in &bucket.keys {
                let found = again.find(key).map_or(Held::default(), |row| again.held(row, *tag));
                prop_assert_eq!(found, bucket.held(bucket.find(key).unwrap(), *tag).at(now));
            }
        }
    }
}
