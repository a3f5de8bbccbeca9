//! What is seen of a bootstrap's settings from outside, through a real Envoy.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use upstream::{Service, Upstream};

use crate::bootstrap::Bootstrap;
use crate::envoy::Envoy;

/// Where the client connects from. Not 127.0.0.1: for that peer Envoy appends an address of its own
/// machine to X-Forwarded-For instead of the peer's.
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
/// Where the client claims to be.
const FORGED: &str = "203.0.113.66";
const ORIGIN: &str = "https://app.example.com";
/// A client that no rule of the tests is for.
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));
/// `{"iss":"https://api.example.com","sub":"ada","role":"user","exp":4102444800}`, signed (HS256) with the `JWT_SECRET` of
/// the bootstraps.
const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
    eyJpc3MiOiJodHRwczovL2FwaS5leGFtcGxlLmNvbSIsInN1YiI6ImFkYSIsInJvbGUiOiJ1c2VyIiwiZXhwIjo0MTAyNDQ0ODAwfQ.\
    NmV35BjLwxUSP0PolVCQjjs4NXlUSSZYivdW7gPdAzM";

/// What the user service's cluster is called where there are breakers: as Istio would, and with words in it that are
/// labels' elsewhere.
const CLUSTER: &str = "outbound|80||users.mode.svc.cluster.local";
/// How long a breaker may take to close: its wait is a second.
const RECOVERS_WITHIN: Duration = Duration::from_secs(20);
/// What there is of a breaker that has opened and closed, and some labels of each.
const BREAKER_METRICS: &[(&str, &[&str])] = &[
    ("state", &[]),
    ("calls_total", &["kind=\"successful\""]),
    ("calls_total", &["kind=\"failed\""]),
    ("slow_calls_total", &["kind=\"successful\""]),
    ("rejections_total", &["state=\"open\""]),
    ("transitions_total", &["from=\"closed\"", "to=\"open\""]),
    ("transitions_total", &["from=\"open\"", "to=\"half_open\""]),
    ("transitions_total", &["from=\"half_open\"", "to=\"closed\""]),
];

type Outcome = Result<(), String>;

/// Starts Envoy from the bootstrap and makes every check; the failures of all are told.
pub fn all_in_envoy(bootstrap: Bootstrap) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let gateway = Gateway::start(bootstrap).await?;
        let outcomes = [
            ("client address at the upstream", gateway.client_address_at_the_upstream().await),
            ("client address in the filter", gateway.client_address_in_the_filter().await),
            ("services", gateway.services().await),
            ("preflight", gateway.preflight().await),
            ("replies", gateway.replies().await),
            ("credentials", gateway.credentials().await),
            ("paths", gateway.paths().await),
            ("underscores", gateway.underscores().await),
            ("limits", gateway.limits().await),
            ("breakers", gateway.breakers().await),
            // After the others: it reads what they have counted.
            ("metrics", gateway.metrics().await),
        ];
        let wrong: Vec<String> = outcomes
            .into_iter()
            .filter_map(|(check, outcome)| outcome.err().map(|error| format!("{check}: {error}")))
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
    })
}

struct Gateway {
    envoy: Envoy,
    client: Client,
    stranger: Client,
    has_cors: bool,
    has_transform: bool,
    has_auth: bool,
    has_limits: bool,
    has_breakers: bool,
    /// The upstream's control listener.
    control: SocketAddr,
}

