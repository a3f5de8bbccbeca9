//! Where tokens stand, and what a refusal says.

use regex::Regex;
use serde::Deserialize;
use serde_json::{Value, json};
use test_harness::backend::{Backend, Sent};
use test_harness::{Headers, Request};

use crate::cases::load;
use crate::hs256;
use crate::player::{Setting, code, shows};

#[derive(Deserialize)]
struct Case {
    id: String,
    name: String,
    config: Config,
    request: Shown,
    expect: String,
    strength: String,
}

#[derive(Deserialize)]
struct Config {
    from_headers: Vec<HeaderSource>,
    #[serde(default)]
    from_params: Vec<String>,
    #[serde(default)]
    from_cookies: Vec<String>,
}

#[derive(Deserialize)]
struct HeaderSource {
    name: String,
    prefix: Option<String>,
}

#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    headers: Vec<(String, String)>,
    path: Option<String>,
}

/// Plays the file: all of strength `must` and `should` are as expected.
pub fn play(backend: &dyn Backend) {
    let Some(cases) = load::<Vec<Case>>("jwt/extraction.json") else { return };
    let mut failed = Vec::new();
    let mut agree = std::collections::BTreeMap::<&str, usize>::new();
    for case in &cases {
        let sent = case.play(backend);
        let told = format!("{} ({}): {} {}", case.id, case.name, sent.response.status, code(&sent));
        assert!(sent.response.status < 500, "{told}");
        match (case.agrees(&sent), case.strength.as_str()) {
            (agrees, "policy") => println!(
                "    policy, expected {}, {}: {told}",
                case.expect,
                if agrees { "so it is" } else { "it is not" }
            ),
            (true, strength) => *agree.entry(strength).or_default() += 1,
            (false, strength) => failed.push(format!("{strength} {told}: expected {}", case.expect)),
        }
    }
    println!("jwt/extraction.json in {}: agree {agree:?}, differ {}", backend.name(), failed.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

impl Case {
    fn play(&self, backend: &dyn Backend) -> Sent {
        let issuer = json!({"name": "own", "algorithms": ["HS256"], "keys": {"jwks": hs256::jwks()}});
        let authenticator = json!({"type": "jwt", "from": self.config.sources(), "issuers": [issuer]});
        // What the answer to an insufficient scope says needs one.
        let asks = self.expect.contains("insufficient_scope");
        let authorize = if asks { json!([{"name": "orders", "allow": {"scopes": ["orders"]}}]) } else { Value::Null };
        let setting = Setting { authenticator, authorize, ..Setting::default() };
        let sent = setting.play(backend, &[self.request()]).unwrap_or_else(|| panic!("{}: config refused", self.id));
        sent.into_iter().next().unwrap_or_default()
    }

    /// `T` is a token that is good. What is said of refusals alone names no request.
    fn request(&self) -> Request {
        let token = hs256::token(json!({}));
        if self.expect.contains("insufficient_scope") {
            return shows(&token);
        }
        if self.expect.contains("invalid_token") {
            return shows("T");
        }
        let word = Regex::new(r"\bT\b").expect("a pattern");
        let fill = |text: &str| {
            let escaped = token.strip_prefix('e').map(|rest| format!("%65{rest}")).unwrap_or_default();
            word.replace_all(text, &token).replace("%54", &escaped).into_bytes()
        };
        let headers: Headers =
            self.request.headers.iter().map(|(name, value)| (name.clone().into_bytes(), fill(value))).collect();
        let path = self.request.path.as_deref().map_or_else(|| b"/".to_vec(), fill);
        Request { path, headers, ..Request::default() }
    }

    fn agrees(&self, sent: &Sent) -> bool {
        let Sent { response, upstream, .. } = sent;
        let challenge = String::from_utf8_lossy(response.header("www-authenticate").unwrap_or_default()).into_owned();
        let (reached, code) = (upstream.is_some(), code(sent));
        // A fragment is refused before its path is looked at.
        let missing = !reached && (code == "missing_credential" || response.status == 400);
        let refused = !reached && response.status == 401 && code != "missing_credential";
        match self.expect.as_str() {
            "none" => missing,
            "none/invalid" => missing || refused,
            expect if expect.starts_with("invalid") => refused,
            "T" | "T decoded" => reached,
            "upstream has no authorization header" => {
                upstream.as_ref().is_some_and(|request| request.header("authorization").is_none())
            }
            expect if expect.starts_with("401 + WWW-Authenticate") => {
                response.status == 401 && challenge.starts_with("Bearer realm=") && !challenge.contains("error")
            }
            expect if expect.starts_with("401 + error=\"invalid_token\"") => {
                response.status == 401 && challenge.contains(", error=\"invalid_token\"")
            }
            "403 + error=\"insufficient_scope\"" => {
                response.status == 403 && challenge.contains(", error=\"insufficient_scope\"")
            }
            other => panic!("{}: this test cannot read the expectation {other}", self.id),
        }
    }
}

impl Config {
    fn sources(&self) -> Value {
        let header = |source: &HeaderSource| match &source.prefix {
            Some(prefix) => json!({"header": source.name, "prefix": prefix}),
            None => json!({"header": source.name}),
        };
        let headers = self.from_headers.iter().map(header);
        let parameters = self.from_params.iter().map(|name| json!({"query": name}));
        headers.chain(parameters).chain(self.from_cookies.iter().map(|name| json!({"cookie": name}))).collect()
    }
}
