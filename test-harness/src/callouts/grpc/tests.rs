use super::{Target, frame, target, unframe};

#[test]
fn the_upstream_of_a_call_is_a_name_or_a_service() {
    struct Case {
        name: &'static str,
        given: &'static [u8],
        want: Target,
    }
    let service =
        |cluster: &str, authority: &str| Target::Service { cluster: cluster.into(), authority: authority.into() };
    let cases = [
        Case { name: "a name", given: b"rls", want: Target::Cluster("rls".into()) },
        Case {
            name: "a longer name",
            given: b"rate-limit.internal",
            want: Target::Cluster("rate-limit.internal".into()),
        },
        Case { name: "a service", given: b"\x0a\x05\x0a\x03rls", want: service("rls", "") },
        Case { name: "with its authority", given: b"\x0a\x08\x0a\x03rls\x12\x01a", want: service("rls", "a") },
        Case { name: "and a timeout", given: b"\x0a\x05\x0a\x03rls\x1a\x02\x08\x01", want: service("rls", "") },
        Case { name: "a cut service", given: b"\x0a\x05\x0a\x03rl", want: Target::Cluster("\n\x05\n\x03rl".into()) },
        Case { name: "nothing", given: b"", want: Target::Nobody },
        Case { name: "a service of Google's client", given: b"\x12\x00", want: Target::Nobody },
    ];
    for Case { name, given, want } in cases {
        assert_eq!(target(given), want, "{name}");
    }
}

#[test]
fn a_frame_says_how_long_its_message_is() {
    assert_eq!(frame(b"abc"), b"\0\0\0\0\x03abc");
    assert_eq!(unframe(b"\0\0\0\0\x03abc"), Some(&b"abc"[..]));
    for broken in [&b"\0\0\0\0"[..], b"\0\0\0\0\x03ab", b"\x01\0\0\0\x03abc"] {
        assert_eq!(unframe(broken), None);
    }
}
