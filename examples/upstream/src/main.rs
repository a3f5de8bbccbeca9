//! The example upstream as a program, see `upstream --help`.

use std::net::SocketAddr;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use upstream::{Service, Upstream};

/// The services behind the example gateways.
///
/// Prints the bound addresses as one line of JSON, then serves until it is interrupted.
#[derive(Parser)]
#[command(name = "upstream")]
struct Arguments {
    /// Address for all services, each under its name: /user-service/users. Port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// Address for the control listener. Keep it out of reach of a gateway's clients.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9001")]
    control: SocketAddr,
    /// Serves one service at the root of an address of its own as well; may be repeated.
    #[arg(long = "service", value_name = "NAME=ADDRESS", value_parser = service_address)]
    services: Vec<(Service, SocketAddr)>,
}

fn service_address(text: &str) -> Result<(Service, SocketAddr), String> {
    let (name, address) = text.split_once('=').ok_or("expected NAME=ADDRESS")?;
    let service = Service::named(name).ok_or_else(|| {
        let known = Service::ALL.map(Service::name).join(", ");
        format!("unknown service {name:?}, expected one of {known}")
    })?;
    let address = address.parse().map_err(|error| format!("{address:?}: {error}"))?;
    Ok((service, address))
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let Arguments { listen, control, services } = Arguments::parse();
    let addresses = Upstream { listen, control, services }.start().await?;
    println!("{}", serde_json::to_string(&addresses)?);

    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}
