//! `docs/alerts.yaml`: every metric and label that a rule names is one that Envoy shows, every code one that a filter's README
//! tells of; Prometheus' own tool takes the file, and its alerts fire when they should (`alerts.test.yaml`).

// Of both, the tests of `envoy/` use more.
#[allow(dead_code)]
#[path = "../bootstraps/bootstrap.rs"]
mod bootstrap;
#[allow(dead_code)]
#[path = "../bootstraps/envoy.rs"]
mod envoy;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use regex::Regex;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::bootstrap::{Bootstrap, root};
use crate::envoy::Envoy;

/// Labels that no metric of Envoy's has: Prometheus adds the one, a rule makes the other.
const NOT_ENVOYS: [&str; 2] = ["instance", "filter"];
const FILTERS: [&str; 6] = ["gateway", "cors", "auth", "rate-limit", "circuit-breaker", "header-transform"];

/// How long what is counted in the background may take.
const SHOWN_WITHIN: Duration = Duration::from_secs(60);

/// Metrics, and the labels of each.
type Shown = BTreeMap<String, BTreeSet<String>>;

fn main() {
    let ready = envoy::binary().is_some() && root().join("dist/gateway.wasm").is_file();
    let promtool = Command::new("promtool").arg("--version").output().is_ok();
    let trials = vec![
        Trial::test("codes are those of the filters", codes),
        Trial::test("metrics and labels are those that Envoy shows", metrics)
            .with_ignored_flag(!ready)
            .with_kind(if ready { "" } else { "SKIPPED, no Envoy or no dist/gateway.wasm" }),
        Trial::test("promtool takes the rules, and they fire", fires)
            .with_ignored_flag(!promtool)
            .with_kind(if promtool { "" } else { "SKIPPED, no promtool: scripts/toolchain prometheus" }),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

struct Rule {
    name: String,
    expr: String,
    summary: String,
}

fn rules() -> Result<Vec<Rule>, Failed> {
    let file: Value = serde_saphyr::from_str(&fs::read_to_string(root().join("docs/alerts.yaml"))?)?;
    let rules = file["groups"].as_array().into_iter().flatten().flat_map(|group| group["rules"].as_array());
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| format!("no text: {value}"));
    let rule = |rule: &Value| -> Result<Rule, String> {
        let summary = text(&rule["annotations"]["summary"])?;
        Ok(Rule { name: text(&rule["alert"])?, expr: text(&rule["expr"])?, summary })
    };
    let rules: Vec<Rule> = rules.flatten().map(rule).collect::<Result<_, _>>()?;
    if rules.is_empty() { Err("no rules".into()) } else { Ok(rules) }
}

/// The metrics that an expression names, each with the labels and values it asks for.
fn selectors(expr: &str) -> Vec<(String, Vec<(String, String)>)> {
    let selector = Regex::new(r"\b((?:sluicegate|envoy)_\w+)(?:\{([^}]*)\})?").expect("a regex");
    let pair = Regex::new(r#"(\w+)=~?"([^"]*)""#).expect("a regex");
    let pairs = |text: &str| pair.captures_iter(text).map(|found| (found[1].to_owned(), found[2].to_owned())).collect();
    let found = selector.captures_iter(expr);
    found.map(|found| (found[1].to_owned(), pairs(found.get(2).map_or("", |labels| labels.as_str())))).collect()
}

fn codes() -> Result<(), Failed> {
    let mut all = String::new();
    for filter in FILTERS {
        all.push_str(&fs::read_to_string(root().join("filters").join(filter).join("README.md"))?);
    }
    let named = rules()?.into_iter().flat_map(|rule| selectors(&rule.expr)).flat_map(|(_, labels)| labels);
    let named: BTreeSet<String> =
        named.flat_map(|(_, values)| values.split('|').map(str::to_owned).collect::<Vec<_>>()).collect();
    let unknown: Vec<&String> = named.iter().filter(|value| !all.contains(&format!("`{value}`"))).collect();
    if unknown.is_empty() { Ok(()) } else { Err(format!("no README tells of {unknown:?}").into()) }
}

fn fires() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    fs::copy(root().join("docs/alerts.yaml"), folder.path().join("alerts.yaml"))?;
    fs::copy(root().join("test-harness/tests/alerts/alerts.test.yaml"), folder.path().join("alerts.test.yaml"))?;
    for arguments in [["check", "rules", "alerts.yaml"], ["test", "rules", "alerts.test.yaml"]] {
        let output = Command::new("promtool").args(arguments).current_dir(&folder).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned().into());
        }
    }
    Ok(())
}

