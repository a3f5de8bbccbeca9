//! The filter that the first page shows, in a real Envoy.

use std::fs;

use libtest_mimic::Failed;
use reqwest::{Client, Method};
use serde_json::Value;

use crate::bootstrap::{Bootstrap, root};
use crate::envoy::Envoy;

/// What the README puts before the router.
fn filter() -> Result<Value, Failed> {
    let readme = fs::read_to_string(root().join("README.md"))?;
    let block = readme.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next());
    let mut block: Value = serde_saphyr::from_str(block.ok_or("no block of YAML")?)?;
    match block["http_filters"].as_array_mut().map(Vec::as_mut_slice) {
        Some([filter]) => Ok(filter.take()),
        _ => Err(format!("not one filter: {block}").into()),
    }
}

/// A bootstrap with that filter in place of its own, the module apart: Envoy starts, and the configuration is at work.
pub fn in_envoy(mut bootstrap: Bootstrap) -> Result<(), Failed> {
    let module = crate::module(&bootstrap);
    let listener = &mut bootstrap.value["static_resources"]["listeners"][0];
    listener["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"][0] = filter()?;
    let config = bootstrap.config();
    // Preflights are answered by the filter: no upstream is asked.
    bootstrap.redirect(&module, &config, [(9000, 9), (9002, 9)]);
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?.block_on(async {
        let envoy = Envoy::start(&bootstrap).await?;
        let client = Client::new();
        for (origin, allowed) in [("https://app.example.com", true), ("https://evil.example", false)] {
            let preflight = client
                .request(Method::OPTIONS, format!("http://{}/", envoy.address))
                .header("origin", origin)
                .header("access-control-request-method", "GET");
            let answer = preflight.send().await?;
            let told = answer.headers().get("access-control-allow-origin").is_some_and(|value| value == origin);
            if told != allowed {
                return Err(format!("a preflight from {origin}: {answer:?}").into());
            }
        }
        Ok(())
    })
}
