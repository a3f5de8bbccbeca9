//! The listeners, and what each serves.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use axum::serve::Listener;
use axum::{Json, Router};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use crate::control;
use crate::mode::{CloseConnection, Switch};
use crate::services::{Service, not_found, now};

/// Where to listen. Port 0 takes a free port.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// All services, each under its name: `/user-service/users`.
    pub listen: SocketAddr,
    /// The control listener.
    pub control: SocketAddr,
    /// Services that also have a listener of their own, at its root: `/users`.
    pub services: Vec<(Service, SocketAddr)>,
}

/// The addresses that were bound.
#[derive(Clone, Debug, Serialize)]
pub struct Addresses {
    /// All services, each under its name.
    pub listen: SocketAddr,
    /// The control listener.
    pub control: SocketAddr,
    /// By name, the services that have a listener of their own.
    pub services: BTreeMap<&'static str, SocketAddr>,
}

impl Upstream {
    /// Binds every listener, then serves in tasks of the current runtime, for as long as it runs.
    ///
    /// # Errors
    /// An address that cannot be bound, named in the message.
    pub async fn start(self) -> io::Result<Addresses> {
        let switches = Switches::default();
        let routers = Service::ALL.map(|one| (one, one.router(Arc::clone(switches.of(one)))));
        let common = routers.iter().fold(common_routes(), |router, (service, routes)| {
            router.nest(&format!("/{}", service.name()), routes.clone())
        });

        let (common_listener, listen) = bind(self.listen).await?;
        let (control_listener, control) = bind(self.control).await?;
        let mut services = BTreeMap::new();
        for (service, address) in self.services {
            let (listener, address) = bind(address).await?;
            services.insert(service.name(), address);
            let routes = routers.iter().find(|(one, _)| *one == service);
            let routes = routes.map(|(_, routes)| routes.clone()).unwrap_or_default();
            tokio::spawn(serve(listener, routes));
        }
        tokio::spawn(serve(common_listener, common));
        tokio::spawn(serve(control_listener, control::router(switches)));
        Ok(Addresses { listen, control, services })
    }
}

/// One switch per service, shared by all listeners.
#[derive(Clone, Debug, Default)]
pub(crate) struct Switches([Arc<Switch>; Service::ALL.len()]);

impl Switches {
    pub(crate) fn of(&self, service: Service) -> &Arc<Switch> {
        &self.0[service as usize]
    }
}

fn common_routes() -> Router {
    async fn health() -> Json<Value> {
        let services = Service::ALL.map(Service::name);
        Json(json!({ "status": "healthy", "timestamp": now(), "services": services }))
    }
    Router::new().route("/health", get(health)).fallback(not_found)
}

async fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")))?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}

async fn serve(mut listener: TcpListener, app: Router) {
    loop {
        // The trait's `accept`, unlike the type's own, waits out errors such as too many open files.
        let (stream, _) = Listener::accept(&mut listener).await;
        tokio::spawn(serve_connection(stream, app.clone()));
    }
}

/// `axum::serve` has no way to leave a request without an answer, hyper has: a service that fails
/// closes the connection.
async fn serve_connection(stream: TcpStream, app: Router) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let app = app.clone();
        async move {
            let Ok(response) = app.oneshot(request.map(Body::new)).await;
            answer_or_close(response)
        }
    });
    // An error is the client's hang-up or the close that was asked for: neither is news.
    let _ = stream.set_nodelay(true);
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

fn answer_or_close(response: Response) -> Result<Response, io::Error> {
    match response.extensions().get::<CloseConnection>() {
        Some(_) => Err(io::ErrorKind::ConnectionAborted.into()),
        None => Ok(response),
    }
}
