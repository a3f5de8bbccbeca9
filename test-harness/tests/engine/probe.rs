//! A probe guest: a module assembled from host calls, each of which logs what the host answered.
//!
//! `get(0, "x-a")` logs `get x-a: 0 value` (status, then the value when the status is 0).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use test_harness::Headers;

/// The body of the callbacks, and the strings they use.
#[derive(Clone, Default)]
pub struct Probe {
    strings: Vec<u8>,
    callbacks: BTreeMap<&'static str, String>,
}

/// Where strings begin in the guest's memory.
const STRINGS: usize = 4096;

/// The body of one callback.
pub struct Body<'a> {
    strings: &'a mut Vec<u8>,
    code: String,
    result: Option<u32>,
}

/// (name, parameters after the context id, returns a number)
const CALLBACKS: &[(&str, usize, bool)] = &[
    ("proxy_on_context_create", 1, false),
    ("proxy_on_vm_start", 1, true),
    ("proxy_on_configure", 1, true),
    ("proxy_on_tick", 0, false),
    ("proxy_on_queue_ready", 1, false),
    ("proxy_on_request_headers", 2, true),
    ("proxy_on_request_body", 2, true),
    ("proxy_on_request_trailers", 1, true),
    ("proxy_on_response_headers", 2, true),
    ("proxy_on_response_body", 2, true),
    ("proxy_on_response_trailers", 1, true),
    ("proxy_on_http_call_response", 4, false),
    ("proxy_on_log", 0, false),
    ("proxy_on_done", 0, true),
    ("proxy_on_delete", 0, false),
];

impl Probe {
    pub fn new() -> Self {
        Probe::default()
    }

    /// A probe that logs the name of every callback of a stream, and lets everything pass.
    pub fn logging_all() -> Self {
        CALLBACKS.iter().fold(Probe::new(), |probe, (name, ..)| probe.on(name, |body| body.log(short(name))))
    }

    /// Defines a callback by its short name (`request_headers`) or its full one.
    pub fn on(mut self, callback: &str, define: impl FnOnce(&mut Body<'_>)) -> Self {
        let (name, _, returns) = *CALLBACKS
            .iter()
            .find(|(name, ..)| *name == callback || short(name) == callback)
            .unwrap_or_else(|| panic!("no callback {callback}"));
        let mut body = Body { strings: &mut self.strings, code: String::new(), result: None };
        define(&mut body);
        let Body { mut code, result, .. } = body;
        if returns {
            // Starting, configuring and ending succeed with 1, streams go on with 0.
            let pass = u32::from(matches!(name, "proxy_on_vm_start" | "proxy_on_configure" | "proxy_on_done"));
            let _ = writeln!(code, "(i32.const {})", result.unwrap_or(pass));
        }
        self.callbacks.insert(name, code);
        self
    }

    pub fn build(&self) -> Arc<[u8]> {
        wat::parse_str(self.wat()).unwrap_or_else(|error| panic!("{error}\n{}", self.wat())).into()
    }

    fn wat(&self) -> String {
        let mut callbacks = String::new();
        for (name, parameters, returns) in CALLBACKS {
            let Some(code) = self.callbacks.get(name) else { continue };
            let result = if *returns { "(result i32)" } else { "" };
            let parameters = "i32 ".repeat(parameters + 1);
            let _ = writeln!(callbacks, "(func (export \"{name}\") (param {parameters}) {result}\n{code})");
        }
        let data: String = self.strings.iter().map(|byte| format!("\\{byte:02x}")).collect();
        PRELUDE.replace("$CALLBACKS$", &callbacks).replace("$DATA$", &data).replace("$STRINGS$", &STRINGS.to_string())
    }
}

fn short(name: &str) -> &str {
    name.strip_prefix("proxy_on_").unwrap_or(name)
}

impl Body<'_> {
    /// The action or boolean to return.
    pub fn returns(&mut self, result: u32) {
        self.result = Some(result);
    }

    pub fn log(&mut self, text: &str) {
        let text = self.string(text.as_bytes());
        self.push(format!("(drop (call $log (i32.const 2) {text}))"));
    }

    pub fn get(&mut self, map: u32, name: &str) {
        let name_at = self.string(name.as_bytes());
        let label = self.string(format!("get {name}: ").as_bytes());
        self.push(format!("(call $value {label} (call $get_header (i32.const {map}) {name_at} {RESULT}))"));
    }

