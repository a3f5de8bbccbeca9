use super::*;

const SHAPE: Shape = Shape { buckets: 3, ways: 8 };

#[test]
fn names_say_what_they_are_of() {
    let names = Names::new("general", "ip", SHAPE, &mut BTreeSet::new());
    let all: Vec<&str> = names.iter().collect();
    assert_eq!(names.seed(), "sg:rl:general:seed");
    assert_eq!(all.len(), 3);
    assert!(all[2].starts_with("sg:rl:general:") && all[2].ends_with(":3x8:000002"), "{}", all[2]);
    let other = Names::new("general", "consumer", SHAPE, &mut BTreeSet::new());
    assert_ne!(other.prefix(), names.prefix());
}

#[test]
fn names_whose_checksum_is_taken_are_left_out() {
    let free = Names::new("a", "ip", SHAPE, &mut BTreeSet::new());
    let all: Vec<&str> = free.iter().collect();
    let mut taken = BTreeSet::from([crc32(all[1])]);
    let names = Names::new("a", "ip", SHAPE, &mut taken);
    let found: Vec<&str> = names.iter().collect();
    assert_eq!((found[0], found[1]), (all[0], all[2]));
    assert!(found[2].ends_with(":000003"));
    assert_eq!(taken.len(), 5, "the one that was taken, three buckets, the seed");
}

#[test]
fn a_thousand_buckets_are_all_chosen() {
    let shape = Shape { buckets: 1024, ways: 8 };
    let names = Names::new("a", "ip", shape, &mut BTreeSet::new());
    let of = |number: u32| names.of(&digest(&[7; 16], &[&number.to_le_bytes()])).to_owned();
    let chosen: BTreeSet<String> = (0..20_000).map(of).collect();
    assert_eq!(chosen.len(), 1024);
    assert!(chosen.iter().all(|name| name.len() == "sg:rl:a:01234567:1024x8:000000".len()));
}
