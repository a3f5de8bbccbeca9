//! `envoy/reload`: a filter in a file of its own, exchanged while Envoy runs.
//!
//! What needs Envoy or a built module is ignored, with the reason, where there is none.

// Of both, the tests of `envoy/` use more.
#[allow(dead_code)]
#[path = "../bootstraps/bootstrap.rs"]
mod bootstrap;
#[allow(dead_code)]
#[path = "../bootstraps/envoy.rs"]
mod envoy;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bootstrap::{Bootstrap, root};
use crate::envoy::Envoy;

const MODULE: &str = "dist/cors.wasm";
const FILTER: &str = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters/0";
const TYPED_CONFIG: &str = "/resources/0/typed_config";
/// Envoy compiles the module for each new configuration.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);

fn main() {
    let missing =
        [(envoy::binary().is_none(), "Envoy: scripts/toolchain envoy"), (!root().join(MODULE).is_file(), MODULE)]
            .into_iter()
            .find_map(|(is_missing, what)| is_missing.then_some(what));
    let kind = missing.map(|what| format!("SKIPPED, no {what}")).unwrap_or_default();
    let in_envoy = |name: &str, run: fn() -> Result<(), Failed>| {
        Trial::test(name, run).with_ignored_flag(missing.is_some()).with_kind(&kind)
    };
    let trials = vec![
        Trial::test("envoy/reload is envoy/cors.yaml but for where the filter stands", same_as_cors),
        in_envoy("a new filter is taken, a bad one is refused and the one before it stays", || block_on(exchanged())),
        in_envoy("with a bad one from the start, nothing passes", || block_on(bad_from_the_start())),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn block_on(test: impl Future<Output = Result<(), Failed>>) -> Result<(), Failed> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(test)
}

fn read(file: &str) -> Result<Value, Failed> {
    let text = fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}"))?;
    serde_saphyr::from_str(&text).map_err(|error| format!("{file}: {error}").into())
}

fn same_as_cors() -> Result<(), Failed> {
    let (mut here, cors, file) =
        (read("envoy/reload/envoy.yaml")?, read("envoy/cors.yaml")?, read("envoy/reload/filter.yaml")?);
    let filter = here.pointer_mut(FILTER).ok_or("no filter")?;
    if filter["name"] != file["resources"][0]["name"] {
        return Err(format!("the filter is {}, the file's {}", filter["name"], file["resources"][0]["name"]).into());
    }
    *filter = json!({ "name": filter["name"], "typed_config": file.pointer(TYPED_CONFIG) });
    here.as_object_mut().ok_or("no object")?.remove("node");
    if here == cors { Ok(()) } else { Err(format!("expected {cors:#}, found {here:#}").into()) }
}

/// An Envoy whose filter is a file of this test's.
struct Proxy {
    folder: TempDir,
    envoy: Envoy,
}

impl Proxy {
    async fn start(config: Value) -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        write(folder.path(), config)?;
        let mut value = read("envoy/reload/envoy.yaml")?;
        let source = &mut value.pointer_mut(FILTER).ok_or("no filter")?["config_discovery"]["config_source"];
        source["path_config_source"]["path"] = json!(folder.path().join("filter.yaml"));
        source["path_config_source"]["watched_directory"]["path"] = json!(folder.path());
        value["static_resources"]["listeners"][0]["address"]["socket_address"]["port_value"] = json!(0);
        value["admin"]["address"]["socket_address"]["port_value"] = json!(0);
        let envoy = Envoy::start(&Bootstrap { name: "reload".into(), value, example: String::new() }).await?;
        Ok(Self { folder, envoy })
    }

    /// The origin that a preflight from there is answered with.
    async fn allowed(&self, origin: &str) -> Result<Option<String>, Failed> {
        let request = Client::new().request(Method::OPTIONS, format!("http://{}/echo", self.envoy.address));
        let request = request.header("origin", origin).header("access-control-request-method", "GET");
        let answer = request.send().await?;
        let allowed = answer.headers().get("access-control-allow-origin");
        Ok(allowed.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()))
    }

    async fn counted(&self, what: &str) -> Result<bool, Failed> {
        let filter = format!("/stats?filter=sluicegate.cors.{what}$");
        Ok(self.envoy.admin(&filter).await?.trim().ends_with(": 1"))
    }
}

/// The file's filter with this configuration, in one step.
fn write(folder: &Path, config: Value) -> Result<(), Failed> {
    let mut filter = read("envoy/reload/filter.yaml")?;
    let plugin = &mut filter.pointer_mut(TYPED_CONFIG).ok_or("no typed_config")?["config"];
    plugin["configuration"]["value"] = json!(config.to_string());
    plugin["vm_config"]["code"]["local"]["filename"] = json!(root().join(MODULE));
    let next = folder.join("next.yaml");
    fs::write(&next, filter.to_string())?;
    Ok(fs::rename(next, folder.join("filter.yaml"))?)
}

fn origins(origin: &str) -> Value {
    json!({ "allow_origins": [origin] })
}

async fn exchanged() -> Result<(), Failed> {
    let [old, new] = ["https://old.example", "https://new.example"];
    let proxy = Proxy::start(origins(old)).await?;
    expect("at the start", proxy.allowed(old).await?, Some(old))?;

    write(proxy.folder.path(), origins(new))?;
    let deadline = Instant::now() + TAKEN_WITHIN;
    while proxy.allowed(new).await?.is_none() {
        if Instant::now() > deadline {
            return Err(format!("the new filter was not taken:\n{}", proxy.envoy.log()).into());
        }
        tokio::task::yield_now().await;
    }
    expect("the origin that is allowed no more", proxy.allowed(old).await?, None)?;

    write(proxy.folder.path(), json!({ "allow_orgins": [old] }))?;
    let deadline = Instant::now() + TAKEN_WITHIN;
    while !proxy.counted("update_rejected").await? {
        if Instant::now() > deadline {
            return Err(format!("the bad filter was not refused:\n{}", proxy.envoy.log()).into());
        }
    }
    expect("after a bad one", proxy.allowed(new).await?, Some(new))?;
    let log = proxy.envoy.log();
    if log.contains("allow_orgins: unknown field") {
        Ok(())
    } else {
        Err(format!("the log does not say why:\n{log}").into())
    }
}

async fn bad_from_the_start() -> Result<(), Failed> {
    let proxy = Proxy::start(json!({ "allow_orgins": [] })).await?;
    let answer = Client::new().get(format!("http://{}/echo", proxy.envoy.address)).send().await?;
    if answer.status() == 500 { Ok(()) } else { Err(format!("{}", answer.status()).into()) }
}

fn expect(what: &str, found: Option<String>, want: Option<&str>) -> Result<(), Failed> {
    match found.as_deref() == want {
        true => Ok(()),
        false => Err(format!("{what}: expected {want:?}, found {found:?}").into()),
    }
}
