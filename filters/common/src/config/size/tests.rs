use super::super::tests::check_text;
use super::*;

#[test]
fn a_number_and_a_unit() {
    let accepted = [
        ("0B", Size::from_bytes(0)),
        ("512B", Size::from_bytes(512)),
        ("64KiB", Size::from_bytes(65_536)),
        ("1MiB", Size::from_bytes(1_048_576)),
        ("2GiB", Size::from_bytes(2_147_483_648)),
    ];
    let refused = ["", "64", "KiB", "64kib", "64KB", "64K", "1.5MiB", "-1B", "1 MiB", "01B", "17179869184GiB"];
    check_text(&accepted, &refused);
}

#[test]
fn a_size_is_a_length_where_it_fits() {
    assert_eq!(Size::from_bytes(65_536).len(), 65_536);
    assert!(Size::from_bytes(0).is_empty());
}
