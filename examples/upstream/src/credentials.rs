//! The credential service: says who logs in, and mints nothing. Tokens are the gateway's part.

use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::services::problem;

/// The example's users. A real service keeps slow, salted password hashes instead.
const USERS: [(User, &str); 3] = [
    (User { id: 1, email: "admin@example.com", role: "admin" }, "admin123"),
    (User { id: 2, email: "user@example.com", role: "user" }, "user123"),
    (User { id: 3, email: "test@example.com", role: "user" }, "password123"),
];

#[derive(Clone, Copy, Serialize)]
struct User {
    id: u64,
    email: &'static str,
    role: &'static str,
}

#[derive(Deserialize)]
struct Login {
    email: String,
    password: String,
}

/// `POST /login`.
pub fn router() -> Router {
    Router::new().route("/login", post(login))
}

async fn login(body: Result<Json<Login>, JsonRejection>) -> Response {
    let login = match body {
        Ok(Json(login)) => login,
        Err(rejection) => return problem(rejection.status(), &rejection.body_text()),
    };
    let known = USERS.iter().find(|(user, password)| user.email == login.email && *password == login.password);
    match known {
        Some((user, _)) => Json(user).into_response(),
        None => problem(StatusCode::UNAUTHORIZED, "Invalid credentials"),
    }
}