    pub fn pairs(&mut self, map: u32) {
        let label = self.string(b"pairs: ");
        self.push(format!("(call $map {label} (call $get_pairs (i32.const {map}) {RESULT}))"));
    }

    pub fn add(&mut self, map: u32, name: &str, value: &[u8]) {
        self.edit("add", "$add_header", map, name, value);
    }

    pub fn set(&mut self, map: u32, name: &str, value: &[u8]) {
        self.edit("set", "$set_header", map, name, value);
    }

    pub fn remove(&mut self, map: u32, name: &str) {
        let label = self.string(format!("remove {name}: ").as_bytes());
        let name = self.string(name.as_bytes());
        self.push(format!("(call $status {label} (call $remove_header (i32.const {map}) {name}))"));
    }

    pub fn set_pairs(&mut self, map: u32, pairs: &[(&str, &str)]) {
        let pairs = self.map(pairs);
        let label = self.string(b"set_pairs: ");
        self.push(format!("(call $status {label} (call $set_pairs (i32.const {map}) {pairs}))"));
    }

    pub fn buffer(&mut self, buffer: u32, start: u32, length: u32) {
        let label = self.string(format!("buffer {buffer}: ").as_bytes());
        self.push("(call $clear)".to_owned());
        self.push(format!(
            "(call $value {label} (call $get_buffer (i32.const {buffer}) (i32.const {start}) (i32.const {length}) {RESULT}))"
        ));
    }

    pub fn set_buffer(&mut self, buffer: u32, start: u32, length: u32, data: &str) {
        let label = self.string(b"set_buffer: ");
        let data = self.string(data.as_bytes());
        self.push(format!(
            "(call $status {label} (call $set_buffer (i32.const {buffer}) (i32.const {start}) (i32.const {length}) {data}))"
        ));
    }

    /// A property by its path, segments separated by dots.
    pub fn property(&mut self, path: &str) {
        let label = self.string(format!("property {path}: ").as_bytes());
        let path = self.string(path.replace('.', "\0").as_bytes());
        self.push(format!("(call $value {label} (call $get_property {path} {RESULT}))"));
    }

    pub fn set_property(&mut self, name: &str, value: &str) {
        let label = self.string(b"set_property: ");
        let (name, value) = (self.string(name.as_bytes()), self.string(value.as_bytes()));
        self.push(format!("(call $status {label} (call $set_property {name} {value}))"));
    }

    pub fn reply(&mut self, status: u32, body: &str, headers: &[(&str, &str)]) {
        self.reply_grpc(status, body, headers, -1);
    }

    pub fn reply_grpc(&mut self, status: u32, body: &str, headers: &[(&str, &str)], grpc: i32) {
        let label = self.string(b"reply: ");
        let (details, body, headers) = (self.string(b"probe reply"), self.string(body.as_bytes()), self.map(headers));
        self.push(format!(
            "(call $status {label} (call $reply (i32.const {status}) {details} {body} {headers} (i32.const {grpc})))"
        ));
    }

    pub fn resume(&mut self, stream_type: u32) {
        let label = self.string(b"resume: ");
        self.push(format!("(call $status {label} (call $continue (i32.const {stream_type})))"));
    }

    pub fn shared_get(&mut self, key: &str) {
        let label = self.string(format!("shared {key}: ").as_bytes());
        let key = self.string(key.as_bytes());
        self.push(format!("(call $value {label} (call $get_shared {key} {RESULT} (i32.const 8)))"));
    }

    pub fn shared_set(&mut self, key: &str, value: &str, cas: u32) {
        let label = self.string(format!("shared_set {key}: ").as_bytes());
        let (key, value) = (self.string(key.as_bytes()), self.string(value.as_bytes()));
        self.push(format!("(call $status {label} (call $set_shared {key} {value} (i32.const {cas})))"));
    }

    /// Defines a counter and adds one.
    pub fn count(&mut self, name: &str) {
        let label = self.string(format!("count {name}: ").as_bytes());
        let name = self.string(name.as_bytes());
        self.push(format!("(drop (call $define_metric (i32.const 0) {name} (i32.const 8)))"));
        self.push(format!("(call $status {label} (call $increment (i32.load (i32.const 8)) (i64.const 1)))"));
    }

