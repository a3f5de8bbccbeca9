use super::*;

#[test]
fn names_are_those_of_the_registry() {
    for algorithm in Algorithm::ALL {
        assert_eq!(Algorithm::of_name(algorithm.name()), Some(algorithm));
    }
    assert_eq!(Algorithm::of_name("Ed25519"), Some(Algorithm::EdDsa));
    let names = Algorithm::ALL.map(Algorithm::name).join(", ");
    assert_eq!(Algorithm::EXPECTED, format!("one of {names}"));
}

#[test]
fn other_names_are_no_algorithms() {
    for name in ["", "none", "None", "NONE", "hs256", "HS256 ", "RS1", "ES384", "ES512", "ES256K", "Ed448", "HS256\0"] {
        assert_eq!(Algorithm::parse(name), None, "{name:?}");
    }
}

#[test]
fn a_config_is_told_what_is_not_offered() {
    assert_eq!(Algorithm::found("ES384"), "\"ES384\", which is not offered");
    assert_eq!(Algorithm::found("none"), "\"none\", which is not offered");
    assert_eq!(Algorithm::found("RS255"), "\"RS255\"");
}
