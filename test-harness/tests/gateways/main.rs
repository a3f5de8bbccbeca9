//! The set-ups of other gateways, as `examples/` translates them: each bootstrap starts in a real Envoy and does what the gateway it
//! stands for does, and what is for that gateway itself is accepted by the module that it mounts. What the Express gateway
//! does is for its own tests to say, `scripts/e2e-express`.
//!
//! What needs Envoy or a built module is ignored, with the reason, where there is none. `SLUICEGATE_ENVOY` names another
//! binary than `target/tools/envoy`.

mod aws;
// Of both, the tests of `envoy/` use more.
#[allow(dead_code)]
#[path = "../bootstraps/bootstrap.rs"]
mod bootstrap;
#[allow(dead_code)]
#[path = "../bootstraps/envoy.rs"]
mod envoy;
mod kong;
mod proxy;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::bootstrap::root;

fn main() {
    let trials = vec![
        trial("express: envoy.yaml carries config.json", &[], || proxy::same_config("express-gateway")),
        trial("express: Envoy takes envoy.yaml", &["dist/gateway.wasm", "Envoy"], || proxy::taken("express-gateway")),
        trial("kong: envoy.yaml carries config.json", &[], || proxy::same_config("kong-gateway")),
        trial("kong: kong.yml says the same", &[], kong::declarative),
        trial("kong: the module in Kong's engine, by kong.yml", &["dist/kong/gateway.wasm"], kong::in_kongs_engine),
        trial("kong: envoy.yaml in Envoy", &["dist/gateway.wasm", "Envoy"], kong::in_envoy),
        trial("aws: envoy.yaml carries config.json", &[], || proxy::same_config("aws-api-gateway")),
        trial("aws: the usage plan", &["dist/gateway.wasm"], aws::usage_plan),
        trial("aws: envoy.yaml in Envoy", &["dist/gateway.wasm", "Envoy"], aws::in_envoy),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// A trial that is ignored, its kind saying why, where something that it needs is not there.
fn trial(name: &str, needs: &[&str], run: fn() -> Result<(), Failed>) -> Trial {
    let missing = needs.iter().find(|what| match **what {
        "Envoy" => envoy::binary().is_none(),
        file => !root().join(file).is_file(),
    });
    let kind = missing.map(|what| format!("SKIPPED, no {what}")).unwrap_or_default();
    Trial::test(name, run).with_ignored_flag(missing.is_some()).with_kind(kind)
}
