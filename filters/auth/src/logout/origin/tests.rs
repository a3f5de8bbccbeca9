use super::*;

#[test]
fn origins_are_written_as_browsers_write_them() {
    let cases = [
        ("https://app.example.com", Some("https://app.example.com")),
        ("HTTPS://App.Example.com", Some("https://app.example.com")),
        ("https://app.example.com:443", Some("https://app.example.com")),
        ("https://app.example.com:80", Some("https://app.example.com:80")),
        ("http://localhost:3000", Some("http://localhost:3000")),
        ("http://localhost:80", Some("http://localhost")),
        ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080")),
        ("http://[0:0::1]:8080", Some("http://[::1]:8080")),
        ("http://[::1]", Some("http://[::1]")),
        ("https://my_host-1", Some("https://my_host-1")),
        ("null", None),
        ("*", None),
        ("https://*", None),
        ("app.example.com", None),
        ("https://", None),
        ("https://app..example.com", None),
        ("https://app.example.com.", None),
        ("https://app.example.com/", None),
        ("https://app.example.com?", None),
        ("https://app.example.com#", None),
        ("https://me@app.example.com", None),
        ("https://app.example.com,https://evil.example", None),
        ("https://app.example.com:", None),
        ("https://app.example.com:65536", None),
        ("https://app.example.com:+80", None),
        ("https://[::1", None),
        ("https://::1", None),
        ("https://[app]", None),
        ("https://caf\u{e9}.example", None),
        ("ftp://app.example.com", None),
        ("chrome-extension://abcdef", None),
    ];
    for (text, want) in cases {
        assert_eq!(Origin::parse(text).as_ref().map(Origin::as_str), want, "{text}");
    }
}
