use super::{Grpc, grpc_message, grpc_status};
use proptest::prelude::*;

#[test]
fn dialects_by_content_type() {
    let cases: [(&[u8], Grpc); 23] = [
        (b"application/grpc", Grpc::Native),
        (b"application/grpc+proto", Grpc::Native),
        (b"application/grpc+json", Grpc::Native),
        (b"Application/GRPC", Grpc::Native),
        (b"application/grpc; charset=utf-8", Grpc::Native),
        (b"application/grpc+proto ;v=1", Grpc::Native),
        (b" application/grpc ", Grpc::Native),
        (b"application/grpc-web", Grpc::Web),
        (b"application/grpc-web+proto", Grpc::Web),
        (b"application/grpc-web-text", Grpc::Web),
        (b"application/grpc-web-text+proto", Grpc::Web),
        (b"APPLICATION/GRPC-WEB-TEXT; x=y", Grpc::Web),
        (b"application/grpcx", Grpc::No),
        (b"application/grpc-other", Grpc::No),
        (b"application/grpc-web-", Grpc::No),
        (b"application/json", Grpc::No),
        (b"application/json; a=application/grpc", Grpc::No),
        (b"xapplication/grpc", Grpc::No),
        (b"application/grp", Grpc::No),
        (b"", Grpc::No),
        (b";", Grpc::No),
        (b"+", Grpc::No),
        (b"\xff\xfe", Grpc::No),
    ];
    for (value, want) in cases {
        assert_eq!(Grpc::of_content_type(value), want, "{}", value.escape_ascii());
    }
}

#[test]
fn statuses() {
    let cases = [
        (400, 3),
        (401, 16),
        (403, 7),
        (404, 5),
        (413, 8),
        (429, 8),
        (503, 14),
        (504, 4),
        // By the mapping of gRPC clients.
        (431, 13),
        (502, 14),
        (200, 2),
        (302, 2),
        (405, 2),
        (500, 2),
        (501, 2),
    ];
    for (http, want) in cases {
        assert_eq!(grpc_status(http), want, "{http}");
    }
}

#[test]
fn messages() {
    let cases = [
        ("", ""),
        ("Too many requests.", "Too many requests."),
        ("100% sure ~", "100%25 sure ~"),
        ("a\r\nb\0\x7f", "a%0D%0Ab%00%7F"),
        ("Zürich ☃", "Z%C3%BCrich %E2%98%83"),
        ("%41", "%2541"),
    ];
    for (message, want) in cases {
        assert_eq!(grpc_message(message), want, "{message:?}");
    }
}

proptest! {
    #[test]
    fn a_message_is_printable_and_comes_back(message: String) {
        let encoded = grpc_message(&message);
        prop_assert!(encoded.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        let mut decoded = Vec::new();
        let mut rest = encoded.as_bytes();
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            if byte == b'%' {
                let (digits, after) = rest.split_at(2);
                let digits = std::str::from_utf8(digits).unwrap();
                prop_assert_eq!(digits.to_uppercase(), digits);
                decoded.push(u8::from_str_radix(digits, 16).unwrap());
                rest = after;
            } else {
                decoded.push(byte);
            }
        }
        prop_assert_eq!(decoded, message.into_bytes());
    }

    #[test]
    fn any_content_type_is_judged(value: Vec<u8>) {
        let _ = Grpc::of_content_type(&value);
    }
}
