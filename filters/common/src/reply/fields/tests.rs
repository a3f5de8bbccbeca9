use super::{is_field_name, is_field_value, may_set};

#[test]
fn names() {
    let cases: [(&[u8], bool, bool); 14] = [
        (b"x-consumer-id", true, true),
        (b"x_y.z~!#$%&'*+^`|0", true, true),
        (b"set-cookie", true, true),
        (b"", false, false),
        (b"X-Upper", false, false),
        (b":status", false, false),
        (b"with space", false, false),
        (b"x\r\ny", false, false),
        (b"x\0", false, false),
        (b"\xc3\xa4", false, false),
        (b"x:y", false, false),
        (b"content-length", true, false),
        (b"transfer-encoding", true, false),
        (b"connection", true, false),
    ];
    for (name, is_name, settable) in cases {
        assert_eq!(is_field_name(name), is_name, "{}", name.escape_ascii());
        assert_eq!(may_set(name), settable, "{}", name.escape_ascii());
    }
}

#[test]
fn values() {
    let cases: [(&[u8], bool); 9] = [
        (b"", true),
        (b"plain", true),
        (b"tab\tand \xff\x80 other bytes", true),
        (b"a\r\nx: y", false),
        (b"a\r", false),
        (b"a\n", false),
        (b"a\0", false),
        (b"a\x1b[31m", false),
        (b"a\x7f", false),
    ];
    for (value, want) in cases {
        assert_eq!(is_field_value(value), want, "{}", value.escape_ascii());
    }
}
