//! `examples/kong-gateway`.

use std::net::SocketAddr;
use std::path::Path;

use libtest_mimic::Failed;
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use test_harness::Profile;
use test_harness::backend::wasmtime::Wasmtime;
use test_harness::scenario::{Verdict, find, load, run};
use upstream::{Service, Upstream};

use crate::bootstrap::root;
use crate::proxy::{config, expect, json_of, read, start, yaml};

const EXAMPLE: &str = "kong-gateway";
const SECRET: &str = "an example secret of john, not for production";
/// `{"iss":"user-key","exp":4102444800}`, signed (HS256) with [`SECRET`].
const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJ1c2VyLWtleSIsImV4cCI6NDEwMjQ0NDgwMH0.\
    z1lz0PGb5LXeOPrK-7r0h2J3_grIjwL4ZRuSU7p37BM";

/// What Kong 3.7 to 3.9 takes, as far as the example goes; its `strip_path` and `preserve_host` are the defaults.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declarative {
    _format_version: String,
    services: Vec<KongService>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KongService {
    name: String,
    url: String,
    routes: Vec<KongRoute>,
    filter_chains: Vec<FilterChain>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KongRoute {
    #[serde(rename = "name")]
    _name: String,
    hosts: Vec<String>,
    paths: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilterChain {
    #[serde(rename = "name")]
    _name: String,
    filters: Vec<Filter>,
}

/// A filter without a schema of its own takes its config as text alone.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    name: String,
    config: String,
}

fn kong_yml() -> Result<Declarative, Failed> {
    serde_saphyr::from_str(&read(EXAMPLE, "kong.yml")?).map_err(|error| format!("kong.yml: {error}").into())
}

/// `config.json`, with the secret in place of the variable's name: Kong's engine shows modules no environment.
fn config_for_kong() -> Result<Value, Failed> {
    let mut config = config(EXAMPLE)?;
    let keys =
        config.pointer_mut("/auth/authenticators/jwt/issuers/0/keys/secret").ok_or("no secret in config.json")?;
    *keys = json!({ "value": SECRET });
    Ok(config)
}

/// `kong.yml` mounts that module with that config, on the service and route that `envoy.yaml` has.
pub fn declarative() -> Result<(), Failed> {
    let all = kong_yml()?;
    expect("_format_version", &all._format_version.as_str(), &"3.0")?;
    let [service] = all.services.as_slice() else { return Err("kong.yml: not one service".into()) };
    let ([route], [chain]) = (service.routes.as_slice(), service.filter_chains.as_slice()) else {
        return Err("kong.yml: not one route and one chain".into());
    };
    let [filter] = chain.filters.as_slice() else { return Err("kong.yml: not one filter".into()) };
    expect("the module", &filter.name.as_str(), &"gateway")?;
    let carried: Value = serde_json::from_str(&filter.config)?;
    expect("the configuration in kong.yml", &carried, &config_for_kong()?)?;

    let bootstrap = yaml(EXAMPLE, "envoy.yaml")?;
    let manager = &bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"];
    let host = &manager["route_config"]["virtual_hosts"][0];
    expect("the service", &host["name"], &json!(service.name))?;
    expect("the host", &host["domains"][0], &json!(route.hosts[0]))?;
    expect("the path", &host["routes"][0]["match"]["path"], &json!(route.paths[0]))?;
    let target = &host["routes"][0]["route"]["host_rewrite_literal"];
    expect("the service's host", &json!(service.url.trim_start_matches("http://")), target)
}

/// The scenarios of the example, with the module that Kong loads and the config that `kong.yml` has for it.
pub fn in_kongs_engine() -> Result<(), Failed> {
    let config = kong_yml()?.services.remove(0).filter_chains.remove(0).filters.remove(0).config;
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/examples").join(EXAMPLE);
    let files = find(&scenarios)?;
    expect("whether there are scenarios", &files.is_empty(), &false)?;
    for file in files {
        let mut scenario = load(&scenarios, &file)?;
        // It is left out elsewhere for the environment, which is not needed here.
        scenario.not_in.clear();
        for plugin in &mut scenario.plugins {
            plugin.module = root().join("dist/kong/gateway.wasm");
            plugin.configuration = config.clone().into_bytes();
        }
        let report = run(&scenario, &Wasmtime { profile: Profile::Kong });
        if !matches!(report.verdict(), Verdict::Passed) {
            return Err(format!("{}\n{report}", scenario.name).into());
        }
    }
    Ok(())
}

/// The tutorial's steps. That the 101st request of an hour is refused is a scenario's, which has a clock of its own.
pub fn in_envoy() -> Result<(), Failed> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?.block_on(routes())
}

async fn routes() -> Result<(), Failed> {
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    let services = vec![(Service::Echo, any_port)];
    let upstream = Upstream { listen: any_port, control: any_port, services }.start().await?;
    let echo = upstream.services[Service::Echo.name()].port();
    let envoy = start(EXAMPLE, &[("user-service", echo)], json!({ "USER_KEY_SECRET": SECRET })).await?;
    let client = Client::new();
    let get = |path: &str, host: &str| client.get(format!("http://{}{path}", envoy.address)).header("host", host);
    let api = "api.example.com";

    let refused = get("/users", api).send().await?;
    expect("the status without a token", &refused.status().as_u16(), &401)?;
    expect("what it says", &json_of(refused).await?, &json!({"message": "Unauthorized"}))?;

    for (path, host, seen) in [("/users", api, "/"), ("/users/7", "api.example.com:8000", "/7")] {
        let admitted = get(path, host).bearer_auth(TOKEN).header("x-consumer-username", "root").send().await?;
        expect("the status with a token", &admitted.status().as_u16(), &200)?;
        expect("the limit", &admitted.headers()["x-ratelimit-limit"].to_str()?, &"100")?;
        let request = json_of(admitted).await?;
        expect("the path at the service", &request["path"], &json!(seen))?;
        let header = |name: &str| {
            let pairs = request["headers"].as_array().into_iter().flatten();
            pairs.filter(|pair| pair[0] == name).map(|pair| pair[1].clone()).collect::<Vec<Value>>()
        };
        expect("its host", &header("host"), &vec![json!("user-api:3000")])?;
        expect("the consumer", &header("x-consumer-username"), &vec![json!("john")])?;
        expect("the consumer's number", &header("x-consumer-custom-id"), &vec![json!("123")])?;
        expect("the credential", &header("x-credential-identifier"), &vec![json!("user-key")])?;
    }
    // No plugin is asked: 404, not 401.
    for (path, host) in [("/users", "other.example.com"), ("/orders", api), ("/users-of-others", api)] {
        let none = get(path, host).send().await?;
        expect("the status without a route", &none.status().as_u16(), &404)?;
        expect("what it says", &json_of(none).await?, &json!({"message": "no Route matched with those values"}))?;
    }
    Ok(())
}
