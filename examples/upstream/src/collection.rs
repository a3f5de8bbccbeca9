//! A collection of JSON objects under numeric ids, and the five routes that serve one.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::services::{now, problem};

type Object = Map<String, Value>;

/// Entries kept at most; a load test that creates more loses the oldest.
const CAPACITY: usize = 10_000;
/// Entries of a page without `limit`.
const PAGE: usize = 20;

/// Objects in memory, the newest with the highest id.
#[derive(Debug)]
pub struct Collection {
    one: &'static str,
    many: &'static str,
    entries: Mutex<BTreeMap<u64, Object>>,
}

impl Collection {
    /// A collection of `many`, each a `one`, holding `seed` under the ids 1, 2, 3, ...
    pub fn new(one: &'static str, many: &'static str, seed: Vec<Value>) -> Arc<Self> {
        let collection = Self { one, many, entries: Mutex::default() };
        for value in seed {
            if let Value::Object(object) = value {
                collection.insert(object);
            }
        }
        Arc::new(collection)
    }

    /// `/many` (list, create) and `/many/{id}` (get, update, delete).
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route(&format!("/{}", self.many), get(list).post(create))
            .route(&format!("/{}/{{id}}", self.many), get(read).put(update).delete(remove))
            .with_state(Arc::clone(self))
    }

    fn with<T>(&self, f: impl FnOnce(&mut BTreeMap<u64, Object>) -> T) -> T {
        f(&mut self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The object of that id.
    pub fn get(&self, id: u64) -> Option<Object> {
        self.with(|entries| entries.get(&id).cloned())
    }

    /// The objects whose `field` is `value`, as a list answer.
    pub fn list_where(&self, field: &str, value: &Value) -> Value {
        let found: Vec<Object> =
            self.with(|entries| entries.values().filter(|object| object.get(field) == Some(value)).cloned().collect());
        json!({ self.many: found, "count": found.len() })
    }

    fn page(&self, Page { limit, last_key }: Page) -> Value {
        let after = Bound::Excluded(last_key.unwrap_or(0));
        let (found, more) = self.with(|entries| {
            let mut rest = entries.range((after, Bound::Unbounded));
            let found: Vec<(u64, Object)> =
                rest.by_ref().take(limit).map(|(id, object)| (*id, object.clone())).collect();
            (found, rest.next().is_some())
        });
        let last_key = found.last().filter(|_| more).map(|(id, _)| *id);
        let objects: Vec<Object> = found.into_iter().map(|(_, object)| object).collect();
        json!({ self.many: objects, "count": objects.len(), "lastKey": last_key })
    }

    fn insert(&self, mut object: Object) -> Object {
        self.with(|entries| {
            let id = entries.last_key_value().map_or(1, |(last, _)| last + 1);
            object.insert("id".into(), json!(id));
            entries.insert(id, object.clone());
            if entries.len() > CAPACITY {
                entries.pop_first();
            }
        });
        object
    }

    fn update(&self, id: u64, changes: Object) -> Option<Object> {
        self.with(|entries| {
            let object = entries.get_mut(&id)?;
            object.extend(changes.into_iter().filter(|(name, _)| name != "id"));
            object.insert("updatedAt".into(), json!(now()));
            Some(object.clone())
        })
    }

    fn found(&self, object: Option<Object>) -> Response {
        match object {
            Some(object) => Json(object).into_response(),
            None => problem(StatusCode::NOT_FOUND, &format!("{} not found", self.one)),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default = "default_limit")]
    limit: usize,
    last_key: Option<u64>,
}

fn default_limit() -> usize {
    PAGE
}

type Body = Result<Json<Object>, JsonRejection>;

async fn list(State(all): State<Arc<Collection>>, Query(page): Query<Page>) -> Json<Value> {
    Json(all.page(page))
}

async fn create(State(all): State<Arc<Collection>>, body: Body) -> Response {
    match body {
        Ok(Json(mut object)) => {
            let now = json!(now());
            object.insert("createdAt".into(), now.clone());
            object.insert("updatedAt".into(), now);
            (StatusCode::CREATED, Json(all.insert(object))).into_response()
        }
        Err(rejection) => problem(rejection.status(), &rejection.body_text()),
    }
}

async fn read(State(all): State<Arc<Collection>>, Path(id): Path<u64>) -> Response {
    all.found(all.get(id))
}

async fn update(State(all): State<Arc<Collection>>, Path(id): Path<u64>, body: Body) -> Response {
    match body {
        Ok(Json(changes)) => all.found(all.update(id, changes)),
        Err(rejection) => problem(rejection.status(), &rejection.body_text()),
    }
}

async fn remove(State(all): State<Arc<Collection>>, Path(id): Path<u64>) -> Response {
    match all.with(|entries| entries.remove(&id)) {
        Some(_) => StatusCode::NO_CONTENT.into_response(),
        None => all.found(None),
    }
}
