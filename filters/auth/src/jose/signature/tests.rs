//! What each kind of key makes of numbers and signatures. Whole keys are tested in `jwk` and `key`.

use super::super::fixture::{SIGNING_INPUT, jwk, signature};
use super::*;
use crate::jose::{Algorithm, base64url};

fn member(algorithm: Algorithm, name: &str) -> Vec<u8> {
    base64url::decode(jwk(algorithm)[name].as_str().unwrap()).unwrap()
}

fn error(made: Result<impl Sized, ConfigError>) -> String {
    made.err().map_or_else(|| "accepted".to_owned(), |error| error.to_string())
}

#[test]
fn a_modulus_is_odd_and_of_bounded_size() {
    let odd = |bytes: usize| {
        let mut n = vec![0xff; bytes];
        n[0] = 0x80;
        n
    };
    let mut even = odd(256);
    even[255] = 0;
    let mut short = odd(256);
    short[0] = 0x7f;
    let refused = [
        ("none", vec![], "found none, or one with a leading zero"),
        ("zero", vec![0], "found none, or one with a leading zero"),
        ("a leading zero", [&[0], odd(256).as_slice()].concat(), "found none, or one with a leading zero"),
        ("one", vec![1], "found one of 1 bits"),
        ("1024 bits", odd(128), "found one of 1024 bits"),
        ("2047 bits", short, "found one of 2047 bits"),
        ("even", even, "found an even one"),
        ("8200 bits", odd(1025), "found one of 8200 bits"),
    ];
    for (name, n, want) in refused {
        let want = format!("n: expected an odd RSA modulus of 2048 to 8192 bits, {want}");
        assert_eq!(error(RsaKey::new(&n, &[1, 0, 1])), want, "{name}");
    }
    for n in [odd(256), odd(257), odd(384), odd(512), odd(1024)] {
        assert!(RsaKey::new(&n, &[1, 0, 1]).is_ok(), "{} bytes", n.len());
    }
}

#[test]
fn an_exponent_is_odd_and_of_bounded_size() {
    let n = member(Algorithm::Rs256, "n");
    let refused = [
        ("none", vec![], "none, or one with a leading zero"),
        ("zero", vec![0], "none, or one with a leading zero"),
        ("a leading zero", vec![0, 1, 0, 1], "none, or one with a leading zero"),
        ("one: every message is its own signature", vec![1], "one of 1 bits"),
        ("two", vec![2], "an even one"),
        ("even", vec![1, 0, 2], "an even one"),
        ("33 bits", vec![1, 0, 0, 0, 1], "one of 33 bits"),
        ("as long as the modulus", n.clone(), "one of 2048 bits"),
    ];
    for (name, e, want) in refused {
        let want = format!("e: expected an odd RSA exponent of at least 3 and at most 32 bits, found {want}");
        assert_eq!(error(RsaKey::new(&n, &e)), want, "{name}");
    }
    for e in [vec![3], vec![17], vec![1, 0, 1], vec![0xff; 4]] {
        assert!(RsaKey::new(&n, &e).is_ok(), "{e:?}");
    }
}

#[test]
fn an_rsa_signature_is_a_number_below_the_modulus_and_as_long() {
    let n = member(Algorithm::Rs256, "n");
    let key = RsaKey::new(&n, &[1, 0, 1]).unwrap();
    let genuine = signature(Algorithm::Rs256);
    assert!(key.verifies(Algorithm::Rs256, SIGNING_INPUT, &genuine));
    let forged = [
        ("empty", vec![]),
        ("zero", vec![0; 256]),
        ("one", [vec![0; 255], vec![1]].concat()),
        ("the modulus", n.clone()),
        ("all ones", vec![0xff; 256]),
        ("a byte short", genuine[1..].to_vec()),
        ("a zero before", [&[0], genuine.as_slice()].concat()),
        ("a zero after", [genuine.as_slice(), &[0]].concat()),
        ("beyond the modulus", plus(&genuine, &n)),
        ("of PS256", signature(Algorithm::Ps256)),
    ];
    for (name, signature) in forged {
        for algorithm in Algorithm::ALL {
            let of_ps256 = name == "of PS256" && algorithm == Algorithm::Ps256;
            assert_eq!(key.verifies(algorithm, SIGNING_INPUT, &signature), of_ps256, "{name}, {algorithm}");
        }
    }
}

