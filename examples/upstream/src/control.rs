//! The control listener: shows and changes the mode of each service.
//!
//! It is a listener of its own, so that no route of a gateway can lead to it.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use crate::mode::Mode;
use crate::server::Switches;
use crate::services::{Service, not_found, problem};

/// `GET /__control`, `GET` and `PUT /__control/{service}`.
pub fn router(switches: Switches) -> Router {
    Router::new()
        .route("/__control", get(show_all))
        .route("/__control/{service}", get(show).put(set))
        .fallback(not_found)
        .with_state(switches)
}

fn state(switches: &Switches, service: Service) -> Value {
    let (mode, requests) = switches.of(service).get();
    let mut state = json!(mode);
    state["requests"] = json!(requests);
    state
}

async fn show_all(State(switches): State<Switches>) -> Json<Value> {
    let all: Map<String, Value> =
        Service::ALL.into_iter().map(|service| (service.name().to_owned(), state(&switches, service))).collect();
    Json(Value::Object(all))
}

async fn show(State(switches): State<Switches>, Path(name): Path<String>) -> Response {
    match Service::named(&name) {
        Some(service) => Json(state(&switches, service)).into_response(),
        None => unknown(&name),
    }
}

async fn set(
    State(switches): State<Switches>,
    Path(name): Path<String>,
    body: Result<Json<Mode>, JsonRejection>,
) -> Response {
    let Some(service) = Service::named(&name) else { return unknown(&name) };
    let mode = body.map_err(|rejection| rejection.body_text()).and_then(|Json(mode)| mode.validate());
    match mode {
        Ok(mode) => {
            switches.of(service).set(mode);
            Json(state(&switches, service)).into_response()
        }
        Err(reason) => problem(StatusCode::BAD_REQUEST, &reason),
    }
}

fn unknown(name: &str) -> Response {
    let known: Vec<&str> = Service::ALL.iter().map(|service| service.name()).collect();
    let reason = format!("unknown service {name:?}, expected one of {}", known.join(", "));
    problem(StatusCode::NOT_FOUND, &reason)
}
