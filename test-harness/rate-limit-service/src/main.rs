//! Envoy's rate limit service (RLS v3, gRPC) over Redis, for tests of limits that several proxies share. It reads the
//! configuration of envoyproxy/ratelimit and counts as it does: a fixed window per descriptor, refused requests count too.
//!
//! It counts by itself: the crate `limitador` reads from Redis first and adds afterwards, which lets more requests pass than
//! the limit when they come at once. It is no server for production: it does not reconnect to a Redis that went away.

mod counters;
mod limits;
mod protocol;
mod service;

use std::error::Error;
use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use crate::counters::Counters;
use crate::limits::Limits;
use crate::service::RateLimitService;

/// Envoy's rate limit service over Redis, for tests. Once it takes requests it writes its address, on a line.
#[derive(Parser)]
struct Options {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8081")]
    listen: SocketAddr,
    /// Where Redis is: redis://127.0.0.1:6379 or unix:///path/of/socket
    #[arg(long, value_name = "URL")]
    redis: String,
    /// The limits, in the format of envoyproxy/ratelimit
    #[arg(long, value_name = "FILE")]
    limits: PathBuf,
    /// Lets the time stand still, in seconds since 1970: no window ends during a test
    #[arg(long, value_name = "SECONDS")]
    now: Option<u64>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let limits: Limits = serde_saphyr::from_str(&fs::read_to_string(&options.limits)?)?;
    let counters = Counters::connect(&options.redis).await?;
    let listener = TcpListener::bind(options.listen).await?;
    println!("{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    let service = RateLimitService::new(limits, counters, options.now);
    Server::builder()
        .add_service(service)
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
        .await?;
    Ok(())
}
