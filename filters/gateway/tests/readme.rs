//! The configs in the READMEs of the gateway and its filters work.

use sluicegate_auth::Auth;
use sluicegate_circuit_breaker::CircuitBreaker;
use sluicegate_common::chain::Chain;
use sluicegate_common::config::Env;
use sluicegate_common::module::Module;
use sluicegate_common::single::Single;
use sluicegate_cors::Cors;
use sluicegate_gateway::Gateway;
use sluicegate_header_transform::HeaderTransform;
use sluicegate_rate_limit::RateLimit;

fn assert_accepted<C: Chain>(readme: &str) {
    let rest = readme.split("```json\n").skip(1);
    let blocks: Vec<&str> = rest.map(|rest| rest.split("```").next().unwrap_or_default()).collect();
    assert_eq!(blocks.len(), readme.matches("```json").count());
    assert!(!blocks.is_empty());
    for block in blocks {
        let env = Env::from_iter([
            ("JWT_SECRET", "an example secret, not for production"),
            ("GLOBEX_API_KEY", "an example key of globex"),
        ]);
        let refused = Module::<C>::configure(block.as_bytes(), &env).err();
        assert_eq!(refused.map(|errors| errors.to_string()), None, "{block}");
    }
}

#[test]
fn every_config_of_the_gateways_readme_is_accepted() {
    assert_accepted::<Gateway>(include_str!("../README.md"));
}

#[test]
fn every_config_of_the_readme_of_cors_is_accepted() {
    assert_accepted::<Single<Cors>>(include_str!("../../cors/README.md"));
}

#[test]
fn every_config_of_the_readme_of_header_transform_is_accepted() {
    assert_accepted::<Single<HeaderTransform>>(include_str!("../../header-transform/README.md"));
}

#[test]
fn every_config_of_the_readme_of_auth_is_accepted() {
    assert_accepted::<Single<Auth>>(include_str!("../../auth/README.md"));
}

#[test]
fn every_config_of_the_readme_of_rate_limit_is_accepted() {
    assert_accepted::<Single<RateLimit>>(include_str!("../../rate-limit/README.md"));
}

#[test]
fn every_config_of_the_readme_of_circuit_breaker_is_accepted() {
    assert_accepted::<Single<CircuitBreaker>>(include_str!("../../circuit-breaker/README.md"));
}
