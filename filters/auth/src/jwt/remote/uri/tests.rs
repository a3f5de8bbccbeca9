use super::*;

#[test]
fn a_uri_is_taken_apart() {
    for (text, scheme, authority, path) in [
        ("https://idp.example/jwks.json", "https", "idp.example", "/jwks.json"),
        ("HTTPS://IdP.example", "https", "IdP.example", "/"),
        ("http://idp:8080/realms/a%20b/certs?x=1&y=/", "http", "idp:8080", "/realms/a%20b/certs?x=1&y=/"),
        ("https://idp.example?p=B2C_1", "https", "idp.example", "/?p=B2C_1"),
        ("https://[::1]:8443/k", "https", "[::1]:8443", "/k"),
        ("https://[2001:db8::1]/k", "https", "[2001:db8::1]", "/k"),
        ("https://10.0.0.1/k@2", "https", "10.0.0.1", "/k@2"),
    ] {
        let want = Uri { scheme, authority: Authority(authority.to_owned()), path: path.to_owned() };
        assert_eq!(Uri::parse(text), Some(want), "{text}");
    }
}

#[test]
fn what_is_none_is_refused() {
    let long = format!("https://idp.example/{}", "a".repeat(2048));
    for text in [
        "",
        "idp.example/jwks.json",
        "/jwks.json",
        "//idp.example/k",
        "ftp://idp.example/k",
        "https:idp.example/k",
        "https://",
        "https:///k",
        "https://?k",
        "https://me:secret@idp.example/k",
        "https://me@idp.example/k",
        "https://idp.example/k#a",
        "https://idp.example#",
        "https://idp.example/a b",
        "https://idp.example/\u{e4}",
        "https://idp.example/\r\nx: y",
        "https://idp.example:/k",
        "https://idp.example:0/k",
        "https://idp.example:65536/k",
        "https://idp.example:+80/k",
        "https://idp.example:80:80/k",
        "https://[::1/k",
        "https://[::g]/k",
        "https://idp\\.example/k",
        "https://idp,example/k",
        &long,
    ] {
        assert_eq!(Uri::parse(text), None, "{text}");
    }
}

#[test]
fn an_error_shows_no_password() {
    assert_eq!(Uri::found("https://me:secret@idp.example/k"), "one with \"@\"");
    assert_eq!(Uri::found("idp.example"), "\"idp.example\"");
}
