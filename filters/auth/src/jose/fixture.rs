//! Keys and signatures for tests, made by pyca/cryptography for them alone.

use serde_json::{Value, json};
use sluicegate_common::config::Object;

use super::{Algorithm, base64url};

/// What all signatures here are over.
pub const SIGNING_INPUT: &[u8] = b"header.payload";

const N: &str = "7ZTetCmIZD89Zixbf9QqeDbuOjisB3FLTi2UFlzL48t5waCTAJOoJMHavgeJuNhHg-ZDCSjnjIBJa39ky4d3YwmzHkM4w2h3Zy0i\
    AoALoq_65KiGoMAF5R91TnTekrJXA9RQuq8A42nnNiNmYgg3iRM_DB6asXPT8F5J95K_801QS17dn1SXtJmzgp7dBXiQ--4XFB1A\
    NfYiIib4CgnY_RhvSM5bZ2fYMfHcZLZLnY_N8nLEZmxxQM2Dnqr02uEmcDb83sU1bEZqh21xp0bG4T3RZzRt-CD52rFLfMazPdHo\
    QvIzRx8urcGlvqYxbyOK8qjT8EF6Nllu3VXfCRG2TQ";

/// The key that verifies an algorithm's signature, without a word on its use.
pub fn jwk(algorithm: Algorithm) -> Object {
    object(match algorithm {
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
            json!({"kty": "oct", "k": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0-Pw"})
        }
        Algorithm::Es256 => json!({
            "kty": "EC",
            "crv": "P-256",
            "x": "ib4T8sPHQvVIDKiAB0ESjhjcSRXEU71IIa4ggLvUDQQ",
            "y": "luhllsV8mrpACWTawcHBFniThIdT-75Drj01aXlmISQ",
        }),
        Algorithm::EdDsa => json!({"kty": "OKP", "crv": "Ed25519", "x": "rtKey4VNrpRJYtZGExNfzeafgPlKwt2ZeGWJKBZFSvA"}),
        _ => json!({"kty": "RSA", "n": N, "e": "AQAB"}),
    })
}

/// The same with other members; `null` takes one away.
pub fn jwk_with(algorithm: Algorithm, members: Value) -> Object {
    let mut jwk = jwk(algorithm);
    for (name, value) in object(members) {
        match value {
            Value::Null => jwk.remove(&name),
            value => jwk.insert(name, value),
        };
    }
    jwk
}

pub fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("{other}"),
    }
}

