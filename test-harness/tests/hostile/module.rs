//! The modules of `dist/`, and configurations under which they look at everything a request has.

use std::path::{Path, PathBuf};

use libtest_mimic::Failed;
use serde_json::{Map, Value, json};
use test_harness::FailurePolicy;
use test_harness::scenario::{Plugin, Scenario};

/// A built module.
pub struct Module {
    /// Its file's stem.
    pub name: String,
    file: PathBuf,
}

/// What becomes of a path that can be read in two ways.
#[derive(Clone, Copy)]
pub enum OnAmbiguousPath {
    /// The filter answers 400.
    Reject,
    /// Rules see it as it came.
    MatchRaw,
}

/// The header that chooses among [`Module::policies`].
pub const POLICY: &str = "x-policy";

/// Every module in `dist/`, by name.
pub fn discover() -> Vec<Module> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist");
    let entries = folder.read_dir().into_iter().flatten().filter_map(Result::ok);
    let files = entries.map(|entry| entry.path()).filter(|file| file.extension().is_some_and(|end| end == "wasm"));
    let mut modules: Vec<Module> = files
        .filter_map(|file| Some(Module { name: file.file_stem()?.to_str()?.to_owned(), file: file.clone() }))
        .collect();
    modules.sort_by(|one, other| one.name.cmp(&other.name));
    modules
}

impl Module {
    /// The module under its example configuration and the rules that look at everything.
    ///
    /// # Errors
    /// There is no example, or it is no JSON object.
    pub fn scenario(&self, on_ambiguous_path: OnAmbiguousPath) -> Result<Scenario, Failed> {
        let mut config = self.example()?;
        let object = config.as_object_mut().ok_or("the example is no object")?;
        self.part(object, "auth", "auth").map(let_everybody_in);
        self.part(object, "rate-limit", "rate_limit").map(limit_nobody);
        self.part(object, "circuit-breaker", "circuit_breaker").map(reject_nobody);
        let mut rules = watching_rules();
        rules.extend(self.policies(object.contains_key("cors")));
        object.insert("rules".to_owned(), rules.into());
        let reading = match on_ambiguous_path {
            OnAmbiguousPath::Reject => "reject",
            OnAmbiguousPath::MatchRaw => "match_raw",
        };
        object.insert("on_ambiguous_path".to_owned(), reading.into());
        object.insert(
            "client_ip".to_owned(),
            json!({"from": "x_forwarded_for", "trusted_hops": 1, "peer_appended": true}),
        );
        let mut plugin = Plugin::new(self.name.clone(), self.file.clone(), config.to_string());
        plugin.failure_policy = FailurePolicy::FailClosed;
        plugin.environment = vec![("JWT_SECRET".to_owned(), "a secret of at least thirty-two bytes".to_owned())];
        Ok(Scenario::new(format!("hostile/{}", self.name), vec![plugin]))
    }

    /// Whether the example configuration speaks CORS.
    ///
    /// # Errors
    /// There is no example.
    pub fn speaks_cors(&self) -> Result<bool, Failed> {
        Ok(self.name == "cors" || self.example()?.get("cors").is_some())
    }

    /// The config of a filter: the whole of its own module, a field of the gateway.
    fn part<'o>(
        &self,
        config: &'o mut Map<String, Value>,
        module: &str,
        field: &str,
    ) -> Option<&'o mut Map<String, Value>> {
        if self.name == module { Some(config) } else { config.get_mut(field)?.as_object_mut() }
    }

    fn example(&self) -> Result<Value, Failed> {
        let file = if self.name == "auth" { "any-of.json" } else { "config.json" };
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(&self.name).join(file);
        let text = std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(serde_json::from_slice(&text)?)
    }

    /// Rules that choose another policy by [`POLICY`]: `strict` refuses origins, `open` is for all and
    /// lets preflights through, `mirror` repeats whatever it is sent.
    fn policies(&self, within_gateway: bool) -> Vec<Value> {
        let cors = [
            ("strict", json!({"on_disallowed_origin": "reject", "allow_private_network": true})),
            (
                "open",
                json!({
                    "allow_origins": ["*"], "allow_credentials": false, "allow_methods": ["*"],
                    "allow_headers": ["*"], "expose_headers": ["*"], "preflight_continue": true,
                }),
            ),
            (
                "mirror",
                json!({
                    "allow_origin_regex": [".*"], "allow_methods": ["*"], "allow_headers": ["*"],
                    "expose_headers": ["*"], "allow_credentials": true,
                }),
            ),
        ];
        let patch = |policy: Value| match self.name.as_str() {
            "cors" => policy,
            _ if within_gateway => json!({"cors": policy}),
            _ => json!({}),
        };
        let rule = |(name, policy)| json!({"name": name, "match": {"headers": [{"name": POLICY, "exact": name}]}, "config": patch(policy)});
        cors.map(rule).into()
    }
}