/// Made by pyca/cryptography: of 2049 bits, the first alone in its byte, and with another exponent than 65537.
#[test]
fn an_rsa_modulus_of_whole_bytes_and_a_bit_verifies() {
    const N: &str = "AdaIrwzOrUBU3NEgMmkShtBp6eMUielZHX5XLQRWkyQgpCmLfjCUTKlEmVbof34WJ8KOOTHsJx5XF3DZqyPN5gBMQpeZAWNLvbDH\
        YdCe3ytaLsSzjMENhErb3GZyA-rU0I34PjPPTnJMr-Fj56QnTGn_kV8mUEvy4kVtHUy4IhqQth3LwHNDrBPxaHRx4oyDX4qKy7wM\
        5WbyhCJjyMA-JUYjjpQro7D-copn9ojJKTIilIWj-Ft6qzKlPuhlvZKjbkPEWbisFLqJ9MABRX3y5gdo1NqCrWlnOwzrJE3RrgGl\
        QZe9p93GFUnoRqAncyhGprfv5Dd5rvhGDs3Wn0zjk3U";
    const PS256: &str = "AYLrOhFr8ZNKx-HDpymysslNNSP0jiqVOHid4YtdwZKsXVdhqPdHwSaNqwITmz0hXVlUu_QbPDwyuub_GtkbD9y_IUJis-ht2TFs\
        __2QA1uz4zOe19-tliAneImHNy6-oyEUOtEERYh-F4vXJMHvnMtc_Ay59S-6Qe4zPDXa9xu2ODsk7IbX4QCbyrfzOrWhR3398ukG\
        ZKRt-OnbDJMUg1H2ljity23zJm7H4Ro_hRPVB5OHEHOCAfK6ID6vxFTzNGcYtYR62o1hUORWKVKGdegP7jIYPf_yDg2TCXlvn2fM\
        hgi0c8ZLm_Hw7QUejCWm8tKtBzWyoucU9ml63RX6CLE";
    const SHORT_SALT: &str = "AGAxrMdrGw846FDSSy_aisweOZWIaFeBJCT5NDXtpE8XceLl12mPz6wkPlwO5uufEi55j5sQttFrINaRQPZhpDVdWXxNlIT13SMw\
        WnnS15cSMk8isHPcn4JnHZEdcqV3-wdgR_nqrp-OsB8eju3K5xvbA7kPcLWo-Y-CUVLo5aFy7FYdAmqO2HGnAEcyBWCIVYx8XOkW\
        bN54g_APC3_MqcKumZXwsxeUjhDNDTxmnbOd_iSm_WbbI3hD_tfH2T-2LgYjqBvti9NyxaL_EEhp7NNkQ3iv79j0yAXlZEZ3aRgU\
        ZlAmsn4M8-HzcEz2qh03qnclAnii2Z28zUsL26rerI4";
    const RS512: &str = "AHwsT2EJsJtnI1psa3aKmvY_4C33N9k7lVZEDaMr0uptuXv3Ffky0Jiu1U_Dh9U6br2xGUC5RacXsogjAmskn8eAW1BgemC2E__W\
        ShSAp4ytcLxgU-i5Fr1jqk-pdH9USNF3opXabPUTxU_2sqHdQNLbiwIXtf16u1aDta0Y0H7pgzm3vgu0A-EowJouGkoOnTuXoN3A\
        a-tT9kHYyUiAHiqsWO_0YQWM0gWbycp7vgs5kj7tcoPSIWTjVen7u5KGa8yKiBhsVlzKNIQvboQUG3podVYbcM8ajdMmFQW7FmBd\
        NDIaA4O3yHQWdEbBHQX8JpMX_jGT5UWuvhvwIpmbLto";
    let [n, ps256, short_salt, rs512] = [N, PS256, SHORT_SALT, RS512].map(|text| base64url::decode(text).unwrap());
    let key = RsaKey::new(&n, &[3]).unwrap();
    assert!(key.verifies(Algorithm::Ps256, SIGNING_INPUT, &ps256));
    assert!(key.verifies(Algorithm::Rs512, SIGNING_INPUT, &rs512));
    assert!(!key.verifies(Algorithm::Ps256, SIGNING_INPUT, &short_salt), "a salt of 31 bytes");
    assert!(!key.verifies(Algorithm::Rs256, SIGNING_INPUT, &rs512), "another hash");
    let other_exponent = RsaKey::new(&n, &[1, 0, 1]).unwrap();
    assert!(!other_exponent.verifies(Algorithm::Ps256, SIGNING_INPUT, &ps256));
}

