//! Istio's five plugins side by side in a real Envoy, put there as Istio does it: by phase and priority, without a
//! `vm_id`, the configuration as JSON of a `google.protobuf.Struct`.

use std::net::SocketAddr;

use libtest_mimic::{Failed, Trial};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use upstream::{Service, Upstream};

use crate::bootstrap::{Bootstrap, root};
use crate::envoy::{self, Envoy};
use crate::manifest::Manifest;
use crate::{SECRET, in_order, trial};

const ORIGIN: &str = "https://app.example.com";
const KEY: &str = "an example key of acme";
const WASM: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";

pub fn trials(all: &[Manifest]) -> Vec<Trial> {
    let plugins = in_order(all).unwrap_or_default();
    let without_module =
        plugins.iter().find(|it| !module(it).is_file()).map(|it| format!("{}: make build", module(it).display()));
    let missing =
        if envoy::binary().is_none() { Some("Envoy: scripts/toolchain envoy".into()) } else { without_module };
    vec![trial("Istio's plugins together in Envoy".into(), missing, move || {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?.block_on(together(&plugins))
    })]
}

fn module(manifest: &Manifest) -> std::path::PathBuf {
    let [plugin] = manifest.plugins().try_into().unwrap_or_else(|_| panic!("{}: one plugin", manifest.file));
    root().join("dist").join(format!("{}.wasm", plugin.module))
}

/// What Istio makes of the manifest for Envoy.
fn filter(manifest: &Manifest) -> Value {
    let spec = &manifest.value["spec"];
    let name = format!("istio-ingress.{}", manifest.name());
    let env = spec["vmConfig"]["env"].as_array().into_iter().flatten();
    let env: serde_json::Map<_, _> =
        env.map(|it| (it["name"].as_str().unwrap_or_default().into(), json!(SECRET))).collect();
    let vm = json!({
        "runtime": "envoy.wasm.runtime.v8",
        "code": {"local": {"filename": module(manifest)}},
        "environment_variables": {"key_values": env},
    });
    let configuration = json!({
        "@type": "type.googleapis.com/google.protobuf.StringValue",
        "value": spec["pluginConfig"].to_string(),
    });
    let config = json!({
        "name": name, "vm_config": vm, "configuration": configuration, "failure_policy": spec["failStrategy"],
    });
    json!({"name": name, "typed_config": {"@type": WASM, "config": config}})
}

struct Gateway {
    envoy: Envoy,
    client: Client,
}

impl Gateway {
    /// `envoy/gateway.yaml` with these filters in place of its one.
    async fn start(plugins: &[Manifest]) -> Result<Self, Failed> {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let upstream = Upstream { listen: any_port, control: any_port, services: vec![(Service::User, any_port)] };
        let upstream = upstream.start().await?;
        let ports = [(9000, upstream.listen.port()), (9002, upstream.services[Service::User.name()].port())];
        let mut bootstrap =
            Bootstrap::all().into_iter().find(|it| it.name == "gateway").ok_or("no envoy/gateway.yaml")?;
        bootstrap.redirect(&root(), &json!({}), ports);
        let listener = &mut bootstrap.value["static_resources"]["listeners"][0];
        let filters = &mut listener["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"];
        let router = filters[1].take();
        *filters = plugins.iter().map(filter).chain([router]).collect();
        Ok(Self { envoy: Envoy::start(&bootstrap).await?, client: Client::new() })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.envoy.address)).header("origin", ORIGIN)
    }
}

async fn together(plugins: &[Manifest]) -> Result<(), Failed> {
    let gateway = Gateway::start(plugins).await?;
    let orders = "/order-service/orders";

    let preflight = gateway.request(Method::OPTIONS, orders).header("access-control-request-method", "PUT");
    expect(
        "a preflight without credentials",
        &preflight.send().await?,
        204,
        &[("access-control-allow-origin", Some(ORIGIN))],
    )?;

    let refused = gateway.request(Method::GET, orders).send().await?;
    // Nothing behind auth has seen it.
    let headers = [("access-control-allow-origin", Some(ORIGIN)), ("ratelimit", None), ("x-gateway", None)];
    expect("no credentials", &refused, 401, &headers)?;

    let partner = gateway.request(Method::GET, orders).header("x-api-key", KEY).send().await?;
    let headers = [("access-control-allow-origin", Some(ORIGIN)), ("x-gateway", Some("API-Gateway-v1.0"))];
    expect("a partner", &partner, 200, &headers)?;
    if partner.headers().get("ratelimit").is_none() {
        return Err(format!("no ratelimit in {:?}", partner.headers()).into());
    }

    expect("a direct reply", &gateway.request(Method::GET, "/health").send().await?, 200, &[])?;

    let metrics = gateway.envoy.admin("/stats/prometheus").await?;
    for (filter, outcome) in [
        ("cors", "allowed"),
        ("auth", "allowed"),
        ("rate_limit", "allowed"),
        ("circuit_breaker", ""),
        ("header_transform", ""),
    ] {
        let series = format!("sluicegate_{filter}_requests_total{{outcome=\"{outcome}");
        if !metrics.contains(&series) {
            let ours: Vec<&str> = metrics.lines().filter(|line| line.starts_with("sluicegate_")).collect();
            return Err(format!("no {series} in\n{}", ours.join("\n")).into());
        }
    }
    Ok(())
}

fn expect(what: &str, answer: &Response, status: u16, headers: &[(&str, Option<&str>)]) -> Result<(), Failed> {
    if answer.status() != status {
        return Err(format!("{what}: expected {status}, found {}", answer.status()).into());
    }
    for (name, want) in headers {
        let found = answer.headers().get(*name).and_then(|value| value.to_str().ok());
        if found != *want {
            return Err(format!("{what}: expected {name} {want:?}, found {found:?}").into());
        }
    }
    Ok(())
}
