//! A limit that two Envoys share: both ask one rate limit service, which counts in a real Redis.
//!
//! Where Envoy or Redis is missing, the tests are ignored, and it is told.

mod backend;
mod edge;
mod play;
mod process;

use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::backend::Redis;
use crate::play::{Limiter, two_proxies};

fn main() {
    let envoy = edge::binary().and_then(|envoy| match Redis::installed() {
        true => Ok(envoy),
        false => Err("no redis-server: run `scripts/toolchain redis`".to_owned()),
    });
    if let Err(why) = &envoy {
        eprintln!("all are skipped: {why}");
    }
    let trial = |name: &str, limiter: Limiter| match envoy.clone() {
        Ok(envoy) => Trial::test(name, move || play(&envoy, &limiter)),
        Err(_) => Trial::test(name, || Ok(())).with_ignored_flag(true),
    };
    let trials = vec![trial("two proxies with Envoy's own filter share a limit", native())];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn play(envoy: &Path, limiter: &Limiter) -> Result<(), Failed> {
    tokio::runtime::Runtime::new()?.block_on(two_proxies(envoy, limiter))
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
    let told =
        &[("x-ratelimit-limit", "50, 50;w=86400"), ("x-ratelimit-remaining", "49"), ("x-ratelimit-reset", "82800")];
    Limiter { filter, unavailable: StatusCode::SERVICE_UNAVAILABLE, told }
}