/// Its signature over [`SIGNING_INPUT`].
pub fn signature(algorithm: Algorithm) -> Vec<u8> {
    let text = match algorithm {
        Algorithm::Rs256 => {
            "0vFbXmdsF33rah7dfU1HLij1fi38IWmPE27A7w7y5pmC62P70V5Fv02iGstA9MK3gvOBSpP_82kZOMk3YlPD4s_LDYi28n0Fjj-7\
             nemlHcBD2OTcdVrwl_8ZkX2-BaW9DTQ2cyxYrxYLjRq0iVOOaN4raEChEGQDOx2vKxJ9peo3xZ_qEHcIC_TneedGpALQT4OUo7_Q\
             98QQ_oRyGkNeHy_swPJAcEM4rbwJtjxUWkmGA1Bd9FcnGf4MSsQVhpzSjEJJqSv0v3CdMOdugBuVfslE_-854Zax4nntW6aipedc\
             iLs82xMYbphUk3_fHXzjdeIExhDdRulW-iuBbiuH2Q"
        }
        Algorithm::Rs384 => {
            "35maW6RsULj22RmQLmFfRjXS5hx_BvePdTLVksV2FqS1gZ6f2boCruTO1z6TaTuCxXUWlWaMyqTI9P9guHkES5A9Z3-gqD6OEcjF\
             iusZeLhfo-VF9pv8FN7d3Kjl2BkMwmVIabgxYWqFk9MwAzBV28nYDGAu4MhhPExi2rIn8RJDkMmC7XmTgRSgczwFFfFL9Kjq-kj-\
             O2D7CxkGlrEmNlAverzCj2WHT1Z4odKOvL1ztXBCV66bkeSHzZA88K6xzps6_SbrjzFQBZceBqmu_nge-k5WuMq6qo4ezW5ILXCj\
             dsaQdZsd22pToQlXDU_C2wHNAbctXL5p9pT9RXfNbQ"
        }
        Algorithm::Rs512 => {
            "GVJczUpOqwwe3LR6czn4ULpaFcV0TcGDf0tzZmyB9eI91pzLLfApiMzqJcq8dzd68b-jdcHLqdgUy1V8tzLoeEyo2_0Ohiv_2c8-\
             gIFWYDThExtJgvJulkR01bFe7EJlRdsmpusGW0Hgkm18Cj773sAtzSr-PMhv2cJceJXoJUB_Smz5M9CHRd_2h4VyKGtyXYYPzyym\
             4Xm6J-glQmjctzAHkmePjZ_e9FpgRnp5zoW_54rMuxIlnFXtFR8lUoWBLJGWcL8r0TA-tucG1jW9ToIYruFM8XKMnTfRFZ71Up1J\
             wJTTkxYkupCW0Jy3m-5qqjqNTwAKnuKPyMP8BPibDw"
        }
        Algorithm::Ps256 => {
            "rFNWJ4MY1lg31JvccEeNAXRiOfok5salS-X0bTQZRnnp68ZWM38OYP-hSiizAZL5Kzj7Mna3FyCvRdAC74f6UMIGUFQ5tyhkXcDh\
             3z7XZcCuaWYQCWCa0MAGmWvf8mh3aCyNIYUR8ay8DZbsha3M-CH3vFq0ncuw6WH6Joh-FKe8ofBY6vg8PlEEiN2dIYNeyf_pFscr\
             gAzCJA8yUX3BiPRU5q-4PjSaR4eil1p4rsB0zCM9ro0NeFglnUOmF6q4_aMxhmLyFAiT56ls4w77hwJvKjlpKNjMD22PLmoI7JHi\
             NOvzFf7A9_O8tz0o-8RJl6I27HfIk8cLn5G4nZZZGA"
        }
        Algorithm::Ps384 => {
            "E6_FmuiKODbl5NXesuUekD88SWNjc8WK5psyWZJ-nUPIHZMO8-HYP7Kh9GpFZoGhoebd2_WfVHuudlE9A-SqZ8tf2PaR_gsA0ke0\
             GwcfNrF9nYmDqJ0xVBz6IJnDGoI2l3fJBzaiMh1AVRA7eDsAjyNRzFIVSpXzy1ClQnK0n84-cZSOFjmihlRWI20u5ufd22qWmZ4c\
             M-NQwoPNeUthhf2POtY9AfhhP8y6AG90GPK-dUweii4xg2rDvwZSNbzWqp8VB3ew8Uzgd_lA3DZZXDbjn5_VVSmPqLZZZ9GmM8T6\
             oDkCw-mYP6Z5hmJ_RqvZR7fukqQ9VqbKYugDRPY0TQ"
        }
        Algorithm::Ps512 => {
            "kHzwUzkz8MtKflb0m41qwBeAXqmT6LcVteE9dRRg_kShJXdIAWv_cNOsplcBPXVpx4UIkJRmna1wMyfeHwnMA5IPEl_xhBdiquHA\
             Ki4K5nWwsf2536WVh-eayomgmd5e52GG0geTxx0YqQJ_W8wvAt_HZnj0nxFBznNFmHQk035SeGHnyQfG6Ltk_2heXFVqPXgumVKB\
             eh3TGJQdp3uRqI-bgpNnD_KK-J2vXcs4jPVD0TlwSl7Y-xLyQjuCIFW7P7AXty8StfznfYRTp5q0fYngcvwYqkY_swheyKPE_n-i\
             X8K5SkNkoEryqlq8zwkejwTlFLqcYHVNrWwUqQG7Rw"
        }
        Algorithm::Es256 => "w7k-OBp_nmALaDLFjynNgPmj8rMK4DxVlID_WBJVy73OFYBQ1x-3-Px5hZoDs-jLYV_mgIVVP4N9ZGmSYYZyDg",
        Algorithm::EdDsa => "A9IIBBfN6LucIOltIWQlX9EtXPXlhXjU_ars2LmSUr1YbqFM0g83Qk2MvFXTQ3LuQQTZYepS_C4otZnb_vEkDA",
        Algorithm::Hs256 => "64EHxKB9mpj3Cawl2WidrEkeX29oH6mmm6Wo0GrWfXc",
        Algorithm::Hs384 => "CukCSNBWzNsuXCgWy1SL60vvDiy2QxeWsNFMqD6nGE-rwD_WP0nSG9VIN6E1QdTM",
        Algorithm::Hs512 => "beRc5Xcb7NWMf6r-nuIhTxToO0gV_yaZ0iP24UTkV3_S-g6DY-LbzuT4OD5b0RWlp-1ONrOK7pNa_TFgTWlCtA",
    };
    base64url::decode(text).unwrap()
}

/// PS256 with a salt of 20 bytes instead of 32.
pub fn signature_with_short_salt() -> Vec<u8> {
    let text = "gYiiwRQyi4LGoqKnblwOJNAFch2XV3wvTx-ZnwTCuMVcSTjyvsTogR3kDwV9wYP4FRTZLg5VYEq0IyGD2tiy7nqs_-4EdJlSOrAQ\
        oA_jDpjKVbaMi7ziL1NTZc9r7CYT3VrJ1U0g5dQ5gltwnUQnOCKCUl2z-HIKv1xGhGBPvKc_FSPxK3jhrkUKQWw3_t7CuYcJyU8C\
        IDFMWqehRCJKscsCP93twC42S1Hml_O54ll5n5m9lnOc8hM6bGEAFfAX59hzTRSGWG_KX4lbc4JayKoM4E2l649KN7o4vKRaySuh\
        7Oesb2a3vHDvP_lID6KqqU1UNGgsqd4CxBV3xaEgpg";
    base64url::decode(text).unwrap()
}