    /// Defines a metric; its id is at address 8.
    pub fn metric(&mut self, kind: u32, name: &str) {
        let label = self.string(format!("metric {name}: ").as_bytes());
        let name = self.string(name.as_bytes());
        self.push(format!("(call $status {label} (call $define_metric (i32.const {kind}) {name} (i32.const 8)))"));
    }

    /// Increments the metric defined last.
    pub fn increment(&mut self, offset: i64) {
        self.push(format!("(drop (call $increment (i32.load (i32.const 8)) (i64.const {offset})))"));
    }

    pub fn tick_period(&mut self, milliseconds: u32) {
        self.push(format!("(drop (call $tick_period (i32.const {milliseconds})))"));
    }

    pub fn http_call(&mut self, cluster: &str, path: &str, timeout: u32) {
        let label = self.string(b"http_call: ");
        let headers = self.map(&[(":method", "GET"), (":path", path), (":authority", "callout")]);
        let (cluster, none) = (self.string(cluster.as_bytes()), self.map(&[]));
        self.push(format!(
            "(call $status {label} (call $http_call {cluster} {headers} (i32.const 0) (i32.const 0) {none} (i32.const {timeout}) (i32.const 8)))"
        ));
    }

    pub fn effective(&mut self, context: u32) {
        let label = self.string(b"effective: ");
        self.push(format!("(call $status {label} (call $effective (i32.const {context})))"));
    }

    /// Logs a parameter of the callback; 0 is the context id.
    pub fn parameter(&mut self, index: u32) {
        let label = self.string(format!("parameter {index}: ").as_bytes());
        self.push(format!("(call $status {label} (local.get {index}))"));
    }

    /// The wall clock in milliseconds.
    pub fn time(&mut self) {
        let label = self.string(b"time: ");
        self.push("(drop (call $now (i32.const 16)))".to_owned());
        self.push(format!(
            "(call $status {label} (i32.wrap_i64 (i64.div_u (i64.load (i32.const 16)) (i64.const 1000000))))"
        ));
    }

    pub fn trap(&mut self) {
        self.push("(if (i32.const 1) (then (unreachable)))".to_owned());
    }

    /// Runs the code when a request header has a value.
    pub fn when(&mut self, name: &str, value: &str, then: impl FnOnce(&mut Body<'_>)) {
        let (name, value) = (self.string(name.as_bytes()), self.string(value.as_bytes()));
        self.push(format!("(if (call $header_is {name} {value}) (then"));
        then(self);
        self.push("))".to_owned());
    }

    /// WAT of the test's own; the prelude's functions are at hand.
    pub fn raw(&mut self, code: &str) {
        self.push(code.to_owned());
    }

    /// Interns bytes; `(i32.const address) (i32.const length)`.
    pub fn string(&mut self, bytes: &[u8]) -> String {
        let at = STRINGS + self.strings.len();
        self.strings.extend(bytes);
        format!("(i32.const {at}) (i32.const {})", bytes.len())
    }

    fn edit(&mut self, verb: &str, function: &str, map: u32, name: &str, value: &[u8]) {
        let label = self.string(format!("{verb} {name}: ").as_bytes());
        let (name, value) = (self.string(name.as_bytes()), self.string(value));
        self.push(format!("(call $status {label} (call {function} (i32.const {map}) {name} {value}))"));
    }

    fn map(&mut self, pairs: &[(&str, &str)]) -> String {
        let pairs: Headers =
            pairs.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect();
        let count = |size: usize| u32::try_from(size).expect("test data is small").to_le_bytes();
        let mut bytes = count(pairs.len()).to_vec();
        pairs.iter().for_each(|(name, value)| bytes.extend([count(name.len()), count(value.len())].concat()));
        pairs.iter().for_each(|(name, value)| bytes.extend([name, &[0][..], value, &[0][..]].concat()));
        self.string(&bytes)
    }

    fn push(&mut self, code: String) {
        self.code.push_str(&code);
        self.code.push('\n');
    }
}

/// Where host calls write a pointer and a size.
const RESULT: &str = "(i32.const 0) (i32.const 4)";

const PRELUDE: &str = include_str!("probe.wat");
