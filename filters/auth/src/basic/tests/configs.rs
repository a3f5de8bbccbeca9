use super::*;

fn errors(config: &Value) -> String {
    compile(config.clone()).map(|_| ()).map_err(|errors| errors.to_string()).unwrap_err()
}

#[test]
fn passwords() {
    let bcrypt = "users[0].password.bcrypt: expected a bcrypt hash such as \"$2b$10$<22 characters><31 characters>\" of cost 4 to 10, found ";
    let pbkdf2 = "users[0].password.pbkdf2: expected a PBKDF2 hash such as \"$pbkdf2-sha256$i=100000$<salt>$<hash>\" (or sha512) of 10,000 to 100,000 iterations, found ";
    let kinds = "users[0].password: expected an object with one key, \"value\", \"env\", \"sha256\", \"bcrypt\" or \"pbkdf2\", found ";
    let cost = |cost: &str| json!({"bcrypt": BCRYPT.replace("$04$", &format!("${cost}$"))});
    let rounds = |rounds: &str| json!({"pbkdf2": PBKDF2.replace("10000", rounds)});
    let too_long = "$pbkdf2-sha256$i=10000$MDEyMzQ1Njc4OWFiY2RlZg$I1fRzPdik5F+m1JYkXkqwnEmFt/dm1VokeoVyG9DVvstFHfYZhRWbSV8ELBgPSAYSvQl7HXqTJwo4fdEUBd0zg";
    let cases = [
        (json!({}), format!("{kinds}none")),
        (json!({"value": "p", "env": "P"}), format!("{kinds}several")),
        (json!("p"), format!("{kinds}a string")),
        (
            json!({"argon2": "p"}),
            "users[0].password.argon2: unknown field, expected one of value, env, sha256, bcrypt, pbkdf2".to_owned(),
        ),
        (json!({"value": ""}), "users[0].password: the secret is empty".to_owned()),
        (
            json!({"value": "p\n"}),
            "users[0].password: cannot be shown: there is a control character in it (RFC 7617 section 2)".to_owned(),
        ),
        (
            json!({"sha256": "p"}),
            "users[0].password.sha256: expected a SHA-256 digest of 64 hexadecimal digits, found 1 characters"
                .to_owned(),
        ),
        (json!({"bcrypt": "secret"}), format!("{bcrypt}6 characters")),
        (json!({"bcrypt": 5}), format!("{bcrypt}a whole number")),
        (json!({"bcrypt": BCRYPT.trim_start_matches('$')}), format!("{bcrypt}59 characters")),
        (json!({"bcrypt": BCRYPT.trim_end_matches('y')}), format!("{bcrypt}another form or a cost of 04")),
        (json!({"bcrypt": format!("{BCRYPT}a")}), format!("{bcrypt}another form or a cost of 04")),
        (json!({"bcrypt": BCRYPT.replace("2b", "2x")}), format!("{bcrypt}another form or a cost of 04")),
        (json!({"bcrypt": BCRYPT.replace("2b", "2")}), format!("{bcrypt}another form or a cost of 04")),
        (json!({"bcrypt": BCRYPT.replace("abc", "\u{e9}b")}), format!("{bcrypt}another form or a cost of 04")),
        (cost("03"), format!("{bcrypt}another form or a cost of 03")),
        (cost("11"), format!("{bcrypt}another form or a cost of 11")),
        (cost("31"), format!("{bcrypt}another form or a cost of 31")),
        (cost("4"), format!("{bcrypt}59 characters")),
        (json!({"pbkdf2": "secret"}), format!("{pbkdf2}6 characters")),
        (rounds("9999"), format!("{pbkdf2}another form or 9999 iterations")),
        (rounds("100001"), format!("{pbkdf2}another form or 100001 iterations")),
        (rounds("4294967295"), format!("{pbkdf2}another form or 4294967295 iterations")),
        (json!({"pbkdf2": PBKDF2.replace("$i=10000", "")}), format!("{pbkdf2}81 characters")),
        (json!({"pbkdf2": PBKDF2.replace("10000", "10000,l=16")}), format!("{pbkdf2}94 characters")),
        (json!({"pbkdf2": PBKDF2.replace("10000", "10000,p=1")}), format!("{pbkdf2}93 characters")),
        (json!({"pbkdf2": format!("{PBKDF2}$")}), format!("{pbkdf2}90 characters")),
        (json!({"pbkdf2": PBKDF2.replace("sha256", "sha1")}), format!("{pbkdf2}another form or 10000 iterations")),
        (json!({"pbkdf2": PBKDF2.replace("i=", "v=19$i=")}), format!("{pbkdf2}94 characters")),
        (json!({"pbkdf2": PBKDF2.rsplit_once('$').unwrap().0}), format!("{pbkdf2}45 characters")),
        (json!({"pbkdf2": too_long}), format!("{pbkdf2}another form or 10000 iterations")),
    ];
    for (password, want) in cases {
        let config = json!({"users": [{"username": "u", "consumer": "c", "password": password}]});
        assert_eq!(errors(&config), want, "{config}");
    }
    for password in [cost("04"), cost("10"), rounds("10000"), rounds("100000")] {
        let config = json!({"users": [{"username": "u", "consumer": "c", "password": password}]});
        assert!(compile(config.clone()).is_ok(), "{config}");
    }
}

#[test]
fn users() {
    let user = |name: &str, consumer: &str| json!({"username": name, "consumer": consumer, "password": {"value": "p"}});
    let cases = [
        (json!({}), "users: required field is missing"),
        (json!({"users": [], "slow_hash_rate": 0}), "slow_hash_rate: expected a whole number from 1 to 100, found 0"),
        (
            json!({"users": [], "slow_hash_rates": 1}),
            "slow_hash_rates: unknown field, did you mean \"slow_hash_rate\"?",
        ),
        (
            json!({"users": [{}]}),
            "users[0].username: required field is missing\nusers[0].consumer: required field is missing\nusers[0].password: required field is missing",
        ),
        (
            json!({"users": [user("a:b", "c")]}),
            "users[0].username: expected a user name without a colon or control characters (RFC 7617 section 2), found \"a:b\"",
        ),
        (
            json!({"users": [user("", "c")]}),
            "users[0].username: expected a user name without a colon or control characters (RFC 7617 section 2), found \"\"",
        ),
        (
            json!({"users": [user("a", "c"), user("b", ""), user("a", "c,d")]}),
            "users[2].username: the name \"a\" is taken by users[0]\n\
          users[1].consumer: consumer: expected a name, found an empty one\n\
          users[2].consumer: consumer: expected no comma and no control character, found ','",
        ),
    ];
    for (config, want) in cases {
        assert_eq!(errors(&config), want, "{config}");
    }
}

#[test]
fn the_rate() {
    let config =
        json!({"slow_hash_rate": 1, "users": [{"username": "u", "consumer": "c", "password": {"bcrypt": BCRYPT}}]});
    let (basic, host) = (compile(config).unwrap(), Host::default());
    assert_eq!(at(&basic, 0, "u:p", &host), Err(Reason::UnknownKey));
    assert_eq!(at(&basic, 0, "u:p", &host), Err(Reason::TooManyAttempts));
    assert_eq!(compile(json!({"users": []})).unwrap().verify(b"dTpw", Nanos(0), &host), Err(Reason::UnknownKey));
}
