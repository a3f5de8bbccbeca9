use proptest::prelude::*;

use super::*;

fn matches(pattern: &str, origin: &str) -> bool {
    Seen::parse(origin.as_bytes()).is_some_and(|origin| Pattern::parse(pattern).unwrap().matches(&origin))
}

#[test]
fn wildcards_stand_for_labels_and_ports() {
    let cases = [
        ("one label", "https://*.example.com", "https://a.example.com", true),
        ("several labels", "https://*.example.com", "https://a.b.example.com", true),
        ("not the apex", "https://*.example.com", "https://example.com", false),
        ("no part of a label", "https://*.example.com", "https://evilexample.com", false),
        ("not as a prefix", "https://*.example.com", "https://a.example.com.evil.com", false),
        ("empty label", "https://*.example.com", "https://.example.com", false),
        ("other scheme", "https://*.example.com", "http://a.example.com", false),
        ("a port was not asked for", "https://*.example.com", "https://a.example.com:8443", false),
        ("the port asked for", "https://*.example.com:8443", "https://a.example.com:8443", true),
        ("another port", "https://*.example.com:8443", "https://a.example.com", false),
        ("any port", "http://localhost:*", "http://localhost:3000", true),
        ("no port", "http://localhost:*", "http://localhost", true),
        ("a label before it", "http://localhost:*", "http://a.localhost:3000", false),
        ("both", "https://*.example.com:*", "https://a.example.com:1", true),
        ("both, apex", "https://*.example.com:*", "https://example.com:1", false),
        ("upper case in config", "HTTPS://*.Example.COM", "https://a.example.com", true),
        ("default port in config", "https://*.example.com:443", "https://a.example.com", true),
        ("address", "http://127.0.0.1:*", "http://127.0.0.1:5173", true),
        ("IPv6", "http://[::1]:*", "http://[::1]:5173", true),
        ("other app", "capacitor://localhost:*", "capacitor://localhost", true),
    ];
    for (name, pattern, origin, want) in cases {
        assert_eq!(matches(pattern, origin), want, "{name}");
    }
}

#[test]
fn what_is_no_pattern_is_refused_with_a_reason() {
    let misplaced = "\"*\" stands only for whole labels before the host, \"*.\", or for the port, \":*\"";
    let cases = [
        ("no wildcard", "https://example.com", "no wildcard: an exact origin belongs in \"allow_origins\""),
        ("all", "*", "no scheme"),
        ("all hosts", "https://*", misplaced),
        ("any scheme", "*://example.com:*", "no scheme"),
        ("part of a label", "https://pr-*.example.com", misplaced),
        ("in the middle", "https://a.*.example.com", misplaced),
        ("top-level domain", "https://example.*", misplaced),
        ("twice", "https://*.*.example.com", misplaced),
        ("part of a port", "https://*.example.com:80*", misplaced),
        ("no dot", "https://*example.com", misplaced),
        ("nothing behind", "https://*.", "no host name"),
        ("two ports", "https://*.example.com:80:*", "two ports"),
        ("path", "https://*.example.com/", "an origin ends before the path, without a slash"),
        ("address", "https://*.10.0.0.1", "an address has no subdomains"),
        ("IPv6", "https://*.[::1]", "an address has no subdomains"),
    ];
    for (name, given, want) in cases {
        assert_eq!(Pattern::new(given), Err(want), "{name}");
    }
}

#[test]
fn an_expression_matches_whole_origins() {
    let cases = [
        ("whole", r"https://pr-[0-9]+\.example\.dev", "https://pr-7.example.dev", true),
        ("a part", r"pr-[0-9]+\.example\.dev", "https://pr-7.example.dev", false),
        ("more behind", r"https://pr-[0-9]+\.example\.dev", "https://pr-7.example.dev.evil.com", false),
        ("one of two", "https://a.example|https://b.example", "https://b.example", true),
        ("one of two, more behind", "https://a.example|https://b.example", "https://a.example.evil.com", false),
        ("anchored already", r"^https://a\.example$", "https://a.example", true),
        ("a dot that crosses a slash", r"https://.*\.example\.com", "https://evil.com/.example.com", false),
        ("upper case is no origin", "(?i)https://a.example", "https://A.example", false),
    ];
    for (name, given, origin, want) in cases {
        let expression = Expression::parse(given).unwrap();
        assert_eq!(Seen::parse(origin.as_bytes()).is_some_and(|origin| expression.matches(&origin)), want, "{name}");
    }
}

#[test]
fn broken_expressions_are_refused() {
    for given in ["(", "a)|(?:b", "[", "(?P<n>a", "(a{1000}){1000}", "(?x)a # comment"] {
        assert!(Expression::parse(given).is_none(), "{given}");
    }
}

proptest! {
    #[test]
    fn subdomains_match_and_nothing_that_looks_like_one(label in "[a-z0-9][a-z0-9-]{0,10}", port in 1u16..) {
        let any = "https://*.example.com:*";
        let origin = format!("https://{label}.example.com:{port}");
        prop_assert_eq!(matches(any, &origin), port != 443, "{}", origin);
        for trick in [
            format!("https://{label}example.com"),
            format!("https://{label}.example.com.{label}"),
            format!("https://{label}/.example.com"),
            format!("https://{label}@a.example.com"),
            format!("https://{label}#.example.com"),
            format!("https://example.com.{label}"),
            "https://example.com".to_owned(),
            format!("http://{label}.example.com"),
        ] {
            prop_assert!(!matches(any, &trick), "{}", trick);
        }
    }
}
