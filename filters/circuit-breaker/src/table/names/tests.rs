use super::*;

#[test]
fn names_say_what_they_are_of() {
    let names = Names::new("services", 3);
    assert_eq!(names.other, "sg:cb:services:other");
    assert_eq!(names.slots, ["sg:cb:services:0", "sg:cb:services:1", "sg:cb:services:2"]);
}

#[test]
fn no_two_names_have_one_checksum() {
    let names = Names::new("services", 1024);
    let all = names.slots.iter().chain([&names.other]);
    let checksums: BTreeSet<u32> = all.map(|name| crc32(name)).collect();
    assert_eq!(checksums.len(), 1025);
}

#[test]
fn a_larger_table_has_the_same_names_and_more() {
    let (small, large) = (Names::new("services", 64), Names::new("services", 1024));
    assert_eq!(small.slots[..], large.slots[..64]);
    assert_eq!(small.other, large.other);
}