fn metrics() -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let wanted = rules()?.into_iter().flat_map(|rule| selectors(&rule.expr)).map(|(metric, _)| metric).collect();
    let shown = runtime.block_on(shown(&wanted))?;
    let in_summary = Regex::new(r"\$labels\.(\w+)")?;
    let mut wrong = Vec::new();
    for rule in rules()? {
        let mut known: BTreeSet<&str> = NOT_ENVOYS.into();
        for (metric, labels) in selectors(&rule.expr) {
            let Some(has) = shown.get(&metric) else {
                wrong.push(format!("{}: Envoy shows no {metric}", rule.name));
                continue;
            };
            known.extend(has.iter().map(String::as_str));
            let missing = labels.into_iter().filter(|(label, _)| !has.contains(label));
            wrong
                .extend(missing.map(|(label, _)| format!("{}: {metric} has no label {label}, but {has:?}", rule.name)));
        }
        let said = in_summary.captures_iter(&rule.summary).map(|found| found[1].to_owned());
        let unknown = said.filter(|label| !known.contains(label.as_str()));
        wrong.extend(unknown.map(|label| format!("{}: the summary names {label}", rule.name)));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// What Envoy shows once each filter has had something to count, and all of these are there.
async fn shown(wanted: &BTreeSet<String>) -> Result<Shown, Failed> {
    let mut bootstrap =
        Bootstrap::all().into_iter().find(|bootstrap| bootstrap.name == "gateway").ok_or("no gateway")?;
    let mut config = bootstrap.config();
    config["circuit_breaker"] = json!({ "id": "services", "minimum_calls": 2 });
    let keys = json!({ "remote": { "uri": "https://idp.example.com/jwks.json", "cluster": "nowhere" } });
    let issuer = json!({ "name": "idp", "issuer": "https://idp.example.com", "algorithms": ["RS256"], "keys": keys });
    config["auth"]["authenticators"]["users"]["issuers"].as_array_mut().ok_or("no issuers")?.push(issuer);
    config["rate_limit"]["store"] = json!({ "buckets": 1, "ways": 1 });
    config["rate_limit"]["global"] = json!({ "service": { "cluster": "nowhere" }, "domain": "edge", "descriptors": [[{ "key": "ip", "value": "ip" }]] });
    // Nobody listens there any more.
    let dead = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    bootstrap.redirect(&root().join("dist/gateway.wasm"), &config, [(9000, dead), (9002, dead)]);
    let envoy = Envoy::start(&bootstrap).await?;

    for peer in ["127.0.0.1", "127.0.0.2"] {
        let client = Client::builder().local_address(peer.parse::<std::net::IpAddr>()?).build()?;
        let ask = |method: Method, path: &str| client.request(method, format!("http://{}{path}", envoy.address));
        for path in ["/health", "/payment-service", "/user-service", "/user-service", "/user-service"] {
            ask(Method::GET, path).send().await?;
        }
        let preflight = ask(Method::OPTIONS, "/echo").header("origin", "https://app.example.com");
        preflight.header("access-control-request-method", "PUT").send().await?;
    }
    // Keys are fetched in the background: soon, on a busy machine a little later.
    let deadline = Instant::now() + SHOWN_WITHIN;
    loop {
        let shown = read(&envoy.admin("/stats/prometheus").await?)?;
        if wanted.iter().all(|metric| shown.contains_key(metric)) || Instant::now() > deadline {
            return Ok(shown);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The metrics of an exposition, and the labels of each.
fn read(exposition: &str) -> Result<Shown, Failed> {
    let line = Regex::new(r"(?m)^(\w+)\{([^}]*)\} ")?;
    let label = Regex::new(r#"(\w+)=""#)?;
    let mut shown = Shown::new();
    for found in line.captures_iter(exposition) {
        let labels = label.captures_iter(&found[2]).map(|label| label[1].to_owned());
        shown.entry(found[1].to_owned()).or_default().extend(labels);
    }
    Ok(shown)
}
