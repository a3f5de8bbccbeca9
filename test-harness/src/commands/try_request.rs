//! `try`: what would happen to one request.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use test_harness::backend::wasmtime::exchange;
use test_harness::scenario::{Expect, RequestStep, timeline};
use test_harness::{
    Exchange, Headers, MetricValue, PluginSpec, Profile, Proxy, ProxySpec, Request, Response, Route, UpstreamRequest,
    UpstreamResponse,
};

use super::check::{environment, variable};

/// One request through one plugin, as Envoy or Kong's engine would run it.
#[derive(Args)]
pub struct Try {
    /// The path, with the query.
    #[arg(value_parser = path)]
    path: String,
    /// The module.
    #[arg(long, value_name = "FILE", required_unless_present = "plugin")]
    wasm: Option<PathBuf>,
    /// The module by its name in dist/.
    #[arg(long, value_name = "NAME", conflicts_with = "wasm")]
    plugin: Option<String>,
    /// The plugin's configuration.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The method; POST where there is a body.
    #[arg(short = 'X', value_name = "METHOD", value_parser = method)]
    method: Option<String>,
    /// A header; `host` is that of the request.
    #[arg(short = 'H', value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    /// The body.
    #[arg(short = 'd', value_name = "TEXT")]
    data: Option<String>,
    /// As which host: envoy or kong.
    #[arg(long, default_value_t)]
    profile: Profile,
    /// The client's address.
    #[arg(long, value_name = "IP", default_value = "10.0.0.1")]
    from: IpAddr,
    /// The name of the route.
    #[arg(long, value_name = "NAME", default_value = "default")]
    route: String,
    /// What the upstream answers.
    #[arg(long, value_name = "STATUS", default_value_t = 200, value_parser = clap::value_parser!(u16).range(200..=599))]
    upstream: u16,
    /// Send it so many times, and show the last one.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    times: u32,
    /// A variable of the proxy's environment; others are those of this command.
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,
}

/// What no proxy hands to a filter is refused here: what would become of it is not to be learnt.
fn path(text: &str) -> Result<String, String> {
    let fits = text.starts_with('/') && !text.contains(|letter: char| letter == ' ' || letter.is_ascii_control());
    fits.then(|| text.to_owned()).ok_or_else(|| "expected a path that begins with a slash, without spaces".to_owned())
}

fn method(text: &str) -> Result<String, String> {
    is_token(text).then(|| text.to_owned()).ok_or_else(|| "expected a method such as GET".to_owned())
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("expected NAME: VALUE")?;
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() && !value.is_empty() {
        return Err("pseudo headers are the path, -X and -H 'host: ..'".to_owned());
    }
    if !is_token(name) || value.contains(|letter: char| letter.is_ascii_control() && letter != '\t') {
        return Err("expected NAME: VALUE, a header's name and its value on one line".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// Whether it can be a method, or the name of a header (RFC 9110 section 5.6.2).
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

impl Try {
    /// Prints what happens: 0 whatever it is, 1 the configuration is refused, 2 a file is not there.
    pub fn run(self) -> ExitCode {
        let spec = match self.spec() {
            Ok(spec) => spec,
            Err(problem) => {
                eprintln!("error: {problem}");
                return ExitCode::from(2);
            }
        };
        let mut proxy = match Proxy::start(spec) {
            Ok(proxy) => proxy,
            Err(error) => {
                eprintln!("error: {error}");
                return ExitCode::FAILURE;
            }
        };
        let step = self.step();
        for _ in 1..self.times {
            exchange(&mut proxy, &step);
        }
        let (logs, metrics) = (proxy.logs().len(), proxy.metrics());
        let exchange = exchange(&mut proxy, &step);
        print(&step, &exchange);
        section(
            "logs",
            proxy.logs()[logs..]
                .iter()
                .map(|line| format!("[{:?}] {}", line.level, String::from_utf8_lossy(&line.message))),
        );
        section("metrics", changed(&metrics, &proxy.metrics()));
        section("diagnostics", exchange.diagnostics.iter().map(ToString::to_string));
        ExitCode::SUCCESS
    }

    fn spec(&self) -> Result<ProxySpec, String> {
        let named = self.plugin.as_ref().map(|name| PathBuf::from("dist").join(name).with_extension("wasm"));
        let file = self.wasm.clone().or(named).unwrap_or_default();
        let read = |file: &PathBuf| std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()));
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let plugin = PluginSpec {
            configuration: self.config.as_ref().map(read).transpose()?.unwrap_or_default(),
            environment: environment(self.env.clone()),
            ..PluginSpec::new(name, read(&file)?)
        };
        let route = Route { name: self.route.clone(), ..Route::default() };
        // Tokens are valid today.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(ProxySpec {
            profile: self.profile,
            plugins: vec![plugin],
            now_unix_nanos: u64::try_from(now.as_nanos()).unwrap_or(u64::MAX),
            route,
            ..ProxySpec::default()
        })
    }

    fn step(&self) -> RequestStep {
        let is_host = |name: &str| name.eq_ignore_ascii_case("host");
        let host = self.headers.iter().find(|(name, _)| is_host(name)).map(|(_, value)| value.clone().into_bytes());
        let headers = self.headers.iter().filter(|(name, _)| !is_host(name));
        let method = self.method.as_deref().unwrap_or(if self.data.is_some() { "POST" } else { "GET" });
        let default = Request::default();
        let request = Request {
            method: method.as_bytes().to_vec(),
            path: self.path.as_bytes().to_vec(),
            authority: host.unwrap_or_else(|| default.authority.clone()),
            headers: headers.map(|(name, value)| (name.clone().into_bytes(), value.clone().into_bytes())).collect(),
            body: self.data.iter().map(|text| text.clone().into_bytes()).collect(),
            peer: SocketAddr::new(self.from, default.peer.port()),
            ..default
        };
        let upstream = UpstreamResponse { status: self.upstream, ..RequestStep::answer() };
        RequestStep { upstream: upstream.into(), ..RequestStep::new(request, Expect::default()) }
    }
}

