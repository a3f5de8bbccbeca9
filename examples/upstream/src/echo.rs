//! Answers with the request as it arrived, byte for byte.

use axum::body::Bytes;
use axum::extract::OriginalUri;
use axum::http::{HeaderMap, Method, Version};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::bytes::printable;

/// Every method on every path.
pub fn router() -> Router {
    Router::new().fallback(echo)
}

/// Header values, path and body as `printable` text; the values of one header in their order.
async fn echo(
    method: Method,
    OriginalUri(uri): OriginalUri,
    version: Version,
    headers: HeaderMap,
    body: Bytes,
) -> Json<Value> {
    let path = uri.path_and_query().map_or(uri.path(), |both| both.as_str());
    let headers: Vec<[String; 2]> =
        headers.iter().map(|(name, value)| [name.to_string(), printable(value.as_bytes())]).collect();
    Json(json!({
        "method": method.as_str(),
        "path": printable(path.as_bytes()),
        "version": format!("{version:?}"),
        "headers": headers,
        "body": printable(&body),
    }))
}
