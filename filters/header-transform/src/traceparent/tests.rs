use proptest::prelude::*;

use super::*;

const CASES: u32 = 10_000;

const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[test]
fn validity() {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = "00f067aa0ba902b7";
    let cases = [
        (VALID.to_owned(), true),
        (format!("00-{trace}-{parent}-00"), true),
        (format!("00-{trace}-{parent}-ff"), true),
        (format!("01-{trace}-{parent}-01"), true),
        (format!("fe-{trace}-{parent}-01"), true),
        (format!("01-{trace}-{parent}-01-"), true),
        (format!("cc-{trace}-{parent}-01-what.the-future:brings"), true),
        (format!("00-{trace}-{parent}-01-"), false),
        (format!("00-{trace}-{parent}-01-x"), false),
        (format!("01-{trace}-{parent}-01x"), false),
        (format!("01-{trace}-{parent}-012"), false),
        (format!("ff-{trace}-{parent}-01"), false),
        (format!("0-{trace}-{parent}-01"), false),
        (format!("000-{trace}-{parent}-1"), false),
        (format!("00-{}-{parent}-01", "0".repeat(32)), false),
        (format!("00-{trace}-{}-01", "0".repeat(16)), false),
        (format!("00-{}1-{parent}-01", "0".repeat(31)), true),
        (format!("00-{trace}-{}1-01", "0".repeat(15)), true),
        (VALID.to_uppercase(), false),
        (VALID.replace("f9", "F9"), false),
        (VALID.replace("f9", "g9"), false),
        (VALID.replace('-', "_"), false),
        (format!("00-{trace}a-{parent}-1"), false),
        (format!(" {VALID}"), false),
        (format!("{VALID} "), false),
        (format!("{VALID},{VALID}"), false),
        (VALID.chars().take(54).collect(), false),
        (String::new(), false),
        ("-".repeat(55), false),
    ];
    for (value, want) in cases {
        assert_eq!(is_valid(value.as_bytes()), want, "{value:?}");
    }
    assert!(!is_valid(&[0xff; 55]));
}

#[test]
fn a_new_one_is_the_random_bytes_in_hexadecimal() {
    let random: [u8; 24] = std::array::from_fn(|index| u8::try_from(index).unwrap());
    assert_eq!(
        create(random).as_deref(),
        Some("00-000102030405060708090a0b0c0d0e0f-1011121314151617-01"),
        "leading zeros stay"
    );
}

#[test]
fn no_id_is_all_zeros() {
    let mut random = [0; 24];
    assert_eq!(create(random), None);
    random[15] = 1;
    assert_eq!(create(random), None, "no parent id");
    random[23] = 1;
    assert!(create(random).is_some());
    random[15] = 0;
    assert_eq!(create(random), None, "no trace id");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn a_new_one_is_valid(random: [u8; 24]) {
        let ids_are_not_zero = random[..16] != [0; 16] && random[16..] != [0; 8];
        prop_assert_eq!(create(random).map(|value| is_valid(value.as_bytes())), ids_are_not_zero.then_some(true));
    }

    #[test]
    fn one_changed_byte_is_judged_as_the_grammar_says(at in 0..55_usize, byte: u8) {
        let mut value = VALID.as_bytes().to_vec();
        value[at] = byte;
        let hyphen = [2, 35, 52].contains(&at);
        let want = if hyphen { byte == b'-' } else { byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte) };
        prop_assert_eq!(is_valid(&value), want);
    }
}
