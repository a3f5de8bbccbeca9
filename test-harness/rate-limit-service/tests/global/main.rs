//! A limit that two Envoys share: both ask one rate limit service, which counts in a real Redis.
//!
//! What needs Envoy, Redis or a module is ignored, with the reason, where there is none.

mod backend;
mod edge;
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
    let trials = vec![trial("two proxies with Envoy's own filter share a limit", &envoy, async |envoy| {
        two_proxies(envoy, &native()).await
    })];
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
                "timeout": "10s",
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
