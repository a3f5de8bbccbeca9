//! One request through the filter, and its answer back.

use serde_json::Value;
use sluicegate_common::config::Env;
use sluicegate_common::facts::Facts;
use sluicegate_common::filter::{Cx, Decision, Filter, Setup};
use sluicegate_common::head::{HeadState, HeaderMap, HeaderSource, RequestHead, ResponseHead};
use sluicegate_common::proxy::{Proxy, Status};
use sluicegate_common::settings::Settings;
use sluicegate_common::time::Nanos;
use sluicegate_cors::{Cors, Stream};

use crate::cases::{Answer, Lines, Player};

/// Header lines from text.
pub fn lines(fields: &[(&str, &str)]) -> Lines {
    fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
}

/// The filter under this config.
pub fn cors(config: &Value) -> Cors {
    try_cors(config).unwrap_or_else(|errors| panic!("{config}: {errors}"))
}

/// The filter, or what is wrong with its config.
pub fn try_cors(config: &Value) -> Result<Cors, String> {
    let Value::Object(object) = config.clone() else { panic!("expected an object, found {config}") };
    Cors::configure(object, &Setup::new(&Env::default()), None).map_err(|errors| errors.to_string())
}

/// Sends a request whose pseudo headers stand among its lines; the upstream answers 200 with these lines.
pub fn exchange(cors: &Cors, request: Lines, upstream: Lines) -> Answer {
    exchange_with_status(cors, request, 200, upstream)
}

fn exchange_with_status(cors: &Cors, request: Lines, upstream_status: u16, upstream: Lines) -> Answer {
    let (mut facts, settings, proxy) = (Facts::default(), Settings::default(), Properties(Vec::new()));
    let (mut stream, mut state, source) = (Stream::default(), HeadState::default(), Source(request));
    let mut cx = Cx::new(Nanos::default(), &proxy, &mut facts, &settings);
    let decision = cors.on_request(&mut stream, &mut RequestHead::new(&source, &mut state), &mut cx);
    let (code, status, own) = match decision {
        Decision::Continue => (None, upstream_status, upstream),
        Decision::Respond(reply) => {
            assert_eq!(reply.headers(), [], "headers are written on the way back");
            (Some(reply.code()), reply.status(), Lines::new())
        }
        Decision::Wait(_) => panic!("CORS waits for nothing"),
    };
    let headers = respond(cors, &mut stream, &mut cx, status, own);
    Answer { reached: code.is_none(), code, status, headers }
}

/// Plays cases on the filter alone.
pub struct Pure;

impl Player for Pure {
    fn play(&mut self, config: &Value, request: Lines, status: u16, upstream: Lines) -> Option<Answer> {
        try_cors(config).ok().map(|cors| exchange_with_status(&cors, request, status, upstream))
    }
}

/// The answer to a request that the filter never saw; the host remembers its Origin.
pub fn decorate(cors: &Cors, origin: Option<&[u8]>, upstream: Lines) -> Answer {
    let (mut facts, settings) = (Facts::default(), Settings::default());
    let proxy = Properties(origin.map(<[u8]>::to_vec).into_iter().collect());
    let mut cx = Cx::new(Nanos::default(), &proxy, &mut facts, &settings);
    let headers = respond(cors, &mut Stream::default(), &mut cx, 400, upstream);
    Answer { reached: false, code: None, status: 400, headers }
}

fn respond(cors: &Cors, stream: &mut Stream, cx: &mut Cx<'_>, status: u16, lines: Lines) -> Lines {
    let mut lines = lines;
    lines.insert(0, (":status".into(), status.to_string().into_bytes()));
    let (source, mut state) = (Source(lines), HeadState::default());
    let mut head = ResponseHead::new(&source, &mut state);
    cors.on_response(stream, &mut head, cx);
    let text = |name: &[u8]| String::from_utf8(name.to_vec()).unwrap();
    head.iter().map(|(name, value)| (text(name), value.to_vec())).collect()
}

struct Source(Lines);

impl HeaderSource for Source {
    fn first(&self, name: &str) -> Result<Option<Vec<u8>>, Status> {
        let mut lines = self.0.iter();
        Ok(lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone()))
    }

    fn all(&self) -> Result<HeaderMap, Status> {
        HeaderMap::parse(HeaderMap::serialize(&self.0))
    }
}

/// A proxy that knows the Origin of the request, or nothing.
struct Properties(Vec<Vec<u8>>);

impl Proxy for Properties {
    fn property(&self, path: &[&str]) -> Result<Option<Vec<u8>>, Status> {
        assert_eq!(path, ["request", "headers", "origin"]);
        Ok(self.0.first().cloned())
    }

    fn set_property(&self, _: &[&str], _: &[u8]) -> Result<(), Status> {
        Err(Status::NotFound)
    }
}
