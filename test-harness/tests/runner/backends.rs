//! One plugin, both backends: what a scenario can say means the same in each.

use test_harness::backend::Backend;
use test_harness::backend::envoy::{Envoy, Install};
use test_harness::backend::wasmtime::Wasmtime;
use test_harness::scenario::{Verdict, run};

use crate::hello;

/// Everything that can happen to a request on its way.
const UPSTREAMS: &str = r#"
name: what the upstream does comes back
plugin: ./hello.wasm
config: {}
now: 2026-01-01T00:00:00Z
steps:
- request: {method: POST, body: {chunks: [one, two]}, trailers: {x-t: "1"}}
  upstream: {status: 201, headers: [[set-cookie, a=1], [set-cookie, b=2]], body: {chunks: [x, y]}, trailers: {x-u: "2"}}
  expect:
    status: 201
    headers: {set-cookie: [a=1, b=2], x-hello: world}
    body: xy
    trailers: {x-u: "2"}
    saw: {method: POST, body: onetwo, trailers: {x-t: "1"}}
- request: {method: HEAD}
  expect: {status: 200, body: ""}
- request: {}
  upstream: {status: 204}
  expect: {status: 204, body: ""}
- request: {}
  upstream: {status: 503, body: busy}
  expect: {body: busy}
- request: {}
  upstream: {fails: refused}
  expect: {status: 503}
- request: {}
  expect: {status: 200, upstream: reached}
- request: {}
  upstream: {fails: reset}
  expect: {status: 503, upstream: reached}
- request: {}
  upstream: {fails: bad_protocol}
  expect: {status: 502}
- request: {}
  upstream: {fails: timeout}
  expect: {status: 504}
- request: {}
  upstream: {after: 10s}
  expect: {status: 200}
- request: {}
  upstream: {fails: reset_after_headers, body: part}
  expect: {status: 200, body: part}
- request: {}
  expect: {status: 200}
"#;

const WORKERS: &str = "
name: workers and clients are told apart
plugin: ./hello.wasm
config: {}
workers: 3
steps:
- request: {worker: 2, from: 127.0.0.9}
  expect: {status: 200}
- request: {worker: 0}
  expect: {status: 200}
- request: {worker: 1}
  expect: {status: 200, metrics: {hello_requests_total: 3}}
- request: {worker: 2, from: 127.0.0.9}
  expect: {status: 200, metrics: {hello_requests_total: 4}}
";

const CHAIN: &str = "
name: a chain adds up
plugins:
- {plugin: ./hello.wasm, name: first, config: {}, vm_id: a}
- {plugin: ./hello.wasm, name: second, config: {}, vm_id: b}
steps:
- request: {}
  expect: {headers: {x-hello: [world, world]}, metrics: {hello_requests_total: 2}}
- request: {headers: {x-deny: '1'}}
  expect: {status: 403, headers: {x-hello: world}, metrics: {hello_requests_total: 3}}
";

const OTHER_CLUSTER: &str = "
name: the route may lead elsewhere
plugin: ./hello.wasm
config: {}
route: {name: r, cluster: orders}
clusters: {idp: [{answer: {status: 204}}]}
steps:
- request: {}
  expect: {upstream: reached, body: upstream}
";

const NO_ROUTE: &str = "
name: a request without a route is answered, and the filter sees that
plugin: ./hello.wasm
config: {}
route: {fails: no_route}
steps:
- request: {method: POST, body: unread}
  expect: {status: 404, headers: {x-hello: world}, body: '', upstream: untouched}
";

const UNKNOWN_CLUSTER: &str = "
name: a route may lead nowhere
plugin: ./hello.wasm
config: {}
route: {fails: unknown_cluster}
steps:
- request: {}
  expect: {status: 503, headers: {x-hello: world}, body: '', upstream: untouched}
";