/// The request, what was done, and what came of it.
fn print(step: &RequestStep, exchange: &Exchange) {
    let request = &step.request;
    let sent = with_pseudo(request);
    section("client sends", sent.iter().map(line));
    section("plugin", timeline(&exchange.trace).lines().map(str::to_owned));
    match &exchange.upstream {
        Some(upstream) => section(&format!("upstream gets (cluster {})", upstream.cluster), seen(&sent, upstream)),
        None => section("upstream gets", ["nothing: answered before".to_owned()]),
    }
    let details = Some(exchange.response.code_details.as_str()).filter(|details| !details.is_empty());
    let details = details.map_or_else(String::new, |details| format!(" ({details})"));
    section(&format!("client gets{details}"), got(&exchange.response));
}

fn with_pseudo(request: &Request) -> Headers {
    let pseudo = [
        (":method", &request.method),
        (":path", &request.path),
        (":authority", &request.authority),
        (":scheme", &request.scheme),
    ];
    let pseudo = pseudo.map(|(name, value)| (name.as_bytes().to_vec(), value.clone()));
    pseudo.into_iter().chain(request.headers.iter().cloned()).collect()
}

/// What the upstream gets, against what the client sent: `+` new, `-` gone.
fn seen(sent: &Headers, upstream: &UpstreamRequest) -> Vec<String> {
    let same = |a: &(Vec<u8>, Vec<u8>), b: &(Vec<u8>, Vec<u8>)| a.0.eq_ignore_ascii_case(&b.0) && a.1 == b.1;
    let gone = sent.iter().filter(|field| !upstream.headers.iter().any(|other| same(field, other)));
    let mut lines: Vec<String> = gone.map(|field| format!("- {}", line(field))).collect();
    lines.extend(upstream.headers.iter().map(|field| {
        let sign = if sent.iter().any(|other| same(field, other)) { ' ' } else { '+' };
        format!("{sign} {}", line(field))
    }));
    lines.extend(body(&upstream.body));
    lines
}

fn got(response: &Response) -> Vec<String> {
    let mut lines = vec![format!(":status: {}", response.status)];
    lines.extend(response.headers.iter().filter(|(name, _)| name != b":status").map(line));
    lines.extend(body(&response.body));
    lines
}

fn body(body: &[u8]) -> Option<String> {
    (!body.is_empty()).then(|| format!("\n  {}", String::from_utf8_lossy(body).trim_end().replace('\n', "\n  ")))
}

fn line((name, value): &(Vec<u8>, Vec<u8>)) -> String {
    format!("{}: {}", String::from_utf8_lossy(name), String::from_utf8_lossy(value))
}

/// Metrics that the request has changed, and by how much.
fn changed(before: &BTreeMap<String, MetricValue>, after: &BTreeMap<String, MetricValue>) -> Vec<String> {
    let new = after.iter().filter(|(name, value)| before.get(*name) != Some(*value));
    new.map(|(name, value)| match (value, before.get(name)) {
        (MetricValue::Counter(now), Some(MetricValue::Counter(then))) => {
            format!("{name} +{}", now.saturating_sub(*then))
        }
        (MetricValue::Counter(now), _) => format!("{name} +{now}"),
        (MetricValue::Gauge(now), _) => format!("{name} = {now}"),
        (MetricValue::Histogram(values), _) => {
            format!("{name} recorded {}", values.last().copied().unwrap_or_default())
        }
    })
    .collect()
}

fn section(title: &str, lines: impl IntoIterator<Item = String>) {
    let mut lines = lines.into_iter().peekable();
    if lines.peek().is_some() {
        println!("{title}");
        lines.for_each(|line| println!("  {line}"));
        println!();
    }
}