/// Judges the credentials that a request shows, and asks for none: honest requests have none. They stay in the request:
/// all that a client sends is to reach the upstream.
fn let_everybody_in(auth: &mut Map<String, Value>) {
    let require = auth.remove("require");
    auth.insert("require".to_owned(), json!({"optional": require}));
    auth.insert("hide_credentials".to_owned(), json!(false));
    auth.remove("authorize");
    auth.remove("rules");
}

/// Counts by all that a client can choose, in tables that are soon full, and refuses nobody.
fn limit_nobody(rate_limit: &mut Map<String, Value>) {
    let limit = |name: &str, key: Value| json!({"name": name, "requests": 1_000_000_000, "per": "1s", "key": key, "on_missing_key": "share"});
    let mut values = limit("values", json!(["header:x-plain", "header:origin", "query:q", "cookie:session"]));
    values["cost"] = json!({"header": {"name": "x-plain", "max": 2}});
    let mut places = limit("places", json!(["method", "host", "path", "path_template", "route"]));
    places["match"] = json!({"paths": [{"template": "/{first}/{second}"}, {"prefix": "/"}]});
    let callers = limit("callers", json!(["ip", "consumer", "credential", "group", "claim:/sub"]));
    rate_limit.insert("limits".to_owned(), json!([values, places, callers]));
    rate_limit.insert("store".to_owned(), json!({"buckets": 16, "ways": 4}));
    rate_limit.insert("headers".to_owned(), json!(["draft", "draft6", "x_ratelimit"]));
    rate_limit.remove("rules");
}

/// Tells breakers apart by all that a request can have, more than there is room for, and judges by so many calls that
/// none opens, whatever the upstream answers.
fn reject_nobody(circuit_breaker: &mut Map<String, Value>) {
    circuit_breaker.insert("scope".to_owned(), json!(["host", "path_template", "route", "cluster"]));
    circuit_breaker.insert("hosts".to_owned(), json!(["example.com", "*.watched.example"]));
    circuit_breaker.insert("max_breakers".to_owned(), json!(2));
    circuit_breaker.insert("ignore".to_owned(), json!({"paths": [{"regex": "/(ignored|[a-z]+ed)+"}]}));
    circuit_breaker.insert("minimum_calls".to_owned(), json!(1_000_000));
    circuit_breaker.insert("window".to_owned(), json!({"type": "time", "size": "60s"}));
    circuit_breaker.insert("consecutive_failures".to_owned(), json!(0));
    circuit_breaker.remove("rules");
}

/// A rule for each thing a matcher reads. None fits an honest request, so all of them are tried.
fn watching_rules() -> Vec<Value> {
    let tests = ["exact", "prefix", "suffix", "contains", "regex"];
    let each = |name: &str| tests.map(|test| json!({"name": name, test: "watched.*"}));
    let headers = ["x-plain", "origin", "content-type", "x-correlation-id", "x-request-id", "host"];
    let paths = json!([
        {"exact": "/watched"}, {"prefix": "/watched/below"}, {"template": "/watched/{id}/{part}/end"},
        {"regex": "/(watched|[a-z]+ed)+"},
    ]);
    let rule = |name: &str, condition: Value| json!({"name": name, "match": condition, "config": {}});
    vec![
        rule("paths", json!({"paths": paths})),
        rule("hosts", json!({"hosts": ["watched.example", "*.watched.example", "[::1]"]})),
        rule("methods", json!({"methods": ["WATCHED"]})),
        rule("headers", json!({"headers": headers.map(each).concat()})),
        rule("query", json!({"query": each("q")})),
        rule("cookies", json!({"cookies": each("session")})),
        rule("addresses", json!({"source_ips": ["192.0.2.0/24", "2001:db8::/32"]})),
        rule("routes", json!({"route_names": ["watched"]})),
    ]
}
