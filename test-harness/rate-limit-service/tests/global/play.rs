//! Two proxies, one limit: held by both together, gone with the service as each has chosen, and kept by Redis.

use std::fmt::Debug;
use std::path::Path;

use libtest_mimic::Failed;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::Value;

use crate::backend::{Redis, Service};
use crate::edge::{Edge, bootstrap};
use crate::load::{ALL, admitted};

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

/// Headers and their values.
pub type Told = &'static [(&'static str, &'static str)];

/// A filter that asks the service by the header `x-consumer`, and what it is like. What a request costs says `x-cost`.
pub struct Limiter {
    /// The HTTP filter; the argument: whether requests are refused while the service cannot be asked.
    pub filter: fn(deny: bool) -> Value,
    /// The status of such a refusal.
    pub unavailable: StatusCode,
    /// What a client is told, by header: of the first request of a day, and of a second one that costs 5.
    pub told: [Told; 2],
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
    let edge = async |deny| {
        let filter = (limiter.filter)(deny);
        Edge::start(envoy, |folder| bootstrap(&filter, service.address, folder)).await
    };
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

    async fn told(&self, want: [Told; 2]) -> Result<(), Failed> {
        let dear = self.client.get(format!("http://{}/dear", self.edges[0].address));
        let requests = [self.request(0, "first"), dear.header("x-consumer", "first").header("x-cost", "5")];
        for (request, want) in requests.into_iter().zip(want) {
            let answer = request.send().await?;
            expect("a first request", &answer.status(), &StatusCode::OK)?;
            for (name, want) in want {
                let found = answer.headers().get(*name).map(|value| value.to_str().unwrap_or_default());
                expect(name, &found, &Some(*want))?;
            }
        }
        Ok(())
    }

    /// More requests than may pass, to both at once.
    async fn limit_holds(&self, consumer: &str) -> Result<(), Failed> {
        let admitted = admitted([self.request(0, consumer), self.request(1, consumer)]).await?;
        println!("{consumer}: {admitted} of {ALL} admitted");
        expect("requests that were admitted", &admitted, &LIMIT)
    }
}

/// # Errors
/// Another value, and what it is of.
pub fn expect<T: PartialEq + Debug>(what: &str, found: &T, want: &T) -> Result<(), Failed> {
    if found == want { Ok(()) } else { Err(format!("{what}: expected {want:?}, found {found:?}").into()) }
}