/// The RSA key of [`jwk`].
pub const PEM_RSA: &str = "\
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA7ZTetCmIZD89Zixbf9Qq
eDbuOjisB3FLTi2UFlzL48t5waCTAJOoJMHavgeJuNhHg+ZDCSjnjIBJa39ky4d3
YwmzHkM4w2h3Zy0iAoALoq/65KiGoMAF5R91TnTekrJXA9RQuq8A42nnNiNmYgg3
iRM/DB6asXPT8F5J95K/801QS17dn1SXtJmzgp7dBXiQ++4XFB1ANfYiIib4CgnY
/RhvSM5bZ2fYMfHcZLZLnY/N8nLEZmxxQM2Dnqr02uEmcDb83sU1bEZqh21xp0bG
4T3RZzRt+CD52rFLfMazPdHoQvIzRx8urcGlvqYxbyOK8qjT8EF6Nllu3VXfCRG2
TQIDAQAB
-----END PUBLIC KEY-----
";

/// The same as PKCS #1 has it.
pub const PEM_RSA_PKCS1: &str = "\
-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEA7ZTetCmIZD89Zixbf9QqeDbuOjisB3FLTi2UFlzL48t5waCTAJOo
JMHavgeJuNhHg+ZDCSjnjIBJa39ky4d3YwmzHkM4w2h3Zy0iAoALoq/65KiGoMAF
5R91TnTekrJXA9RQuq8A42nnNiNmYgg3iRM/DB6asXPT8F5J95K/801QS17dn1SX
tJmzgp7dBXiQ++4XFB1ANfYiIib4CgnY/RhvSM5bZ2fYMfHcZLZLnY/N8nLEZmxx
QM2Dnqr02uEmcDb83sU1bEZqh21xp0bG4T3RZzRt+CD52rFLfMazPdHoQvIzRx8u
rcGlvqYxbyOK8qjT8EF6Nllu3VXfCRG2TQIDAQAB
-----END RSA PUBLIC KEY-----
";

/// The EC key of [`jwk`].
pub const PEM_P256: &str = "\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEib4T8sPHQvVIDKiAB0ESjhjcSRXE
U71IIa4ggLvUDQSW6GWWxXyaukAJZNrBwcEWeJOEh1P7vkOuPTVpeWYhJA==
-----END PUBLIC KEY-----
";

/// The OKP key of [`jwk`].
pub const PEM_ED25519: &str = "\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEArtKey4VNrpRJYtZGExNfzeafgPlKwt2ZeGWJKBZFSvA=
-----END PUBLIC KEY-----
";

/// On a curve that is not offered.
pub const PEM_P384: &str = "\
-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAET6z2zJeqRJVaj8pBb7opRGCOCPRqrHnd
oANWNjJuD+OteRTmdbsQnEeo9XGFniA8qXmH4MhBNQ3FRKXPP7gogXaAIPNkTq2v
FIb4XwvWynpFB29lfnT5wZyPEmwb9VjL
-----END PUBLIC KEY-----
";

/// Too weak.
pub const PEM_RSA_1024: &str = "\
-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDAVu2nJpVkV7MTacS8MAAMGUHP
KUpKKl1u42lkq7wBwRZG/eD/ixJ+8QDvCnPCP5dnn6vy5juCS9fumw6CAT0Qa7br
tk/PdBz8No9l0HCvtmkH5aZKfveQwu/OWKV73Z32qXmiVcY1+TBG9GVpp7rUfnlp
E2qzNY6ojj3MBxg1OwIDAQAB
-----END PUBLIC KEY-----
";

/// A private key.
pub const PEM_PRIVATE: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgfDyPAjoAlm+wqhOS
PYPJg+zM3LEq89hU/mKt83eLmPahRANCAATnwjQVNg2CGDb51V8eKrTD1mtGaoqH
MaLJ6hTsTDDl27P9uRgZQ+VuInIpSgwDthxttSsMW1RCHEZpe5yBA/bj
-----END PRIVATE KEY-----
";

/// On another curve.
pub const PEM_ED448: &str = "\
-----BEGIN PUBLIC KEY-----
MEMwBQYDK2VxAzoABvInraDDraGMx2H+0V1lca7Wq5ZHiGJQOPvF4QiqxvgZao29
esHbTR48wp10hj6Q0y4s5fQLV1oA
-----END PUBLIC KEY-----
";