const NO_HEALTHY_HOST: &str = "
name: a cluster may have no healthy host
plugin: ./hello.wasm
config: {}
route: {fails: no_healthy_host}
steps:
- request: {method: POST, body: unread}
  expect: {status: 503, headers: {x-hello: world}, body: no healthy upstream, upstream: untouched}
";

const DIRECT_RESPONSE: &str = "
name: a route may answer by itself
plugin: ./hello.wasm
config: {}
route: {direct_response: {status: 418, body: short and stout}}
steps:
- request: {}
  expect: {status: 418, headers: {x-hello: world, content-type: text/plain}, body: short and stout, upstream: untouched}
- request: {headers: {x-deny: '1'}}
  expect: {status: 403, upstream: untouched}
";

const ROUTES: [&str; 4] = [NO_ROUTE, UNKNOWN_CLUSTER, NO_HEALTHY_HOST, DIRECT_RESPONSE];

fn hold_in(backend: &dyn Backend) {
    let folder = hello::folder();
    for text in [UPSTREAMS, WORKERS, CHAIN, OTHER_CLUSTER, CHAIN].into_iter().chain(ROUTES) {
        let report = run(&hello::scenario(folder.path(), text), backend);
        assert_eq!(report.verdict(), Verdict::Passed, "{text}\n{report}");
    }
}

/// A demand that is not met is found, wherever it stands.
fn catch_in(backend: &dyn Backend) {
    let folder = hello::folder();
    let wrong: &[(&str, &str)] = &[
        ("- request: {}\n  expect: {status: 201}", "status"),
        ("- request: {}\n  expect: {headers: {x-hello: earth}}", "headers.x-hello"),
        ("- request: {}\n  expect: {absent: [x-hello]}", "absent.x-hello"),
        ("- request: {}\n  expect: {upstream: untouched}", "upstream"),
        ("- request: {path: /a}\n  expect: {saw: {path: /b}}", "saw.path"),
        ("- request: {}\n  expect: {metrics: {hello_requests_total: 2}}", "metrics.hello_requests_total"),
        ("- request: {headers: {x-trap: '1'}}\n  expect: {status: 503}", "diagnostics"),
        (
            "- request: {headers: {x-trap: '1'}}\n  expect: {status: 503, diagnostics: [trap], unlogged: [about]}",
            "unlogged",
        ),
    ];
    for (step, field) in wrong {
        let text = format!("name: n\nplugin: ./hello.wasm\nconfig: {{}}\nsteps:\n{step}\n");
        let report = run(&hello::scenario(folder.path(), &text), backend);
        let fields: Vec<&str> = report.mismatches.iter().map(|(_, mismatch)| mismatch.field.as_str()).collect();
        assert!(fields.contains(field), "{step}: expected {field} among {fields:?}");
    }
}

#[test]
fn scenarios_hold_in_wasmtime() {
    hold_in(&Wasmtime::default());
    catch_in(&Wasmtime::default());
}

#[test]
fn scenarios_hold_in_envoy() {
    let Some(envoy) = envoy() else { return };
    hold_in(&envoy);
    catch_in(&envoy);
}

#[test]
fn raw_bytes_reach_envoy_as_they_are() {
    let Some(envoy) = envoy() else { return };
    let folder = hello::folder();
    let text = r#"
name: two lengths are refused before any filter
plugin: ./hello.wasm
config: {}
only: {backend: envoy, because: it sends raw bytes}
steps:
- request: {raw: {bytes: 'GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n'}}
  expect: {status: 400, upstream: untouched, absent: [x-hello]}
"#;
    let report = run(&hello::scenario(folder.path(), text), &envoy);
    assert_eq!(report.verdict(), Verdict::Passed, "{report}");
}

fn envoy() -> Option<Envoy> {
    match Install::find() {
        Ok(install) if install.clock.is_some() => Some(Envoy::new(install)),
        Ok(_) => {
            println!("SKIPPED: {}", Install::NO_CLOCK);
            None
        }
        Err(why) => {
            println!("SKIPPED: {why}");
            None
        }
    }
}
