//! Two proxies, one limit: held by both together, gone with the service as each has chosen, and kept by Redis.

use std::fmt::Debug;
use std::path::Path;

use libtest_mimic::Failed;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::backend::{Redis, Service};
use crate::edge::Edge;

/// The limit of each consumer, per day.
const LIMIT: usize = 50;
const LIMITS: &str = "
domain: edge
descriptors:
- key: consumer
  rate_limit: {unit: day, requests_per_unit: 50}
";

const DAY: u64 = 86400;
/// The service's clock: an hour into some day.
const NOW: u64 = 20_000 * DAY + 3600;

/// Clients of each proxy, and what each sends.
const CLIENTS: usize = 4;
const REQUESTS: usize = 20;

/// A filter that asks the service by the header `x-consumer`, and what it is like.
pub struct Limiter {
    /// The HTTP filter; the argument: whether requests are refused while the service cannot be asked.
    pub filter: fn(deny: bool) -> Value,
    /// The status of such a refusal.
    pub unavailable: StatusCode,
    /// What a client is told of the first request of a day, by header.
    pub told: &'static [(&'static str, &'static str)],
}

struct Play {
    service: Service,
    /// The first lets requests pass while the service is away, the second refuses them.
    edges: [Edge; 2],
    client: Client,
    unavailable: StatusCode,
}

/// Plays it all.
pub async fn two_proxies(envoy: &Path, limiter: &Limiter) -> Result<(), Failed> {
    let redis = Redis::start()?;
    let service = Service::start(&redis, LIMITS, NOW)?;
    let edge = async |deny| Edge::start(envoy, &(limiter.filter)(deny), service.address).await;
    let edges = [edge(false).await?, edge(true).await?];
    let mut play = Play { service, edges, client: Client::new(), unavailable: limiter.unavailable };
    let played = play.all(limiter).await;
    played.map_err(|failed| {
        let logs = play.edges.each_ref().map(Edge::log).join("\n");
        Failed::from(format!("{}\nEnvoys' logs:\n{logs}", failed.message().unwrap_or_default()))
    })
}

impl Play {
    async fn all(&mut self, limiter: &Limiter) -> Result<(), Failed> {
        self.told(limiter.told).await?;
        self.limit_holds("ada").await?;
        self.service.kill()?;
        self.each("without the service", "ada", [StatusCode::OK, self.unavailable]).await?;
        self.service.restart(NOW + 60)?;
        self.each("what Redis has counted", "ada", [StatusCode::TOO_MANY_REQUESTS; 2]).await?;
        self.limit_holds("grace").await?;
        self.service.restart(NOW + DAY)?;
        self.each("the next day", "ada", [StatusCode::OK; 2]).await
    }

    fn request(&self, edge: usize, consumer: &str) -> RequestBuilder {
        self.client.get(format!("http://{}/", self.edges[edge].address)).header("x-consumer", consumer)
    }

    /// One request to each proxy.
    async fn each(&self, what: &str, consumer: &str, want: [StatusCode; 2]) -> Result<(), Failed> {
        let found =
            [self.request(0, consumer).send().await?.status(), self.request(1, consumer).send().await?.status()];
        expect(what, &found, &want)
    }

    async fn told(&self, want: &[(&str, &str)]) -> Result<(), Failed> {
        let answer = self.request(0, "first").send().await?;
        expect("a first request", &answer.status(), &StatusCode::OK)?;
        for (name, want) in want {
            let found = answer.headers().get(*name).map(|value| value.to_str().unwrap_or_default());
            expect(name, &found, &Some(*want))?;
        }
        Ok(())
    }

    /// More requests than may pass, to both at once.
    async fn limit_holds(&self, consumer: &str) -> Result<(), Failed> {
        let mut clients = JoinSet::new();
        for number in 0..2 * CLIENTS {
            clients.spawn(send(self.request(number % 2, consumer)));
        }
        let (mut admitted, mut refused) = (0, 0);
        for status in clients.join_all().await.into_iter().flatten() {
            match status? {
                StatusCode::OK => admitted += 1,
                StatusCode::TOO_MANY_REQUESTS => refused += 1,
                other => return Err(format!("{consumer}: a status {other}").into()),
            }
        }
        println!("{consumer}: {admitted} admitted, {refused} refused");
        expect("requests that were admitted", &admitted, &LIMIT)?;
        expect("requests that were refused", &refused, &(2 * CLIENTS * REQUESTS - LIMIT))
    }
}

/// One client: each request waits for the answer to the one before.
async fn send(request: RequestBuilder) -> Vec<reqwest::Result<StatusCode>> {
    let mut statuses = Vec::with_capacity(REQUESTS);
    for request in (0..REQUESTS).filter_map(|_| request.try_clone()) {
        statuses.push(request.send().await.map(|answer| answer.status()));
    }
    statuses
}

fn expect<T: PartialEq + Debug>(what: &str, found: &T, want: &T) -> Result<(), Failed> {
    if found == want { Ok(()) } else { Err(format!("{what}: expected {want:?}, found {found:?}").into()) }
}
