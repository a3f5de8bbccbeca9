//! `examples/aws-api-gateway`.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use libtest_mimic::Failed;
use reqwest::{Client, Method};
use serde_json::json;
use test_harness::Request;
use test_harness::backend::wasmtime::Wasmtime;
use test_harness::scenario::{Expect, Jump, Plugin, RequestStep, Scenario, Step, Verdict, run};
use upstream::{Service, Upstream};

use crate::bootstrap::root;
use crate::proxy::{config, expect, json_of, start};

const EXAMPLE: &str = "aws-api-gateway";
const API_KEY: &str = "an example key of the partner";
/// The modulus of the user pool's key `cognito-1`, for RS256.
const MODULUS: &str = "uUiPr8rsAWwz8grMNOOtY1T8okqbW-568qcAwJSdg61B33bMRdrygzk5IrhF8uGaDqBRkcacEaNm4sFo5A8-7hP1Tow1r5hruVl25S7v2aM5rT\
    Ok4sHBM5Y7k_uBadWTC3bWcyqi7iPuVcozkwMoEpyR8X4dweZcinjq7W8wB6ltvQf1deKucE0P8abFTb0x33DzwHtxU46KSi7GWdkCxiNf3frZ\
    7erY9FMKmcLgzDUtHksMSgBMyjj0MTrbO3MZdXSaTZ8pbYPP2qu4KUfXBq2sc9juIU83RaO64sZbBWTOYcolYQwkZ13WU72n4dQKkFfsklaUJs\
    k-DrefJCxDmQ";
/// An id token of the pool's client, of `ada@example.com`, signed with the private half of that key; it ends in 2100.
const ID_TOKEN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImNvZ25pdG8tMSJ9.eyJpc3MiOiJodHRwczovL2NvZ25pdG8taWRwLnVzLWVhc3QtMS5hbWF6b25hd3MuY\
    29tL3VzLWVhc3QtMV9FeGFtcGxlMSIsImF1ZCI6IjFleGFtcGxlMjM0NTY3ODkiLCJzdWIiOiIwYTFiMmMzZC1hZGEiLCJ0b2tlbl91c2UiOiJ\
    pZCIsImVtYWlsIjoiYWRhQGV4YW1wbGUuY29tIiwiY29nbml0bzpncm91cHMiOlsic3RhZmYiXSwiZXhwIjo0MTAyNDQ0ODAwfQ.hWh5aO4IBA\
    EXfWVV3gfUG6ecd1uXit25mEDgwmH6A9u2wWe7TjchBHMv77OfPXIt2qiXqTnadvTlL_7FuxV2Nz7_aTg4eAhnXv-xI9ZWXNLg6PWyg1IClBGs\
    2yGxTR5Y7LqKvIsVK5bI32ifEq-320IHjtbgG0rKoilgidiw-TK53AGDaYbITTR0ZkxehLjLCcwYJHY7c7lJ5YJPlZySFL-XTa9AJgQtB15SSq\
    dO72MAvSldlAooRxh06Q2SDnOhxAK4nuu2B2V2f06_WPgP1tzRSl_JTP7USjUrIAyxoYh37y6VZvmShnpW9qcZ5bWQkr8YF2aHh4AwccPoUJ4O\
    -w";

/// The partner's month: what the plan and the method's own throttle admit, to the last request. With a smaller quota than
/// the example's 10,000, which would take minutes.
pub fn usage_plan() -> Result<(), Failed> {
    // As many at once as the method's burst, then as many a second as its rate, up to the quota.
    let (burst, rate, quota) = (200, 100, 400);
    let mut config = config(EXAMPLE)?;
    let table = &mut config["rate_limit"]["plans"]["table"]["partner-usage-plan"];
    expect("the plan's quota", &table["quota"], &json!({"requests": 10_000, "per": "month"}))?;
    table["quota"]["requests"] = json!(quota);
    let module = root().join("dist/gateway.wasm");
    let mut scenario = Scenario::new("usage plan", vec![Plugin::new("gateway", module, config.to_string())]);
    // 2026-02-01T00:00:00Z
    scenario.now = Some(1_769_904_000_000_000_000);
    let mut admitted = 0;
    while admitted < quota {
        let at_once = if admitted == 0 { burst } else { rate };
        scenario.steps.extend((0..at_once).map(|_| products(200)));
        admitted += at_once;
        scenario.steps.push(products(429));
        scenario.steps.push(Step::Jump(Jump::Forward(Duration::from_secs(1))));
    }
    // March.
    scenario.steps.push(products(429));
    scenario.steps.push(Step::Jump(Jump::Forward(Duration::from_secs(28 * 24 * 3600))));
    scenario.steps.push(products(200));
    let report = run(&scenario, &Wasmtime::default());
    match report.verdict() {
        Verdict::Passed => Ok(()),
        _ => Err(report.to_string().into()),
    }
}