/// The sum of two numbers of the same length.
fn plus(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let mut sum: Vec<u8> = Vec::new();
    for (a, b) in a.iter().zip(b).rev() {
        let digit = u16::from(*a) + u16::from(*b) + carry;
        sum.insert(0, digit.to_le_bytes()[0]);
        carry = digit >> 8;
    }
    if carry > 0 {
        sum.insert(0, 1);
    }
    sum
}

#[test]
fn a_point_of_p256_has_two_coordinates_of_full_size() {
    let [x, y] = ["x", "y"].map(|name| member(Algorithm::Es256, name));
    assert!(EcdsaKey::new(&x, &y).is_ok());
    let cases = [
        ("short x", x[1..].to_vec(), y.clone(), "x: expected a coordinate of 32 bytes, found 31 bytes"),
        ("long y", x.clone(), [&[0], &*y].concat(), "y: expected a coordinate of 32 bytes, found 33 bytes"),
        ("empty", vec![], vec![], "x: expected a coordinate of 32 bytes, found 0 bytes"),
        ("zero", vec![0; 32], vec![0; 32], OFF_CURVE),
        ("swapped", y.clone(), x.clone(), OFF_CURVE),
        ("beyond the field", vec![0xff; 32], y.clone(), OFF_CURVE),
    ];
    for (name, x, y, want) in cases {
        assert_eq!(error(EcdsaKey::new(&x, &y)), want, "{name}");
    }
}

const OFF_CURVE: &str = "x: expected a point on P-256 (`x` and `y`), found another one";
/// The order of P-256 (SEC 2 section 2.4.2).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7,
    0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

#[test]
fn an_ecdsa_signature_is_two_numbers_between_zero_and_the_order() {
    let [x, y] = ["x", "y"].map(|name| member(Algorithm::Es256, name));
    let key = EcdsaKey::new(&x, &y).unwrap();
    let genuine = signature(Algorithm::Es256);
    let (r, s) = genuine.split_at(32);
    assert!(key.verifies(SIGNING_INPUT, &genuine));
    // Either s signs (RFC 7515 asks for no canonical one), which is why revocation does not go by whole tokens.
    assert!(key.verifies(SIGNING_INPUT, &[r, &minus(&ORDER, s)].concat()));
    let forged = [
        ("empty", vec![]),
        ("both zero", vec![0; 64]),
        ("r zero", [&[0; 32], s].concat()),
        ("s zero", [r, &[0; 32]].concat()),
        ("both the order", [ORDER, ORDER].concat()),
        ("r and the order", [ORDER.as_slice(), s].concat()),
        ("the order and s", [r, ORDER.as_slice()].concat()),
        ("all ones", vec![0xff; 64]),
        ("swapped", [s, r].concat()),
        ("a byte short", genuine[..63].to_vec()),
        ("a byte more", [&*genuine, &[0]].concat()),
        ("a zero before each", [&[0], r, &[0], s].concat()),
        ("DER", [&[0x30, 68, 2, 32], r, &[2, 32], s].concat()),
    ];
    for (name, signature) in forged {
        assert!(!key.verifies(SIGNING_INPUT, &signature), "{name}");
    }
    assert!(!key.verifies(b"header.payloae", &genuine));
}

/// The difference of two numbers of the same length.
fn minus(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut difference: Vec<u8> = Vec::new();
    for (a, b) in a.iter().zip(b).rev() {
        let digit = i16::from(*a) - i16::from(*b) - borrow;
        borrow = i16::from(digit < 0);
        difference.insert(0, digit.to_le_bytes()[0]);
    }
    difference
}

/// `y` as it is encoded: little-endian, the sign of `x` in the highest bit.
fn encoded(y: u8, sign: bool) -> [u8; 32] {
    let mut point = [0; 32];
    point[0] = y;
    point[31] = u8::from(sign) << 7;
    point
}

