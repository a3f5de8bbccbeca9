//! Many requests at once.

use libtest_mimic::Failed;
use reqwest::{RequestBuilder, StatusCode};
use tokio::task::JoinSet;

/// Clients of each proxy, and what each sends.
const CLIENTS: usize = 4;
const REQUESTS: usize = 20;

/// How many are sent to two proxies together.
pub const ALL: usize = 2 * CLIENTS * REQUESTS;

/// Sends this request to one proxy and that to the other, many times at once; answers how many were admitted. All
/// others have been refused with 429.
pub async fn admitted(requests: [RequestBuilder; 2]) -> Result<usize, Failed> {
    let mut clients = JoinSet::new();
    for request in requests.iter().cycle().take(2 * CLIENTS) {
        clients.extend(request.try_clone().map(send));
    }
    let mut admitted = 0;
    for status in clients.join_all().await.into_iter().flatten() {
        match status? {
            StatusCode::OK => admitted += 1,
            StatusCode::TOO_MANY_REQUESTS => {}
            other => return Err(format!("expected 200 or 429, found {other}").into()),
        }
    }
    Ok(admitted)
}

/// One client: each request waits for the answer to the one before.
async fn send(request: RequestBuilder) -> Vec<reqwest::Result<StatusCode>> {
    let mut statuses = Vec::with_capacity(REQUESTS);
    for request in (0..REQUESTS).filter_map(|_| request.try_clone()) {
        statuses.push(request.send().await.map(|answer| answer.status()));
    }
    statuses
}
