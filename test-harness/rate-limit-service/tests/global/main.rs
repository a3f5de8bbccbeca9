//! A limit that two Envoys share: both ask one rate limit service, which counts in a real Redis.
//!
//! What needs Envoy, Redis or a module is ignored, with the reason, where there is none.

mod backend;
mod edge;
mod example;
mod load;
mod play;
mod process;

use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::backend::Redis;
use crate::play::{Limiter, Told, two_proxies};

fn main() {
    let envoy = edge::binary().and_then(|envoy| match Redis::installed() {
        true => Ok(envoy),
        false => Err("SKIPPED, no redis-server: run `scripts/toolchain redis`".to_owned()),
    });
    let with_modules = envoy.clone().and_then(|envoy| match example::missing_module() {
        None => Ok(envoy),
        Some(name) => Err(format!("SKIPPED, no dist/{name}.wasm: make build")),
    });
    let trials = vec![
        Trial::test("the example's bootstrap carries its config", example::same_config),
        Trial::test("the example's services have the same limits", example::same_limits),
        Trial::test("the example's composition fits its bootstrap", example::composition),
        trial("two proxies with Envoy's own filter share a limit", &envoy, async |envoy| {
            two_proxies(envoy, &native()).await
        }),
        trial("two proxies with the module share a limit", &with_modules, async |envoy| {
            two_proxies(envoy, &module()).await
        }),
        trial("two proxies of the example share a limit", &with_modules, example::in_envoy),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// A trial that is ignored, its kind saying why, where something is missing.
fn trial<T>(name: &str, envoy: &Result<PathBuf, String>, test: T) -> Trial
where
    T: AsyncFnOnce(&Path) -> Result<(), Failed> + Send + 'static,
{
    let missing = envoy.as_ref().err().cloned();
    let envoy = envoy.clone();
    let run = move || tokio::runtime::Runtime::new()?.block_on(test(&envoy?));
    Trial::test(name, run).with_ignored_flag(missing.is_some()).with_kind(missing.unwrap_or_default())
}

/// Envoy's own filter: what the service and the rest of the test are measured by.
fn native() -> Limiter {
    let filter = |deny: bool| -> Value {
        json!({
            "name": "limit",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit",
                "domain": "edge",
                "timeout": "60s",
                "failure_mode_deny": deny,
                "status_on_error": {"code": "ServiceUnavailable"},
                "enable_x_ratelimit_headers": "DRAFT_VERSION_03",
                "rate_limit_service": {
                    "grpc_service": {"envoy_grpc": {"cluster_name": "ratelimit"}},
                    "transport_api_version": "V3",
                },
            },
        })
    };
    let told: [Told; 2] = [
        &[("x-ratelimit-limit", "50, 50;w=86400"), ("x-ratelimit-remaining", "49"), ("x-ratelimit-reset", "82800")],
        &[("x-ratelimit-remaining", "44")],
    ];
    Limiter { filter, unavailable: StatusCode::SERVICE_UNAVAILABLE, told }
}

/// The module: the consumer in the header `x-consumer`, as in Envoy's own filter.
fn module() -> Limiter {
    let filter = |deny: bool| -> Value {
        let config = json!({
            "global": {
                "service": {"cluster": "ratelimit", "timeout": "60s"},
                "domain": "edge",
                "descriptors": [[{"key": "consumer", "value": "header:x-consumer"}]],
                "cost": {"header": {"name": "x-cost", "default": 1, "max": 100}},
                "failure_mode": if deny { "deny" } else { "allow" },
            },
        });
        json!({
            "name": "limit",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "config": {
                    "vm_config": {
                        "runtime": "envoy.wasm.runtime.v8",
                        "code": {"local": {"filename": example::module("rate-limit")}},
                    },
                    "configuration": {
                        "@type": "type.googleapis.com/google.protobuf.StringValue",
                        "value": config.to_string(),
                    },
                },
            },
        })
    };
    let told: [Told; 2] = [
        &[("ratelimit-policy", r#""consumer";q=50;w=86400"#), ("ratelimit", r#""consumer";r=49;t=82800"#)],
        &[("ratelimit", r#""consumer";r=44;t=82800"#)],
    ];
    Limiter { filter, unavailable: StatusCode::SERVICE_UNAVAILABLE, told }
}
