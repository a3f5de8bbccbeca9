//! `require` told once more, from the tree as a whole: which credentials are present, then which of them count.

use super::*;

fn says() -> impl Strategy<Value = [Outcome<usize>; 3]> {
    let one = |who| {
        prop_oneof![
            3 => Just(Outcome::Absent),
            2 => Just(Outcome::Valid(who)),
            1 => Just(Outcome::Refused(Reason::Expired)),
        ]
    };
    (one(0), one(1), one(2)).prop_map(|(a, b, c)| [a, b, c])
}

fn trees() -> impl Strategy<Value = Require> {
    let leaf = prop_oneof![4 => (0..3usize).prop_map(Require::Use), 1 => Just(Require::Public)];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let list = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            list.clone().prop_map(Require::Any),
            list.prop_map(Require::All),
            inner.prop_map(|inner| Require::Optional(Box::new(inner))),
        ]
    })
}

fn present(tree: &Require, says: &[Outcome<usize>; 3]) -> bool {
    tree.schemes().iter().any(|&authenticator| says[authenticator] != Outcome::Absent)
}

/// Whether a request without any of the tree's credentials passes.
fn open(tree: &Require) -> bool {
    match tree {
        Require::Use(_) => false,
        Require::Any(elements) => elements.iter().any(open),
        Require::All(elements) => elements.iter().all(open),
        Require::FirstValid(_) => false,
        Require::Optional(_) | Require::Public => true,
    }
}

fn model(tree: &Require, says: &[Outcome<usize>; 3]) -> Result<Option<usize>, Reason> {
    if !present(tree, says) {
        return if open(tree) { Ok(None) } else { Err(Reason::MissingCredential) };
    }
    match tree {
        Require::Use(authenticator) => match says[*authenticator] {
            Outcome::Valid(who) => Ok(Some(who)),
            Outcome::Refused(reason) => Err(reason),
            Outcome::Absent | Outcome::Pending => panic!("it is present"),
        },
        Require::Any(elements) => model(elements.iter().find(|element| present(element, says)).unwrap(), says),
        Require::All(elements) => {
            // A credential that is refused tells more than one that is missing.
            let (shown, not_shown): (Vec<_>, Vec<_>) = elements.iter().partition(|element| present(element, says));
            let shown: Result<Vec<_>, Reason> = shown.into_iter().map(|element| model(element, says)).collect();
            let first = shown?.into_iter().flatten().next();
            if not_shown.into_iter().all(open) { Ok(first) } else { Err(Reason::MissingCredential) }
        }
        Require::FirstValid(_) => panic!("no config says so"),
        Require::Optional(inner) => model(inner, says),
        Require::Public => panic!("nothing of it is present"),
    }
}

fn evaluate(tree: &Require, says: &[Outcome<usize>; 3]) -> Verdict<usize> {
    tree.evaluate(&mut |authenticator| says[authenticator])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn agrees_with_the_model(tree in trees(), says in says()) {
        let found = match evaluate(&tree, &says) {
            Verdict::Passed(who) => Ok(who),
            Verdict::Refused { reason, .. } => Err(reason),
            Verdict::Pending => panic!("nothing is pending"),
        };
        prop_assert_eq!(found, model(&tree, &says));
    }

    #[test]
    fn nobody_passes_without_a_valid_credential_unless_open(tree in trees(), says in says()) {
        if let Verdict::Passed(None) = evaluate(&tree, &says) {
            prop_assert!(open(&tree) && !present(&tree, &says), "{:?}", tree);
        }
    }

    #[test]
    fn whoever_refuses_was_asked_and_did(tree in trees(), says in says()) {
        if let Verdict::Refused { reason, by } = evaluate(&tree, &says) {
            match by {
                Some(authenticator) => prop_assert_eq!(says[authenticator], Outcome::Refused(reason)),
                None => prop_assert_eq!(reason, Reason::MissingCredential),
            }
        }
    }

    #[test]
    fn what_is_pending_is_waited_for_and_no_other_is_asked(tree in trees(), says in says(), pending in 0..3usize) {
        let mut says = says;
        says[pending] = Outcome::Pending;
        let mut asked = Vec::new();
        let verdict = tree.evaluate(&mut |authenticator| {
            asked.push(authenticator);
            says[authenticator]
        });
        let met = asked.iter().position(|&authenticator| authenticator == pending);
        prop_assert_eq!(verdict == Verdict::Pending, met.is_some());
        let behind = met.and_then(|at| asked.get(at..)).map_or(&[][..], |from| &from[1..]);
        prop_assert!(behind.is_empty(), "{:?}", behind);
    }
}
