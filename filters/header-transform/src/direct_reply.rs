//! Answers that the config gives itself: health, maintenance, a body for 404.

use sluicegate_common::config::{
    ConfigError, ConfigErrors, FromConfig, HeaderName, HeaderValue, Name, StatusCode, Table,
};
use sluicegate_common::filter::Cx;
use sluicegate_common::head::RequestHead;
use sluicegate_common::matcher::{Match, MatchOptions, RawMatch};
use sluicegate_common::proxy::Counter;
use sluicegate_common::reply::{LocalReply, OverrideBody, check_headers};
use sluicegate_common::template::{Json, Scope, Template};

/// The reason code of all of them.
pub const CODE: &str = "direct_reply";

/// An entry of `reply`.
#[derive(Debug)]
pub struct DirectReply {
    when: Option<Match>,
    status: u16,
    headers: Vec<(String, String)>,
    body: Option<OverrideBody>,
    counter: Counter,
}

/// An entry of `reply` as written.
#[derive(Debug, FromConfig)]
#[cfg_attr(not(target_family = "wasm"), derive(sluicegate_common::describe::Described))]
pub struct RawReply {
    /// Unique; in metrics.
    name: Name,
    /// The first reply whose match holds answers. Absent: every request.
    #[config(default, rename = "match")]
    matches: Option<RawMatch>,
    /// Status of the answer. 204, 205 and 304 have no body.
    #[config(default, shown = "200")]
    status: Option<StatusCode>,
    /// Sent as they are written. A body with templates keeps its own `content-type`.
    #[config(default)]
    headers: Table<HeaderName, HeaderValue>,
    /// The body. Its strings are templates; what they put in is escaped, what is missing is empty. Members are sent in
    /// the order of their names.
    #[config(default)]
    json: Option<Json>,
    /// The body as `text/plain`, in place of `json`.
    #[config(default)]
    text: Option<Template>,
}

/// An entry of `reply`, described: it has one body.
#[cfg(not(target_family = "wasm"))]
pub struct Entry;

#[cfg(not(target_family = "wasm"))]
impl sluicegate_common::describe::Described for Entry {
    fn schema() -> serde_json::Value {
        let mut schema = RawReply::schema();
        if let serde_json::Value::Object(schema) = &mut schema {
            schema.insert("not".to_owned(), serde_json::json!({ "required": ["json", "text"] }));
        }
        schema
    }

    fn kind() -> String {
        "reply".into()
    }

    fn kinds() -> String {
        "replies".into()
    }

    fn fields() -> Vec<sluicegate_common::describe::Field> {
        RawReply::fields()
    }
}

impl DirectReply {
    /// Whether it answers this request.
    pub fn is_for(&self, head: &RequestHead<'_>, cx: &Cx<'_>) -> bool {
        self.when.as_ref().is_none_or(|when| when.matches(head, cx))
    }

    /// The answer, which is counted.
    pub fn answer(&self, scope: &Scope<'_>, cx: &Cx<'_>) -> LocalReply {
        self.counter.increment(cx.proxy);
        let reply = self.headers.iter().fold(LocalReply::new(self.status, CODE, ""), |reply, (name, value)| {
            reply.header(name.clone(), value.as_bytes())
        });
        match &self.body {
            None => reply.no_body(),
            Some(body) => {
                let (content_type, bytes) = body.fill(&|template| template.to_text(scope));
                reply.body(content_type, bytes)
            }
        }
    }

    /// Whether it looks at the path.
    pub fn uses_paths(&self) -> bool {
        self.when.as_ref().is_some_and(Match::uses_paths)
    }

    /// The templates in its body.
    pub fn templates(&self) -> Vec<&Template> {
        self.body.as_ref().map(OverrideBody::templates).unwrap_or_default()
    }
}

impl RawReply {
    /// Its name, which is told from others.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Compiles it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn compile(self, paths: MatchOptions) -> Result<DirectReply, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let when = self.matches.map(|when| when.compile(paths).map_err(|errors| errors.under("match")));
        let when = when.and_then(|when| errors.take(when));
        errors.take(check_headers(&self.headers));
        let body = errors.take(OverrideBody::of(self.json, self.text, &self.headers)).flatten();
        let status = self.status.map_or(200, StatusCode::code);
        if body.is_some() && matches!(status, 204 | 205 | 304) {
            errors.push(ConfigError::invalid("status", format!("{status} has no body (RFC 9110 section 6.4.1)")));
        }
        let header = |(name, value): (HeaderName, HeaderValue)| (name.into_string(), value.into_string());
        let counter = format!("sluicegate_header_transform_replies_total.reply.{}", self.name.as_str());
        let reply = DirectReply {
            when,
            status,
            headers: self.headers.into_iter().map(header).collect(),
            body,
            counter: Counter::new(counter),
        };
        errors.into_result(reply)
    }
}
