use proptest::prelude::*;

use super::*;

struct Case {
    name: &'static str,
    given: &'static str,
    want: Result<&'static str, &'static str>,
}

#[test]
fn an_origin_of_the_config_becomes_what_a_browser_sends() {
    let case = |name, given, want| Case { name, given, want };
    let cases = [
        case("as it is", "https://app.example.com", Ok("https://app.example.com")),
        case("upper case", "HTTPS://App.Example.COM:8443", Ok("https://app.example.com:8443")),
        case("default port of https", "https://a.example:443", Ok("https://a.example")),
        case("default port of http", "http://a.example:80", Ok("http://a.example")),
        case("the other one's default port", "http://a.example:443", Ok("http://a.example:443")),
        case("one label", "http://localhost:3000", Ok("http://localhost:3000")),
        case("punycode", "https://xn--bcher-kva.example", Ok("https://xn--bcher-kva.example")),
        case("underscore", "https://my_app.example", Ok("https://my_app.example")),
        case("IPv4", "http://127.0.0.1:8080", Ok("http://127.0.0.1:8080")),
        case("IPv6", "http://[::1]", Ok("http://[::1]")),
        case("IPv6 with port", "http://[0:0:0:0:0:0:0:1]:80", Ok("http://[::1]")),
        case("IPv4 in IPv6", "http://[::ffff:1.2.3.4]:1", Ok("http://[::ffff:102:304]:1")),
        case(
            "extension",
            "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
            Ok("chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb"),
        ),
        case("an opaque host keeps its case", "safari-web-extension://0A1B-C2", Ok("safari-web-extension://0A1B-C2")),
        case("an app", "capacitor://localhost", Ok("capacitor://localhost")),
        case("other schemes have no default port", "ionic://localhost:80", Ok("ionic://localhost:80")),
        case("empty", "", Err("no scheme")),
        case("a host alone", "app.example.com", Err("no scheme")),
        case("no scheme before ://", "://app.example.com", Err("no scheme")),
        case("odd scheme", "1http://app.example.com", Err("no scheme")),
        case("null", "null", Err("\"allow_null_origin\" allows that one")),
        case("trailing slash", "https://a.example/", Err("an origin ends before the path, without a slash")),
        case("path", "https://a.example/x", Err("an origin ends before the path, without a slash")),
        case("query", "https://a.example?x", Err("an origin has no query and no fragment")),
        case("fragment", "https://a.example#x", Err("an origin has no query and no fragment")),
        case("user", "https://u@a.example", Err("an origin has no user")),
        case("wildcard", "https://*.example", Err("wildcards belong in \"allow_origin_patterns\"")),
        case("two in one", "https://a.example,https://b.example", Err("one origin an element")),
        case("two hosts in one", "https://a.example,b.example", Err("one origin an element")),
        case("not punycoded", "https://bücher.example", Err("write the host in punycode, \"xn--...\"")),
        case("white space", "https://a.example ", Err("white space or a control character")),
        case("no host", "https://", Err("no host name")),
        case("no host but a port", "https://:443", Err("no host name")),
        case("empty label", "https://a..example", Err("no host name")),
        case("trailing dot", "https://a.example.", Err("no host name")),
        case("percent", "https://a%2eexample", Err("no host name")),
        case("backslash", "https://a\\example", Err("no host name")),
        case("no port", "https://a.example:", Err("a port is a number from 0 to 65535")),
        case("port too large", "https://a.example:65536", Err("a port is a number from 0 to 65535")),
        case("signed port", "https://a.example:+80", Err("a port is a number from 0 to 65535")),
        case("short IPv4", "http://127.1", Err("a host whose last part is a number is an IPv4 address")),
        case("bad IPv6", "http://[::g]", Err("no IPv6 address between the brackets")),
        case("unclosed IPv6", "http://[::1", Err("no host name")),
    ];
    for Case { name, given, want } in cases {
        let got = Site::parse(given).map(Origin::from);
        assert_eq!(got.as_ref().map(Origin::as_str).map_err(|why| *why), want, "{name}");
    }
}

#[test]
fn an_error_shows_what_was_found_and_why_it_is_none() {
    assert_eq!(
        Origin::found("https://a.example/"),
        "\"https://a.example/\" (an origin ends before the path, without a slash)"
    );
}

#[test]
fn only_the_canonical_form_is_an_origin_of_a_request() {
    let cases: [(&str, &[u8], bool); 13] = [
        ("a site", b"https://a.example", true),
        ("a port", b"https://a.example:8443", true),
        ("IPv6", b"http://[::1]:3000", true),
        ("an app", b"capacitor://localhost", true),
        ("null has no parts", b"null", false),
        ("upper case host", b"https://A.example", false),
        ("upper case scheme", b"HTTPS://a.example", false),
        ("default port", b"https://a.example:443", false),
        ("leading zero", b"https://a.example:0443", false),
        ("path", b"https://evil.example/.a.example", false),
        ("joined", b"https://a.example,https://b.example", false),
        ("not UTF-8", b"https://a\xff.example", false),
        ("empty", b"", false),
    ];
    for (name, given, want) in cases {
        assert_eq!(Seen::parse(given).is_some(), want, "{name}");
    }
    let long = format!("https://{}example.com", "a.".repeat(300));
    assert_eq!(Seen::parse(long.as_bytes()), None, "longer than any host name");
}

proptest! {
    #[test]
    fn normalising_twice_changes_nothing(text in "[hH]ttps?://[a-zA-Z0-9.-]{1,20}(:[0-9]{1,5})?") {
        if let Some(once) = Origin::parse(&text) {
            prop_assert_eq!(Origin::parse(once.as_str()), Some(once.clone()));
            prop_assert!(Seen::parse(once.as_str().as_bytes()).is_some());
        }
    }

    #[test]
    fn any_bytes_are_judged(bytes: Vec<u8>) {
        if let Some(seen) = Seen::parse(&bytes) {
            prop_assert_eq!(seen.text.as_bytes(), &bytes[..]);
        }
    }
}
