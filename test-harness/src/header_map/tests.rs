use super::{HeaderMap, MapKind};

fn map(kind: MapKind, pairs: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new(kind);
    for (name, value) in pairs {
        map.add(name.as_bytes(), value.as_bytes());
    }
    map
}

fn lines(map: &HeaderMap) -> Vec<String> {
    map.pairs()
        .iter()
        .map(|(name, value)| format!("{}={}", String::from_utf8_lossy(name), String::from_utf8_lossy(value)))
        .collect()
}

#[test]
fn repeated_request_fields_are_joined_or_kept_as_envoy_does() {
    for name in [
        "authorization",
        "origin",
        "content-type",
        "user-agent",
        "accept",
        "accept-encoding",
        "access-control-request-method",
        "access-control-request-headers",
        "cache-control",
        "x-forwarded-for",
        "x-forwarded-host",
        "via",
        "referer",
        "if-none-match",
        "grpc-timeout",
        "expect",
    ] {
        assert_eq!(lines(&map(MapKind::Request, &[(name, "a"), (name, "b")])), [format!("{name}=a,b")]);
    }
    for name in ["x-api-key", "cookie", "traceparent", "x-consumer-id", "x-correlation-id"] {
        assert_eq!(
            lines(&map(MapKind::Request, &[(name, "a"), (name, "b")])),
            [format!("{name}=a"), format!("{name}=b")]
        );
    }
}

#[test]
fn empty_values_leave_no_comma_behind() {
    for (values, joined) in
        [(["", "a"], "origin=a"), (["a", ""], "origin=a"), (["", ""], "origin="), (["a", ",b"], "origin=a,,b")]
    {
        assert_eq!(lines(&map(MapKind::Request, &values.map(|value| ("origin", value)))), [joined]);
    }
}

#[test]
fn blanks_around_a_received_value_are_no_part_of_it() {
    let mut headers = HeaderMap::new(MapKind::Request);
    headers.receive(b"x-a", b" \tone two\xff\t ");
    assert_eq!(headers.get(b"x-a"), Some(&b"one two\xff"[..]));
}

#[test]
fn host_is_another_name_of_authority() {
    let mut headers = map(MapKind::Request, &[("x-a", "1"), ("Host", "one.example")]);
    assert_eq!(lines(&headers), [":authority=one.example", "x-a=1"]);
    assert_eq!(headers.get(b"host"), Some(&b"one.example"[..]));
    headers.set(b"HOST", b"two.example");
    assert_eq!(headers.get(b":authority"), Some(&b"two.example"[..]));
    headers.remove(b"host");
    assert_eq!(lines(&headers), ["x-a=1"]);
}

#[test]
fn get_is_the_first_value_and_set_collapses_in_place() {
    let mut headers = map(MapKind::Request, &[("x-a", "1"), ("x-b", "2"), ("X-A", "3"), ("x-c", "4"), ("x-a", "5")]);
    assert_eq!(headers.get(b"x-a"), Some(&b"1"[..]));
    assert_eq!(headers.get_joined(b"x-a").as_deref(), Some(&b"1,3,5"[..]));
    headers.set(b"x-a", b"9");
    assert_eq!(lines(&headers), ["x-a=9", "x-b=2", "x-c=4"]);
    headers.replace(b"x-a", b"8");
    assert_eq!(lines(&headers), ["x-b=2", "x-c=4", "x-a=8"], "a guest's replacement goes to the end");
}

#[test]
fn control_bytes_in_values_and_odd_names_are_invalid() {
    let words = |map: &HeaderMap| map.invalid_field().map(|field| field.to_string());
    for bad in ["a\rb", "a\nb", "a\0b", "a\u{1}b", "a\u{7f}b"] {
        let map = map(MapKind::Response, &[("x-ok", "1"), ("x-bad", bad)]);
        assert_eq!(words(&map).as_deref(), Some("invalid header value for: x-bad"));
    }
    assert_eq!(words(&map(MapKind::Request, &[("x a", "1")])).as_deref(), Some("invalid header name: x a"));
    let fine = [(":path", "/"), ("x-tab", "a\tb"), ("x-high", "\u{ff}"), ("x_under", "")];
    assert_eq!(words(&map(MapKind::Request, &fine)), None);
}
