//! Counters in Redis: a key per descriptor and window.

use redis::RedisError;
use redis::aio::MultiplexedConnection;

use crate::limits::Limit;
use crate::protocol::Entry;

/// The counters.
#[derive(Clone)]
pub struct Counters {
    redis: MultiplexedConnection,
}

/// A counter in its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// What was counted so far, this request included.
    pub after: u64,
    /// When the window ends, in seconds from now.
    pub reset: u64,
}

impl Counters {
    /// Connects.
    ///
    /// # Errors
    /// No Redis at that URL (`redis://..`, `unix:///..`).
    pub async fn connect(url: &str) -> Result<Self, RedisError> {
        let redis = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
        Ok(Self { redis })
    }

    /// Counts one request, whether it will pass or not. Adding and reading are one step in Redis, so that of any number
    /// of proxies at once each sees another number.
    ///
    /// # Errors
    /// Redis does not answer.
    pub async fn count(
        &self,
        domain: &str,
        entries: &[Entry],
        limit: Limit,
        cost: u64,
        now: u64,
    ) -> Result<Counted, RedisError> {
        let length = limit.seconds();
        let start = now - now % length;
        let key = key(domain, entries, start);
        let mut transaction = redis::pipe();
        // An expiry that is moved on by every request does no harm: the key names its window.
        transaction.atomic().cmd("INCRBY").arg(&key).arg(cost).cmd("EXPIRE").arg(&key).arg(length).ignore();
        let (after,): (u64,) = transaction.query_async(&mut self.redis.clone()).await?;
        Ok(Counted { after, reset: start + length - now })
    }
}

/// No two descriptors share one: each text stands after its length.
fn key(domain: &str, entries: &[Entry], start: u64) -> String {
    let texts = entries.iter().flat_map(|entry| [&entry.key, &entry.value]).map(String::as_str);
    let texts: String = std::iter::once(domain).chain(texts).map(|text| format!("{}:{text}_", text.len())).collect();
    format!("{texts}{start}")
}
