//! The authenticator that a case asks for.

use std::rc::Rc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};
use sluicegate_auth::jose::{Algorithm, KeySet, base64url};
use sluicegate_auth::jwt::remote::Remotes;
use sluicegate_auth::jwt::{Jwt, RawJwt, Unverified};
use sluicegate_auth::reason::Reason;
use sluicegate_common::config::{Env, parse_json, read};
use sluicegate_common::time::Nanos;

use crate::cases::{Case, NOW, OFFERED, Verdict, documents, is_offered, jwt, text};

/// An authenticator whose keys were fetched, and one whose keys stand in config, if they can: there every key of a set
/// must be good.
pub struct Authenticator {
    fetching: Option<Jwt>,
    sets: Vec<Option<Rc<KeySet>>>,
    inline: Option<Jwt>,
}

impl Authenticator {
    pub fn of(case: &Case) -> Self {
        let documents = documents(case);
        let fetched = |document: &&Value| KeySet::fetched(&text(document)).ok().map(|(keys, _)| Rc::new(keys));
        let remote = json!({"remote": {"uri": "https://idp.example/jwks.json", "cluster": "idp"}});
        Self {
            sets: documents.iter().map(fetched).collect(),
            fetching: compile(jwt(case, &vec![remote; documents.len()])),
            inline: compile(jwt(case, &documents.iter().map(|jwks| json!({"jwks": jwks})).collect::<Vec<_>>())),
        }
    }

    /// One that has no keys, and for which all times are good: it tells a token that could be read from one that could
    /// not.
    pub fn reading(audiences: Value) -> Self {
        let keys = json!({"remote": {"uri": "https://idp.example/jwks.json", "cluster": "idp"}});
        let issuer = json!({"name": "own", "audiences": audiences, "algorithms": OFFERED, "keys": keys});
        let config = json!({"issuers": [issuer], "require_claims": [], "clock_skew": "36500d"});
        Self { fetching: compile(config), sets: vec![None], inline: None }
    }

    pub fn judge(&self, case: &Case) -> Verdict {
        let now = case.now.unwrap_or(NOW);
        let fetched = self.fetching.as_ref().map(|jwt| self.verdict(jwt, case, now));
        let inline = self.inline.as_ref().map(|jwt| self.verdict(jwt, case, now));
        match (fetched, inline) {
            (Some(fetched), Some(inline)) => {
                let same = matches!(fetched, Verdict::Valid) == matches!(inline, Verdict::Valid);
                assert!(same, "{}: fetched keys and those of config differ", case.id);
                inline
            }
            (Some(fetched), None) => fetched,
            (None, _) => {
                let none = |names: &Vec<String>| !names.iter().any(|name| is_offered(name));
                let none_offered = case.alg.as_ref().is_some_and(none);
                assert!(none_offered, "{}: config refused", case.id);
                Verdict::Invalid("config refused".to_owned())
            }
        }
    }

    fn verdict(&self, jwt: &Jwt, case: &Case, now: u64) -> Verdict {
        let verified = jwt.verify(case.token.as_bytes(), Nanos(now * 1_000_000_000), &|set| self.sets[set].clone());
        match verified {
            Ok(verified) => {
                for header in verified.headers {
                    let value = header.value.unwrap_or_default();
                    assert!(!value.contains(|c: char| c.is_ascii_control()), "{}", case.id);
                }
                Verdict::Valid
            }
            Err(Unverified::Refused(reason)) => Verdict::Invalid(reason.code().to_owned()),
            Err(Unverified::NoKeys { .. }) => Verdict::Invalid(Reason::JwksUnavailable.code().to_owned()),
            Err(Unverified::UnknownKid { .. }) => Verdict::Invalid(Reason::UnknownKid.code().to_owned()),
        }
    }

    /// Whether such claims come as far as the keys.
    pub fn reads(&self, claims: &Value) -> Result<(), Reason> {
        self.reads_token(&token_of(claims.to_string().as_bytes()))
    }

    fn reads_token(&self, token: &str) -> Result<(), Reason> {
        let jwt = self.fetching.as_ref().unwrap();
        match jwt.verify(token.as_bytes(), Nanos(NOW * 1_000_000_000), &|_| None) {
            Err(Unverified::NoKeys { .. }) => Ok(()),
            Err(Unverified::Refused(reason)) => Err(reason),
            other => panic!("{other:?}"),
        }
    }
}

/// All but the signature.
pub fn reads(case: &Case) -> Verdict {
    match Authenticator::reading(json!([])).reads_token(&case.token) {
        Ok(()) => Verdict::Valid,
        Err(reason) => Verdict::Invalid(reason.code().to_owned()),
    }
}

/// The signature alone, whatever the payload. That is no token: it must be refused as one.
pub fn signature_holds(case: &Case) -> Verdict {
    assert!(matches!(Authenticator::of(case).judge(case), Verdict::Invalid(_)), "{}", case.id);
    if verifies(case).unwrap_or(false) { Verdict::Valid } else { Verdict::Invalid(String::new()) }
}

fn verifies(case: &Case) -> Option<bool> {
    let (keys, _) = KeySet::fetched(&text(&case.key)).ok()?;
    let (input, signature) = case.token.rsplit_once('.')?;
    let (header, payload) = input.split_once('.')?;
    base64url::decode(payload)?;
    let header = parse_json(&base64url::decode(header)?).ok()?;
    let algorithm = Algorithm::of_name(header.get("alg")?.as_str()?)?;
    let signature = base64url::decode(signature)?;
    let mut candidates = keys.candidates(algorithm, header.get("kid").and_then(Value::as_str)).ok()?;
    Some(candidates.any(|key| key.verifies(algorithm, input.as_bytes(), &signature)))
}

/// A token of this payload, and of a signature that is nobody's.
pub fn token_of(payload: &[u8]) -> String {
    format!("{}.{}.c2ln", BASE64URL.encode(r#"{"alg":"HS256"}"#), BASE64URL.encode(payload))
}

/// The authenticator, if the config is one.
fn compile(config: Value) -> Option<Jwt> {
    let Value::Object(config) = config else { return None };
    let mut remotes = Remotes::default();
    read::<RawJwt>(config)
        .ok()?
        .compile("authenticators.cases", &Env::default(), &mut |raw, issuer| remotes.add(raw, issuer))
        .ok()
}