/// The field's prime and a little more: other encodings of `more` (RFC 8032 section 5.1.3).
fn prime_plus(more: u8, sign: bool) -> [u8; 32] {
    let mut point = [0xff; 32];
    point[0] = 0xed + more;
    point[31] = 0x7f | u8::from(sign) << 7;
    point
}

#[test]
fn a_point_of_ed25519_has_one_encoding_and_a_large_order() {
    let x = member(Algorithm::EdDsa, "x");
    assert!(EddsaKey::new(&x).is_ok());
    let order_8 = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ];
    let small = "one of small order";
    let other = "another encoding of one";
    let cases = [
        ("order 1", encoded(1, false).to_vec(), small),
        ("order 4", encoded(0, false).to_vec(), small),
        ("order 4, negative", encoded(0, true).to_vec(), small),
        ("order 8", order_8.to_vec(), small),
        ("x is zero and negative", encoded(1, true).to_vec(), other),
        ("y = p", prime_plus(0, false).to_vec(), other),
        ("y = p + 1", prime_plus(1, false).to_vec(), other),
        ("y = p + 3", prime_plus(3, false).to_vec(), other),
        ("no point", encoded(2, false).to_vec(), "none"),
    ];
    for (name, x, want) in cases {
        assert_eq!(error(EddsaKey::new(&x)), format!("x: expected a point on edwards25519, found {want}"), "{name}");
    }
    for length in [0, 1, 31, 33, 64] {
        let want = format!("x: expected a point of 32 bytes, found {length} bytes");
        assert_eq!(error(EddsaKey::new(&vec![1; length])), want);
    }
}

/// The order of the base point (RFC 8032 section 5.1), little-endian.
const L: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

#[test]
fn an_ed25519_signature_has_one_form() {
    let key = EddsaKey::new(&member(Algorithm::EdDsa, "x")).unwrap();
    let genuine = signature(Algorithm::EdDsa);
    let (r, s) = genuine.split_at(32);
    assert!(key.verifies(SIGNING_INPUT, &genuine));
    let reversed = |bytes: &[u8]| bytes.iter().rev().copied().collect::<Vec<u8>>();
    let forged = [
        ("empty", vec![]),
        ("zero", vec![0; 64]),
        ("s + L", [r, &reversed(&plus(&reversed(s), &reversed(&L)))].concat()),
        ("R of small order", [&encoded(1, false), s].concat()),
        ("R that is no point", [&encoded(2, false), s].concat()),
        ("all ones", vec![0xff; 64]),
        ("a byte short", genuine[..63].to_vec()),
        ("a byte more", [&*genuine, &[0]].concat()),
    ];
    for (name, signature) in forged {
        assert!(!key.verifies(SIGNING_INPUT, &signature), "{name}");
    }
    assert!(!key.verifies(b"header.payloae", &genuine));
}

#[test]
fn a_secret_is_as_long_as_the_hash() {
    let cases: [(usize, &[Algorithm]); 5] = [
        (32, &[Algorithm::Hs256]),
        (47, &[Algorithm::Hs256]),
        (48, &[Algorithm::Hs256, Algorithm::Hs384]),
        (64, &[Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512]),
        (1000, &[Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512]),
    ];
    for (length, want) in cases {
        let key = HmacKey::new(&vec![7; length]).unwrap();
        let fitting: Vec<_> = Algorithm::ALL.into_iter().filter(|algorithm| key.fits(*algorithm)).collect();
        assert_eq!(fitting, want, "{length} bytes");
    }
    assert_eq!(error(HmacKey::new(&[7; 31])), "k: expected a secret of at least 32 bytes, found 31 bytes");
}

#[test]
fn a_hash_that_was_cut_is_no_signature() {
    let key = HmacKey::new(&member(Algorithm::Hs256, "k")).unwrap();
    for algorithm in [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512] {
        let genuine = signature(algorithm);
        assert!(key.verifies(algorithm, SIGNING_INPUT, &genuine));
        for length in 0..genuine.len() {
            assert!(!key.verifies(algorithm, SIGNING_INPUT, &genuine[..length]), "{algorithm}, {length} bytes");
        }
        assert!(!key.verifies(algorithm, SIGNING_INPUT, &[genuine.as_slice(), &[0]].concat()), "{algorithm}");
    }
}
