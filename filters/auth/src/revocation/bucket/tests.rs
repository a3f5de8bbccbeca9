use super::*;

fn token(owner: u8, id: u8, issued: u64, until: u64) -> Token {
    Token { owner: [owner; 16], id: [id; 16], issued: Nanos(issued), until: Nanos(until), lifetime: None }
}

fn empty() -> Bucket {
    Bucket(Vec::new())
}

fn says(bucket: &Bucket, token: &Token, now: u64) -> bool {
    refuses(&bucket.write(), token, Nanos(now)).unwrap()
}

/// A bucket that holds these.
fn holding(tokens: &[Token]) -> Bucket {
    let mut bucket = empty();
    tokens.iter().for_each(|token| bucket.revoke(token, Nanos(0)).unwrap());
    bucket
}

#[test]
fn the_layout_is_fixed() {
    // Modules of other builds read it.
    let mut bucket = holding(&[token(0xaa, 0xbb, 0x0102, 0x0304)]);
    bucket.0.push(Entry { kind: Kind::IssuedBy, owner: [0xcc; 16], issued: Nanos(5), until: Nanos(u64::MAX) });
    let mut want = vec![1];
    want.extend([0xaa; 16]);
    want.extend([0xbb; 16]);
    want.extend([2, 1, 0, 0, 0, 0, 0, 0, 4, 3, 0, 0, 0, 0, 0, 0]);
    want.push(2);
    want.extend([0xcc; 16]);
    want.extend([0; 16]);
    want.extend([5, 0, 0, 0, 0, 0, 0, 0]);
    want.extend([0xff; 8]);
    assert_eq!(bucket.write(), want);
    assert_eq!(Bucket::read(&want).map(|bucket| bucket.write()), Ok(want));
}

#[test]
fn what_is_no_bucket_is_an_error() {
    let good = holding(&[token(1, 1, 1, 9)]).write();
    let cut = good[..ENTRY - 1].to_vec();
    let longer = [good.as_slice(), &[0]].concat();
    let (mut kind_0, mut kind_3) = (good.clone(), good);
    (kind_0[0], kind_3[0]) = (0, 3);
    for (name, state) in [("cut", cut), ("longer", longer), ("kind 0", kind_0), ("kind 3", kind_3)] {
        let other = token(2, 2, 1, 9);
        assert_eq!(refuses(&state, &other, Nanos(0)), Err(Unreadable), "{name}");
        assert_eq!(Bucket::read(&state).map(|bucket| bucket.0.len()), Err(Unreadable), "{name}");
    }
}

#[test]
fn a_token_is_refused_until_it_expires() {
    let bucket = holding(&[token(1, 1, 5, 10)]);
    struct Case {
        name: &'static str,
        token: Token,
        now: u64,
        want: bool,
    }
    let cases = [
        Case { name: "at once", token: token(1, 1, 5, 10), now: 0, want: true },
        Case { name: "at its last moment", token: token(1, 1, 5, 10), now: 9, want: true },
        Case { name: "once expired", token: token(1, 1, 5, 10), now: 10, want: false },
        Case { name: "another of the owner", token: token(1, 2, 5, 10), now: 0, want: false },
        Case { name: "another owner's of that id", token: token(2, 1, 5, 10), now: 0, want: false },
    ];
    for Case { name, token, now, want } in cases {
        assert_eq!(says(&bucket, &token, now), want, "{name}");
    }
}

#[test]
fn more_than_eight_tokens_of_an_owner_fold() {
    struct Case {
        name: &'static str,
        /// Issued and until; as many more as make eight are issued at 1 and expire at 20.
        first: &'static [(u64, u64)],
        last: Token,
        /// Issued, and whether another token of the owner is refused, now and from when on no longer.
        issued_by: u64,
        until: u64,
    }
    let lasting = |lifetime| Token { lifetime: Some(std::time::Duration::from_nanos(lifetime)), ..token(1, 99, 7, 30) };
    let cases = [
        Case { name: "the last is the latest", first: &[], last: token(1, 99, 7, 30), issued_by: 7, until: 30 },
        Case { name: "another is issued later", first: &[(8, 25)], last: token(1, 99, 7, 30), issued_by: 8, until: 30 },
        Case { name: "another lives longer", first: &[(2, 40)], last: token(1, 99, 7, 30), issued_by: 7, until: 40 },
        Case { name: "none says when", first: &[], last: token(1, 99, 0, 20), issued_by: 1, until: 20 },
        Case { name: "a short life", first: &[], last: lasting(10), issued_by: 7, until: 30 },
        Case { name: "a long life", first: &[], last: lasting(100), issued_by: 7, until: 107 },
        Case { name: "of the latest", first: &[(9, 10)], last: lasting(100), issued_by: 9, until: 109 },
        Case { name: "for ever", first: &[], last: token(1, 99, 7, u64::MAX), issued_by: 7, until: u64::MAX },
    ];
    for Case { name, first, last, issued_by, until } in cases {
        let times = first.iter().copied().chain(std::iter::repeat((1, 20))).take(8);
        let tokens: Vec<Token> = (1..).zip(times).map(|(id, (issued, until))| token(1, id, issued, until)).collect();
        let mut bucket = holding(&tokens);
        bucket.revoke(&token(2, 50, 1, 1000), Nanos(0)).unwrap();
        assert!(!says(&bucket, &token(1, 200, 0, 1000), 0), "{name}: eight do not fold");

        assert_eq!(bucket.revoke(&last, Nanos(0)), Ok(()), "{name}");
        assert_eq!(bucket.0.len(), 2, "{name}: nine are one, and the other owner's");
        for token in tokens.iter().chain([&last]) {
            assert!(says(&bucket, token, 0), "{name}: {} is forgotten", token.id[0]);
        }
        assert!(says(&bucket, &token(2, 50, 1, 1000), 0), "{name}: the other owner's is forgotten");
        assert!(!says(&bucket, &token(2, 51, 0, 1000), 0), "{name}: another of the other owner");
        let mut found = Vec::new();
        for (issued, now) in [(0, 0), (issued_by, until - 1), (issued_by + 1, 0), (issued_by, until)] {
            found.push(says(&bucket, &token(1, 200, issued, u64::MAX), now));
        }
        assert_eq!(found, [true, true, false, false], "{name}: does not say, issued by then, later, too late");
    }
}

