use sluicegate_common::head::{HeadState, HeaderMap, HeaderSource};
use sluicegate_common::proxy::Status;
use sluicegate_common::reply::ReplyBody;

use super::*;

struct Fields(Vec<(String, Vec<u8>)>);

impl HeaderSource for Fields {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        Ok(self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone()))
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        HeaderMap::parse(HeaderMap::serialize(&self.0))
    }
}

fn ask<T>(fields: &[(&str, &[u8])], look: impl FnOnce(&RequestHead<'_>) -> T) -> T {
    let fields = Fields(fields.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())).collect());
    look(&RequestHead::new(&fields, &mut HeadState::default()))
}

fn logout(path: &str, origins: &[&str]) -> Logout {
    let origins = origins.iter().map(|origin| Origin::parse(origin).unwrap()).collect();
    Logout::new(OwnPath::parse(path).unwrap(), origins)
}

#[test]
fn a_post_to_the_path_is_a_logout() {
    struct Case {
        path: &'static str,
        method: &'static str,
        target: &'static str,
        want: bool,
    }
    let case = |method, target, want| Case { path: "/auth/logout", method, target, want };
    let cases = [
        case("POST", "/auth/logout", true),
        case("POST", "/auth/logout?everywhere=1", true),
        case("POST", "/auth/logout/", true),
        case("POST", "//auth/./logout", true),
        case("POST", "/Auth/LOGOUT", true),
        case("POST", "/auth/%6Cogout", true),
        case("POST", "/auth/logout/all", false),
        case("POST", "/auth", false),
        case("POST", "/auth/logout;a", false),
        case("POST", "/auth/x/../logout", false),
        case("POST", "/auth%2Flogout", false),
        case("POST", "", false),
        case("GET", "/auth/logout", false),
        case("OPTIONS", "/auth/logout", false),
        case("DELETE", "/auth/logout", false),
        case("post", "/auth/logout", false),
        case("", "/auth/logout", false),
        Case { path: "/Auth//logout/", method: "POST", target: "/auth/logout", want: true },
        Case { path: "/", method: "POST", target: "/", want: true },
        Case { path: "/", method: "POST", target: "*", want: false },
    ];
    for Case { path, method, target, want } in cases {
        let fields: [(&str, &[u8]); 2] = [(":method", method.as_bytes()), (":path", target.as_bytes())];
        let found = ask(&fields, |head| logout(path, &[]).is_for(head, &Facts::default()));
        assert_eq!(found, want, "{method} {target:?} for {path}");
    }
}

#[test]
fn a_path_has_one_reading() {
    for text in ["", "auth", "/auth?x", "/auth;x", "/a/../b", "/a%2fb", "/auth#x", "/auth.", "*"] {
        assert!(OwnPath::parse(text).is_none(), "{text}");
    }
}

#[test]
fn a_cookie_logs_out_from_known_pages_only() {
    struct Case {
        name: &'static str,
        fields: &'static [(&'static str, &'static [u8])],
        want: bool,
    }
    let cases = [
        Case { name: "no browser", fields: &[], want: true },
        Case { name: "an allowed origin", fields: &[("origin", b"https://app.example.com")], want: true },
        Case { name: "another origin", fields: &[("origin", b"https://evil.example")], want: false },
        Case { name: "another scheme", fields: &[("origin", b"http://app.example.com")], want: false },
        Case { name: "another port", fields: &[("origin", b"https://app.example.com:8443")], want: false },
        Case { name: "another case", fields: &[("origin", b"https://APP.example.com")], want: false },
        Case { name: "null", fields: &[("origin", b"null")], want: false },
        Case { name: "empty", fields: &[("origin", b"")], want: false },
        Case { name: "no UTF-8", fields: &[("origin", b"https://app.example.com\xff")], want: false },
        Case {
            name: "joined by the host",
            fields: &[("origin", b"https://app.example.com,https://app.example.com")],
            want: false,
        },
        Case {
            name: "two lines",
            fields: &[("origin", b"https://app.example.com"), ("origin", b"https://app.example.com")],
            want: false,
        },
        Case {
            name: "its own origin",
            fields: &[("origin", b"https://api.example.com"), (":scheme", b"https")],
            want: true,
        },
        Case {
            name: "its own host, another scheme",
            fields: &[("origin", b"https://api.example.com"), (":scheme", b"http")],
            want: false,
        },
        Case {
            name: "its own, as the proxy in front says",
            fields: &[
                ("origin", b"https://api.example.com"),
                ("x-forwarded-proto", b"https, http"),
                (":scheme", b"http"),
            ],
            want: true,
        },
        Case {
            name: "its own, as the browser says",
            fields: &[("origin", b"https://api.example.com"), ("sec-fetch-site", b"same-origin")],
            want: true,
        },
        Case {
            name: "of the same site only",
            fields: &[("origin", b"https://x.example.com"), ("sec-fetch-site", b"same-site"), (":scheme", b"https")],
            want: false,
        },
        Case {
            name: "null, where the scheme is unknown",
            fields: &[("origin", b"null"), (":scheme", b"")],
            want: false,
        },
    ];
    for Case { name, fields, want } in cases {
        let fields = [&[("host", b"API.example.com:443".as_slice())], fields].concat();
        let found = ask(&fields, |head| logout("/auth/logout", &["https://app.example.com"]).allows_cookie(head));
        assert_eq!(found, want, "{name}");
    }
}

#[test]
fn the_reply_is_the_tutorial_s() {
    let reply = reply();
    assert_eq!((reply.status(), reply.code()), (200, "logged_out"));
    let ReplyBody::Explicit { content_type, bytes } = reply.reply_body() else { panic!("a body of its own") };
    assert_eq!(*content_type, "application/json");
    assert_eq!(bytes, br#"{"message":"Logged out successfully"}"#);
}
