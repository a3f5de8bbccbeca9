//! How a service behaves: as it should, slowly, failing, or closing the connection.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::services::{Service, problem};

/// What a service does with a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Mode {
    /// Answers at once.
    #[default]
    Ok,
    /// Waits, then answers.
    Slow {
        /// The wait in milliseconds.
        #[serde(default = "default_delay")]
        delay_ms: u64,
    },
    /// Answers an error.
    Failing {
        /// The status of the answer, 400 to 599.
        #[serde(default = "default_status")]
        status: u16,
    },
    /// Closes the connection without a byte of an answer.
    Reset,
}

fn default_delay() -> u64 {
    2_000
}

fn default_status() -> u16 {
    503
}

impl Mode {
    /// The mode, or what is wrong with it.
    ///
    /// # Errors
    /// A `status` outside of 400 to 599.
    pub fn validate(self) -> Result<Self, String> {
        match self {
            Self::Failing { status } if !(400..=599).contains(&status) => {
                Err(format!("status: expected 400 to 599, found {status}"))
            }
            mode => Ok(mode),
        }
    }
}

/// A service's mode and the number of requests it has received.
#[derive(Debug, Default)]
pub(crate) struct Switch(Mutex<(Mode, u64)>);

impl Switch {
    fn with<T>(&self, f: impl FnOnce(&mut (Mode, u64)) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the mode of the requests that come from now on.
    pub fn set(&self, mode: Mode) {
        self.with(|(current, _)| *current = mode);
    }

    /// The mode, and the requests received so far in whatever mode.
    pub fn get(&self) -> (Mode, u64) {
        self.with(|pair| *pair)
    }

    fn receive(&self) -> Mode {
        self.with(|(mode, received)| {
            *received += 1;
            *mode
        })
    }
}

/// Marks a response in whose place the server closes the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CloseConnection;

/// The middleware in front of each service: counts the request and plays the service's mode.
pub(crate) async fn play(
    State((service, switch)): State<(Service, std::sync::Arc<Switch>)>,
    request: Request,
    next: Next,
) -> Response {
    match switch.receive() {
        Mode::Ok => next.run(request).await,
        Mode::Slow { delay_ms } => {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            next.run(request).await
        }
        Mode::Failing { status } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            problem(status, &format!("{} is failing", service.name()))
        }
        Mode::Reset => {
            let mut response = StatusCode::SERVICE_UNAVAILABLE.into_response();
            response.extensions_mut().insert(CloseConnection);
            response
        }
    }
}
