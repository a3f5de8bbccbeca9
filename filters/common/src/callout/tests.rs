use super::*;

#[test]
fn whom_a_grpc_call_goes_to() {
    let long = "c".repeat(MAX_GRPC_TARGET);
    let longest = ["\u{0a}\u{7d}\u{0a}\u{7b}", &long].concat();
    let half = "c".repeat(61);
    for (name, cluster, authority, want) in [
        ("a cluster", "rls", "", Some("\u{0a}\u{05}\u{0a}\u{03}rls".to_owned())),
        ("and how it is called", "rls", "a.b", Some("\u{0a}\u{0a}\u{0a}\u{03}rls\u{12}\u{03}a.b".to_owned())),
        ("a name that is a message by itself", "pa", "", Some("\u{0a}\u{04}\u{0a}\u{02}pa".to_owned())),
        ("the longest", &long, "", Some(longest)),
        ("too long", &format!("{long}c"), "", None),
        (
            "the longest, together",
            &half,
            &format!("{half}c"),
            Some(["\u{0a}\u{7f}\u{0a}=", &half, "\u{12}>", &half, "c"].concat()),
        ),
        ("too long together", &half, &format!("{half}cc"), None),
        ("nobody", "", "a.b", None),
    ] {
        assert_eq!(grpc_target(cluster, authority), want, "{name}");
    }
}

#[test]
fn why_there_is_no_answer() {
    for (error, want) in [
        (CalloutError::NotSent(Status::InternalFailure), "the host would not send the call-out: InternalFailure"),
        (CalloutError::Failed, "no answer, or one that could not be read"),
        (CalloutError::Grpc(14), "gRPC status 14"),
    ] {
        assert_eq!(error.to_string(), want);
    }
}