impl Gateway {
    async fn start(mut bootstrap: Bootstrap) -> Result<Self, String> {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let services = vec![(Service::User, any_port)];
        let upstream = Upstream { listen: any_port, control: any_port, services };
        let upstream = upstream.start().await.map_err(|error| error.to_string())?;
        let ports = [(9000, upstream.listen.port()), (9002, upstream.services[Service::User.name()].port())];
        let module = crate::module(&bootstrap);
        let config = with_address_rules(&bootstrap);
        bootstrap.redirect(&module, &config, ports);
        if bootstrap.name == "circuit-breaker" {
            bootstrap.rename_cluster("user-service", CLUSTER);
        }
        let envoy = Envoy::start(&bootstrap).await?;
        let from = |address| Client::builder().local_address(address).build().map_err(|error| error.to_string());
        let has = |filter: &str| ["gateway", filter].contains(&bootstrap.name.as_str());
        Ok(Self {
            envoy,
            client: from(PEER)?,
            stranger: from(STRANGER)?,
            has_cors: has("cors"),
            has_transform: has("header-transform"),
            has_auth: has("auth"),
            has_limits: has("rate-limit"),
            has_breakers: bootstrap.name == "circuit-breaker",
            control: upstream.control,
        })
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.envoy.address))
    }

    /// The client would resolve `..` itself. Not from the peer, so it shows who it is.
    fn get_as_written(&self, path: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.envoy.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let head = "host: localhost\r\nconnection: close";
        write!(stream, "GET {path} HTTP/1.1\r\n{head}\r\nauthorization: Bearer {TOKEN}\r\n\r\n")?;
        io::read_to_string(stream)
    }

    async fn preflight_from(&self, origin: &str) -> Result<Response, String> {
        let request = self
            .request(Method::OPTIONS, "/echo")
            .header("x-forwarded-for", FORGED)
            .header("origin", origin)
            .header("access-control-request-method", "PUT");
        request.send().await.map_err(|error| error.to_string())
    }

    /// `use_remote_address`: the peer stands last, whatever the client wrote.
    async fn client_address_at_the_upstream(&self) -> Outcome {
        let request = self.request(Method::GET, "/echo").header("x-forwarded-for", FORGED);
        let seen = json_of(request).await?;
        let addresses = header(&seen, "x-forwarded-for").unwrap_or_default();
        let last = addresses.rsplit(',').next().unwrap_or_default().trim();
        expect("the last address of x-forwarded-for", last, &PEER.to_string())?;
        let external = header(&seen, "x-envoy-external-address").unwrap_or_default();
        expect("x-envoy-external-address", &external, &PEER.to_string())
    }

    /// Rules by `source_ips` see the peer; a header tells which rule was chosen.
    async fn client_address_in_the_filter(&self) -> Outcome {
        let forged = || self.request(Method::GET, "/echo").header("x-forwarded-for", FORGED);
        if !self.has_cors && !self.has_transform {
            // The peer's rule lets it in: without credentials, under limits that it does not reach.
            let answer = forged().send().await.map_err(|error| error.to_string())?;
            return expect("status", answer.status().as_str(), "200");
        }
        let (answer, told) = match self.has_cors {
            true => (self.preflight_from(ORIGIN).await?, "access-control-max-age"),
            false => (forged().send().await.map_err(|error| error.to_string())?, "x-rule"),
        };
        expect("60: the peer's rule, 1: the forged address's", &text_header(&answer, told), "60")
    }

    /// Each service gets the paths that it serves, whoever takes the prefix off.
    async fn services(&self) -> Outcome {
        let user = json_of(self.request(Method::GET, "/user-service/users/1")).await?;
        expect("the user's id", &user["id"].to_string(), "1")?;
        let users = json_of(self.request(Method::GET, "/user-service/users?limit=2")).await?;
        expect("users on a page of two", &users["count"].to_string(), "2")
    }

    async fn preflight(&self) -> Outcome {
        if !self.has_cors {
            return Ok(());
        }
        let allowed = self.preflight_from(ORIGIN).await?;
        expect("status", allowed.status().as_str(), "204")?;
        expect("allowed origin", &text_header(&allowed, "access-control-allow-origin"), ORIGIN)?;
        expect("allowed method", &text_header(&allowed, "access-control-allow-methods"), "PUT")?;
        let refused = self.preflight_from("https://evil.example").await?;
        let granted: Vec<&str> = refused
            .headers()
            .keys()
            .map(|name| name.as_str())
            .filter(|name| name.starts_with("access-control-"))
            .collect();
        expect("headers for a stranger", &granted.join(" "), "")
    }

    /// The route `not-found` and its words; `server_header_transformation`; no client chooses a route by what only the
    /// filter may say.
    async fn replies(&self) -> Outcome {
        if !self.has_transform {
            return Ok(());
        }
        let request = self.request(Method::GET, "/nowhere?x=1").header("x-correlation-id", "order-4711");
        let answer = request.send().await.map_err(|error| error.to_string())?;
        expect("status", answer.status().as_str(), "404")?;
        expect("server", &text_header(&answer, "server"), "")?;
        expect("x-correlation-id", &text_header(&answer, "x-correlation-id"), "order-4711")?;
        let body = answer.text().await.map_err(|error| error.to_string())?;
        let want = r#"{"correlationId":"order-4711","error":"Route not found","path":"/nowhere"}"#;
        expect("body", &body, want)?;
        let forged = self.request(Method::GET, "/users/1").header("x-original-path", "/user-service/users/1");
        let forged = forged.send().await.map_err(|error| error.to_string())?;
        expect("status for a forged x-original-path", forged.status().as_str(), "404")
    }

    /// The secret in the VM's environment; whose token it is, the service alone is told.
    async fn credentials(&self) -> Outcome {
        if !self.has_auth {
            return Ok(());
        }
        let request = || self.stranger.get(format!("http://{}/echo/mine", self.envoy.address));
        let refused = request().send().await.map_err(|error| error.to_string())?;
        expect("status without a token", refused.status().as_str(), "401")?;
        let challenges = text_header(&refused, "www-authenticate");
        expect("the first challenge", challenges.split(", ").next().unwrap_or_default(), "Bearer realm=\"api\"")?;
        let seen = json_of(request().bearer_auth(TOKEN).header("x-consumer-id", "root")).await?;
        expect("x-consumer-id", &header(&seen, "x-consumer-id").unwrap_or_default(), "own:ada")?;
        expect("authorization", &header(&seen, "authorization").unwrap_or_default(), "")
    }

    /// `normalize_path`, `merge_slashes`, `path_with_escaped_slashes_action`.
    async fn paths(&self) -> Outcome {
        let answer = self.get_as_written("/echo//a/../b").map_err(|error| error.to_string())?;
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let seen: Value = serde_json::from_str(body).map_err(|error| format!("{error}: {answer}"))?;
        expect("the path", seen["path"].as_str().unwrap_or_default(), "/echo/b")?;
        let refused = self.request(Method::GET, "/echo/a%2Fb").send().await;
        let refused = refused.map_err(|error| error.to_string())?;
        expect("the status of an encoded slash", refused.status().as_str(), "400")
    }

    /// `headers_with_underscores_action`.
    async fn underscores(&self) -> Outcome {
        let refused = self.request(Method::GET, "/echo").header("x_user_id", "1").send().await;
        let refused = refused.map_err(|error| error.to_string())?;
        expect("the status of a header with an underscore", refused.status().as_str(), "400")
    }

    /// Whoever tries to log in is told how often it still may, and then when again.
    async fn limits(&self) -> Outcome {
        if !self.has_limits {
            return Ok(());
        }
        let attempt = || self.request(Method::POST, "/auth/login").header("x-forwarded-for", FORGED);
        for left in (0..5).rev() {
            let answer = attempt().send().await.map_err(|error| error.to_string())?;
            expect("ratelimit-policy", &text_header(&answer, "ratelimit-policy"), "\"login\";q=5;w=900")?;
            let told = text_header(&answer, "ratelimit");
            expect("what is left", told.split(";t=").next().unwrap_or_default(), &format!("\"login\";r={left}"))?;
        }
        let refused = attempt().send().await.map_err(|error| error.to_string())?;
        expect("status of the sixth login", refused.status().as_str(), "429")?;
        let wait: Option<u64> = text_header(&refused, "retry-after").parse().ok();
        match wait {
            Some(840..=900) => Ok(()),
            _ => Err(format!("retry-after: expected 840 to 900 seconds, found {wait:?}")),
        }
    }

    /// Each service has a breaker of its own, shared by both workers: it opens, probes, and closes again.
    async fn breakers(&self) -> Outcome {
        if !self.has_breakers {
            return Ok(());
        }
        self.set_health(json!({ "mode": "slow", "delay_ms": 150 })).await?;
        expect("status of a slow service", &self.status_of_users().await?, "200")?;
        self.set_health(json!({ "mode": "failing" })).await?;
        let mut rejected = self.users().await?;
        // After ten, or up to ten more: the other worker may tell of a success late, and so amid them.
        for _ in 0..20 {
            if rejected.headers().contains_key("retry-after") {
                break;
            }
            expect("status of a failing service", rejected.status().as_str(), "503")?;
            rejected = self.users().await?;
        }
        expect("retry-after of an open breaker", &text_header(&rejected, "retry-after"), "1")?;
        let told: Value = serde_json::from_str(&rejected.text().await.map_err(|error| error.to_string())?)
            .map_err(|error| error.to_string())?;
        expect("the breaker", told["service"].as_str().unwrap_or_default(), CLUSTER)?;
        json_of(self.request(Method::GET, "/echo")).await?;

        self.set_health(json!({ "mode": "ok" })).await?;
        let deadline = Instant::now() + RECOVERS_WITHIN;
        // Rejected until its second is over; then five probes pass and close it.
        for _ in 0..5 {
            while self.status_of_users().await? != "200" {
                if Instant::now() > deadline {
                    return Err(format!("it has not recovered within {RECOVERS_WITHIN:?}"));
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        let state = format!("sluicegate_circuit_breaker_state{{id=\"services\",breaker=\"{CLUSTER}\"}} 0");
        let all = self.envoy.admin("/stats/prometheus").await?;
        expect("the gauge", all.lines().find(|line| **line == state).unwrap_or_default(), &state)
    }

    async fn users(&self) -> Result<Response, String> {
        self.request(Method::GET, "/user-service/users/1").send().await.map_err(|error| error.to_string())
    }

    async fn status_of_users(&self) -> Result<String, String> {
        Ok(self.users().await?.status().as_str().to_owned())
    }

    async fn set_health(&self, mode: Value) -> Outcome {
        let url = format!("http://{}/__control/{}", self.control, Service::User.name());
        let answer = self.client.put(url).header("content-type", "application/json").body(mode.to_string());
        let status = answer.send().await.map_err(|error| error.to_string())?.status();
        expect("status of the control listener", status.as_str(), "200")
    }

    /// `stats_config`: the pairs of a counter's name have become labels, all of them.
    async fn metrics(&self) -> Outcome {
        let all = self.envoy.admin("/stats/prometheus?usedonly").await?;
        let ours: Vec<&str> = all.lines().filter(|line| line.starts_with("sluicegate_")).collect();
        let has_counter = |parts: &[&str]| match ours.iter().any(|line| parts.iter().all(|part| line.contains(part))) {
            true => Ok(()),
            false => Err(format!("expected a counter with {parts:?}, found {ours:#?}")),
        };
        has_counter(&["_requests_total{", "outcome=\"", "code=\"", "rule=\"peer\"", "mode=\"enforce\""])?;
        if self.has_limits {
            has_counter(&["sluicegate_rate_limit_exceeded_total{", "limit=\"login\"", "mode=\"enforce\""])?;
        }
        if self.has_breakers {
            for (metric, labels) in BREAKER_METRICS {
                let breaker = format!("breaker=\"{CLUSTER}\"");
                let metric = format!("sluicegate_circuit_breaker_{metric}{{");
                let parts: Vec<&str> =
                    [metric.as_str(), "id=\"services\"", &breaker].iter().chain(labels.iter()).copied().collect();
                has_counter(&parts)?;
            }
            has_counter(&["_requests_total{", "outcome=\"refused\"", "code=\"circuit_open\"", "mode=\"enforce\""])?;
        }
        Ok(())
    }
}

/// The example's configuration with two rules more, told apart by the answer: for the address that the client claims, and
/// for the one it has.
fn with_address_rules(bootstrap: &Bootstrap) -> Value {
    let rule = |name: &str, address: &str, told: &str| {
        let max_age = json!({ "max_age": format!("{told}s") });
        let patch = match bootstrap.name.as_str() {
            // The gateway's rules patch the object of all filters.
            "gateway" => json!({ "cors": max_age }),
            // What costs more than there is never fits.
            "rate-limit" if name == "forged" => {
                json!({ "limits": [{ "name": "nothing", "requests": 1, "per": "1d", "cost": { "fixed": 2 } }] })
            }
            "rate-limit" => json!({}),
            "circuit-breaker" if name == "forged" => json!({ "state": "forced_open" }),
            // Opens and recovers while somebody waits; no hiccup of the machine is a slow call.
            "circuit-breaker" => {
                json!({ "wait_duration_in_open_state": "1s", "wait_backoff": { "jitter": 0 }, "slow_call_duration": "100ms", "slow_call_rate_threshold": 0 })
            }
            "auth" if address == PEER.to_string() + "/32" => json!({ "require": { "public": {} } }),
            "auth" => json!({}),
            "header-transform" => {
                json!({ "response": [{ "op": "set", "target": "header", "name": "x-rule", "value": told }] })
            }
            _ => max_age,
        };
        json!({ "name": name, "match": { "source_ips": [address] }, "config": patch })
    };
    let mut config = bootstrap.example_config();
    let added = [rule("forged", &format!("{FORGED}/32"), "1"), rule("peer", &format!("{PEER}/32"), "60")];
    match config["rules"].as_array_mut() {
        Some(rules) => rules.extend(added),
        None => config["rules"] = json!(added),
    }
    config
}

async fn json_of(request: RequestBuilder) -> Result<Value, String> {
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let status = answer.status();
    let body = answer.text().await.map_err(|error| error.to_string())?;
    serde_json::from_str(&body).map_err(|error| format!("{status}, {error}: {body}"))
}

/// A header that the echo saw.
fn header(seen: &Value, name: &str) -> Option<String> {
    let pairs = seen["headers"].as_array()?;
    pairs.iter().find(|pair| pair[0] == name)?[1].as_str().map(str::to_owned)
}

fn text_header(answer: &Response, name: &str) -> String {
    let values = answer.headers().get_all(name).iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect::<Vec<_>>().join(", ")
}

fn expect(what: &str, found: &str, want: &str) -> Outcome {
    if found == want { Ok(()) } else { Err(format!("{what}: expected {want:?}, found {found:?}")) }
}
