//! The services by name, and the routes of each.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{OriginalUri, Path, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::collection::Collection;
use crate::mode::{Switch, play};
use crate::{credentials, echo, seed};

/// One of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// Users and their preferences.
    User,
    /// Orders, also by user.
    Order,
    /// A catalogue of one hundred products.
    Product,
    /// Payments of orders.
    Payment,
    /// Checks a login and answers the user.
    Auth,
    /// Answers with the request it received.
    Echo,
}

impl Service {
    /// All services.
    pub const ALL: [Self; 6] = [Self::User, Self::Order, Self::Product, Self::Payment, Self::Auth, Self::Echo];

    /// The name, which is also the first path segment on the common listener.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user-service",
            Self::Order => "order-service",
            Self::Product => "product-service",
            Self::Payment => "payment-service",
            Self::Auth => "auth",
            Self::Echo => "echo",
        }
    }

    /// The service of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }

    /// The service's routes at the root, behind its switch.
    pub(crate) fn router(self, switch: Arc<Switch>) -> Router {
        let routes = match self {
            Self::User => self.with_health(users()),
            Self::Order => self.with_health(orders()),
            Self::Product => self.with_health(Collection::new("product", "products", seed::products()).router()),
            Self::Payment => self.with_health(Collection::new("payment", "payments", seed::payments()).router()),
            Self::Auth => self.with_health(credentials::router()),
            Self::Echo => echo::router(),
        };
        routes.layer(middleware::from_fn_with_state((self, switch), play))
    }

    fn with_health(self, routes: Router) -> Router {
        routes
            .route("/health", get(move || async move { Json(self.health()) }))
            .fallback(not_found)
            .method_not_allowed_fallback(method_not_allowed)
    }

    fn health(self) -> Value {
        json!({ "status": "healthy", "service": self.name(), "timestamp": now() })
    }
}

/// Users, with what a service behind a gateway often does as well: CORS headers of its own, too
/// wide. A gateway that decides on CORS has to take them off.
fn users() -> Router {
    async fn preferences(State(users): State<Arc<Collection>>, Path(id): Path<u64>) -> Response {
        match users.get(id) {
            Some(_) => Json(seed::preferences(id)).into_response(),
            None => problem(StatusCode::NOT_FOUND, "user not found"),
        }
    }
    async fn own_cors(request: Request, next: Next) -> Response {
        let mut response = next.run(request).await;
        for (name, value) in [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-headers", "Content-Type,Authorization"),
            ("access-control-allow-methods", "GET,POST,PUT,DELETE,OPTIONS"),
        ] {
            let value = HeaderValue::from_static(value);
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
        response
    }
    let users = Collection::new("user", "users", seed::users());
    let extra = Router::new().route("/users/{id}/preferences", get(preferences)).with_state(Arc::clone(&users));
    users.router().merge(extra).layer(middleware::from_fn(own_cors))
}

fn orders() -> Router {
    async fn of_user(State(orders): State<Arc<Collection>>, Path(user): Path<u64>) -> Json<Value> {
        Json(orders.list_where("userId", &json!(user)))
    }
    let orders = Collection::new("order", "orders", seed::orders());
    let extra = Router::new().route("/users/{id}/orders", get(of_user)).with_state(Arc::clone(&orders));
    orders.router().merge(extra)
}

/// The answer to a path that no service has.
pub(crate) async fn not_found(method: Method, OriginalUri(uri): OriginalUri) -> Response {
    let body = json!({ "error": "Route not found", "method": method.as_str(), "path": uri.path() });
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

async fn method_not_allowed(method: Method) -> Response {
    problem(StatusCode::METHOD_NOT_ALLOWED, &format!("{method} is not allowed here"))
}

/// An error answer: `{"error": reason}`.
pub(crate) fn problem(status: StatusCode, reason: &str) -> Response {
    (status, Json(json!({ "error": reason }))).into_response()
}

/// The time in RFC 3339, UTC, to the second.
pub(crate) fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}