#[test]
fn what_has_folded_folds_again() {
    let mut bucket = empty();
    for id in 1..=9 {
        bucket.revoke(&token(1, id, 10, 100), Nanos(0)).unwrap();
    }
    assert_eq!(bucket.0.len(), 1);
    bucket.revoke(&token(1, 20, 10, 100), Nanos(0)).unwrap();
    assert_eq!(bucket.0.len(), 1, "what is refused anyway needs no entry");
    bucket.revoke(&token(1, 21, 10, 101), Nanos(0)).unwrap();
    assert_eq!(bucket.0.len(), 2, "what outlives the entry has one of its own");
    assert!(says(&bucket, &token(1, 21, 10, 101), 100));
    for id in 30..=35 {
        bucket.revoke(&token(1, id, 20, 90), Nanos(0)).unwrap();
    }
    assert_eq!(bucket.0.len(), 8);
    bucket.revoke(&token(1, 40, 15, 90), Nanos(0)).unwrap();
    assert_eq!(bucket.0.len(), 1);
    assert!(says(&bucket, &token(1, 50, 20, 200), 100));
    assert!(!says(&bucket, &token(1, 50, 21, 200), 0));
}

#[test]
fn what_has_expired_does_not_count_and_folds_no_more() {
    let old: Vec<Token> = (1..=8).map(|id| token(1, id, 50, 10)).collect();
    let mut bucket = holding(&old);
    bucket.revoke(&token(1, 9, 1, 100), Nanos(10)).unwrap();
    assert!(!says(&bucket, &token(1, 200, 1, 100), 10), "nothing folded");
    for id in 10..=17 {
        bucket.revoke(&token(1, id, 1, 100), Nanos(10)).unwrap();
    }
    assert_eq!(bucket.0.len(), 1);
    assert!(says(&bucket, &token(1, 200, 1, 100), 10));
    assert!(!says(&bucket, &token(1, 200, 2, 100), 10), "the expired ones were issued at 50");
}

#[test]
fn a_full_bucket_refuses_and_forgets_nothing() {
    let tokens: Vec<Token> = (1..=16).map(|id| token(id, id, 1, 100 + u64::from(id))).collect();
    let mut bucket = holding(&tokens);
    let before = bucket.write();
    assert_eq!(before.len(), CAPACITY * ENTRY);
    assert_eq!(bucket.revoke(&token(20, 20, 1, 500), Nanos(100)), Err(Full));
    assert_eq!(bucket.write(), before);
    assert_eq!(bucket.revoke(&tokens[3], Nanos(100)), Ok(()), "what is in it already");
    assert_eq!(bucket.write(), before);

    // At 103 the first three have expired. The oldest goes first.
    assert_eq!(bucket.revoke(&token(20, 20, 1, 500), Nanos(103)), Ok(()));
    let forgotten: Vec<u8> = tokens.iter().filter(|token| !says(&bucket, token, 0)).map(|token| token.id[0]).collect();
    assert_eq!(forgotten, [1], "a clock put back finds the other two");
    assert!(says(&bucket, &token(20, 20, 1, 500), 103));
}

#[test]
fn a_full_bucket_folds() {
    let mut bucket = empty();
    for id in 1..=8 {
        bucket.revoke(&token(1, id, 1, 100), Nanos(0)).unwrap();
        bucket.revoke(&token(id + 1, id, 1, 100), Nanos(0)).unwrap();
    }
    assert_eq!(bucket.revoke(&token(20, 20, 1, 100), Nanos(0)), Err(Full));
    assert_eq!(bucket.revoke(&token(1, 20, 1, 100), Nanos(0)), Ok(()));
    assert_eq!(bucket.0.len(), 9);
    assert_eq!(bucket.revoke(&token(20, 20, 1, 100), Nanos(0)), Ok(()));
}
