use super::{Identity, IdentityError};
use proptest::prelude::*;

#[test]
fn the_layout() {
    let cases = [
        (Identity::new("partner-gold", "p1-2026", &["gold", "beta"], false), "1\npartner-gold\np1-2026\ngold,beta\n0"),
        (Identity::new("idp:42", "", &[], false), "1\nidp:42\n\n\n0"),
        (Identity::new("anonymous", "", &["guests"], true), "1\nanonymous\n\nguests\n1"),
        (Identity::new("", "", &[], true), "1\n\n\n\n1"),
        (Identity::new("Jürgen O'Neil", "c 1", &["ä"], false), "1\nJürgen O'Neil\nc 1\nä\n0"),
    ];
    for (identity, want) in cases {
        let identity = identity.unwrap();
        assert_eq!(identity.encode(), want.as_bytes());
        assert_eq!(Identity::decode(want.into()), Some(identity), "{want:?}");
    }
}

#[test]
fn the_parts() {
    let identity = Identity::decode(b"1\nidp:42\nkey-7\ngold,beta\n0".to_vec()).unwrap();
    assert_eq!((identity.id(), identity.credential()), ("idp:42", "key-7"));
    assert_eq!(identity.groups().collect::<Vec<_>>(), ["gold", "beta"]);
    assert_eq!(identity.group_list(), "gold,beta");
    assert!(!identity.is_anonymous());

    let nobody = Identity::decode(b"1\n\n\n\n1".to_vec()).unwrap();
    assert_eq!((nobody.id(), nobody.credential(), nobody.groups().count()), ("", "", 0));
    assert!(nobody.is_anonymous());
}

#[test]
fn what_cannot_be_said() {
    let forbidden = |part, found| Err(IdentityError::Forbidden { part, found });
    let blank = |part| Err(IdentityError::Blank { part });
    let empty = |part| Err(IdentityError::Empty { part });
    let cases = [
        (Identity::new("a\nb", "", &[], false), forbidden("consumer", '\n')),
        (Identity::new("a,b", "", &[], false), forbidden("consumer", ',')),
        (Identity::new("a\r", "", &[], true), forbidden("consumer", '\r')),
        (Identity::new("a\0", "", &[], false), forbidden("consumer", '\0')),
        (Identity::new("", "", &[], false), empty("consumer")),
        (Identity::new("a", "k\n1", &[], false), forbidden("credential", '\n')),
        (Identity::new("a", "k,1", &[], false), forbidden("credential", ',')),
        (Identity::new("a", "", &["gold,admin"], false), forbidden("group", ',')),
        (Identity::new("a", "", &["gold\n1"], false), forbidden("group", '\n')),
        (Identity::new("a", "", &["gold", ""], false), empty("group")),
        (Identity::new("a", "", &["\u{7f}"], false), forbidden("group", '\u{7f}')),
        (Identity::new("idp:admin ", "", &[], false), blank("consumer")),
        (Identity::new(" admin", "", &[], true), blank("consumer")),
        (Identity::new("a", "k ", &[], false), blank("credential")),
        (Identity::new("a", "", &["gold", "admin "], false), blank("group")),
        (Identity::new("a", "", &[" "], false), blank("group")),
    ];
    for (found, want) in cases {
        assert_eq!(found, want);
    }
    let error = Identity::new("a,b", "", &[], false).unwrap_err();
    assert_eq!(error.to_string(), "consumer: expected no comma and no control character, found ','");
    let error = Identity::new("", "", &[], false).unwrap_err();
    assert_eq!(error.to_string(), "consumer: expected a name, found an empty one");
}

#[test]
fn hostile_bytes_are_nobody() {
    let cases: [&[u8]; 18] = [
        b"",
        b"1",
        b"\n\n\n\n",
        b"1\nadmin",
        b"1\nadmin\n\n\n",
        b"1\nadmin\n\n\n2",
        b"1\nadmin\n\n\n01",
        b"1\nadmin\n\n\n0\n",
        b"1\nadmin\n\n\n0\n0",
        b"2\nadmin\n\n\n0",
        b" 1\nadmin\n\n\n0",
        b"1\n\n\n\n0",
        b"1\nadmin\n\n,\n0",
        b"1\nadmin\n\ngold,\n0",
        b"1\nad,min\n\n\n0",
        b"1\nad\rmin\n\n\n0",
        b"1\nadmin\xff\n\n\n0",
        b"{\"id\":\"admin\"}",
    ];
    for bytes in cases {
        assert_eq!(Identity::decode(bytes.to_vec()), None, "{}", bytes.escape_ascii());
    }
}

proptest! {
    #[test]
    fn what_is_said_is_heard(
        id in "[^,[:cntrl:] ]([^,[:cntrl:]]{0,18}[^,[:cntrl:] ])?",
        credential in "([^,[:cntrl:] ]([^,[:cntrl:]]{0,18}[^,[:cntrl:] ])?)?",
        groups in proptest::collection::vec("[^,[:cntrl:] ]([^,[:cntrl:]]{0,7}[^,[:cntrl:] ])?", 0..5),
        anonymous: bool,
    ) {
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        let said = Identity::new(&id, &credential, &groups, anonymous).unwrap();
        let heard = Identity::decode(said.encode().to_vec()).unwrap();
        prop_assert_eq!(heard.id(), id.as_str());
        prop_assert_eq!(heard.credential(), credential.as_str());
        prop_assert_eq!(heard.groups().collect::<Vec<_>>(), groups);
        prop_assert_eq!(heard.is_anonymous(), anonymous);
        prop_assert_eq!(heard, said);
    }

    #[test]
    fn whatever_is_said_is_refused_or_heard(
        id: String, credential: String, groups in proptest::collection::vec(any::<String>(), 0..4), anonymous: bool,
    ) {
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        if let Ok(said) = Identity::new(&id, &credential, &groups, anonymous) {
            let heard = Identity::decode(said.encode().to_vec());
            prop_assert_eq!(heard.as_ref().map(Identity::id), Some(id.as_str()));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        if let Some(identity) = Identity::decode(bytes.clone()) {
            prop_assert_eq!(identity.encode(), bytes.as_slice());
        }
    }

    #[test]
    fn nearly_right_bytes_are_read_or_refused(bytes in "1\n[a\n,]{0,6}\n[01\n]{0,3}") {
        if let Some(identity) = Identity::decode(bytes.clone().into()) {
            prop_assert_eq!(identity.encode(), bytes.as_bytes());
        }
    }
}

#[test]
fn names_are_what_an_identity_takes() {
    for (name, want) in [
        ("gold", true),
        ("idp:", true),
        ("a b", true),
        ("ä", true),
        ("", false),
        ("a,b", false),
        ("a\n", false),
        ("a ", false),
    ] {
        assert_eq!(super::is_name(name), want, "{name:?}");
        assert_eq!(Identity::new(name, "", &[name], false).is_ok(), want, "{name:?}");
    }
}