/// GET /products with the partner's key, and the status that must come of it.
fn products(status: u16) -> Step {
    let headers = vec![(b"x-api-key".to_vec(), API_KEY.as_bytes().to_vec())];
    let request = Request { path: b"/products".to_vec(), headers, ..Request::default() };
    Step::Request(Box::new(RequestStep::new(request, Expect { status: Some(status), ..Expect::default() })))
}

pub fn in_envoy() -> Result<(), Failed> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?.block_on(stack())
}

async fn stack() -> Result<(), Failed> {
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    let names = [Service::User, Service::Order, Service::Product];
    let services = names.map(|service| (service, any_port)).to_vec();
    let upstream = Upstream { listen: any_port, control: any_port, services }.start().await?;
    let mut clusters: Vec<(&str, u16)> =
        names.map(|service| (service.name(), upstream.services[service.name()].port())).to_vec();
    clusters.push(("user-pool", user_pool()?));
    let envoy = start(EXAMPLE, &clusters, json!({})).await?;
    let client = Client::new();
    let ask = |method: &str, path: &str| {
        let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        client.request(method, format!("http://{}{path}", envoy.address))
    };

    for (method, path, status) in [
        ("GET", "/users", 200),
        ("POST", "/users", 201),
        ("GET", "/users/1", 200),
        ("GET", "/orders", 200),
        ("POST", "/orders", 201),
        // No route, and so no question who asks.
        ("DELETE", "/users/1", 404),
        ("GET", "/users/1/preferences", 404),
        ("POST", "/products", 404),
    ] {
        let request = ask(method, path).header("content-type", "application/json").body(r#"{"name":"x"}"#);
        let answer = request.bearer_auth(ID_TOKEN).send().await?;
        let found = (answer.status().as_u16(), answer.headers().contains_key("x-amzn-requestid"));
        expect(&format!("status and request id of {method} {path}"), &found, &(status, true))?;
    }
    let refused = ask("GET", "/users").send().await?;
    expect("the status without a token", &refused.status().as_u16(), &401)?;
    let id = refused.headers()["x-amzn-requestid"].to_str()?.to_owned();
    let told = json_of(refused).await?;
    expect("the error's id", &told["correlationId"], &json!(id))?;
    expect("the error", &told["error"], &json!("missing_credential"))?;

    let without = ask("GET", "/products").send().await?;
    expect("the status without a key", &without.status().as_u16(), &403)?;
    let with = ask("GET", "/products").header("x-api-key", API_KEY).send().await?;
    expect("the status with one", &with.status().as_u16(), &200)?;
    let policy = with.headers()["ratelimit-policy"].to_str()?;
    let plan = r#""get-products";q=200;w=2, "plan-throttle";q=2000;w=2, "plan-quota";q=10000;w="#;
    expect("whether the plan is told", &policy.starts_with(plan), &true)
}

/// A server of the pool's keys, for as long as the process lives; its port.
fn user_pool() -> Result<u16, Failed> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let key = json!({"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "cognito-1", "n": MODULUS, "e": "AQAB"});
    let keys = json!({ "keys": [key] }).to_string();
    let answer = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{keys}", keys.len());
    thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let head = connection.try_clone().map(BufReader::new).map(BufRead::lines);
            let ended = |line: &std::io::Result<String>| line.as_ref().is_ok_and(|line| !line.is_empty());
            head.into_iter().flatten().take_while(ended).for_each(drop);
            drop(connection.write_all(answer.as_bytes()));
        }
    });
    Ok(port)
}
