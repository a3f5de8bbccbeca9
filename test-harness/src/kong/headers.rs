//! Headers in nginx: names as they were written, a line each, and only the connection's own fields
//! kept from the upstream. Source: `ngx_proxy_wasm_maps.c`, nginx's `ngx_http_proxy_module`.

use crate::header_map::{HeaderMap, MapKind};
use crate::message::{Headers, Request, UpstreamRequest, UpstreamResponse};
use crate::profile::Profile;
use crate::stream::LocalReply;

/// `server_name`: what filters read as `:authority`, whatever the client's `Host` says.
const SERVER_NAME: &[u8] = b"localhost";

/// `large_client_header_buffers`, its default: bytes of one line, and of all.
const MAX_LINE_BYTES: usize = 8 << 10;
const MAX_HEADER_BYTES: usize = 32 << 10;

/// Request fields that `proxy_pass` does not send on, or makes itself.
const NOT_SENT: &[&str] = &["host", "connection", "te", "transfer-encoding", "keep-alive", "expect", "upgrade"];

/// Response fields that `proxy_pass` keeps to itself (`ngx_http_proxy_hide_headers`), and those of the
/// connection.
const HIDDEN: &[&str] = &["date", "server", "x-pad", "connection", "keep-alive", "transfer-encoding"];

/// The request headers as filters see them.
pub fn request_headers(request: &Request) -> HeaderMap {
    let mut map = HeaderMap::of(Profile::Kong, MapKind::Request);
    map.add(b":path", &request.path);
    map.add(b":method", &request.method);
    map.add(b":scheme", &request.scheme);
    map.add(b":authority", SERVER_NAME);
    map.add(b"Host", &request.authority);
    for (name, value) in &request.headers {
        map.receive(name, value);
    }
    let size: usize = request.body.iter().map(Vec::len).sum();
    if size > 0 && map.get(b"content-length").is_none() && map.get(b"transfer-encoding").is_none() {
        map.add(b"Content-Length", size.to_string().as_bytes());
    }
    map
}

/// What nginx refuses before any filter.
pub fn refuse(request: &Request) -> Option<LocalReply> {
    let named = |wanted: &[u8]| request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).count();
    let line = |(name, value): &(Vec<u8>, Vec<u8>)| name.len() + value.len() + 4;
    if request.method.len() + request.path.len() + 11 > MAX_LINE_BYTES {
        return Some(error_page(414));
    }
    let too_long = request.headers.iter().any(|field| line(field) > MAX_LINE_BYTES);
    let all: usize = request.path.len() + request.authority.len() + request.headers.iter().map(line).sum::<usize>();
    if too_long || all > MAX_HEADER_BYTES || named(b"content-length") > 1 || request.authority.is_empty() {
        return Some(error_page(400));
    }
    None
}

/// The request as `proxy_pass http://upstream` sends it: the client's target, since a changed `:path`
/// changes only what nginx's variables say, and its `Host` (`proxy_set_header Host $http_host`).
pub fn sent_upstream(map: &HeaderMap, client_target: &[u8]) -> Headers {
    let value = |name: &str| map.get(name.as_bytes()).unwrap_or_default().to_vec();
    let mut headers = vec![
        (b":authority".to_vec(), value("host")),
        (b":path".to_vec(), client_target.to_vec()),
        (b":method".to_vec(), value(":method")),
        (b":scheme".to_vec(), value(":scheme")),
    ];
    let kept = |name: &[u8]| {
        !name.starts_with(b":") && !NOT_SENT.iter().any(|hidden| name.eq_ignore_ascii_case(hidden.as_bytes()))
    };
    headers.extend(map.pairs().iter().filter(|(name, _)| kept(name)).cloned());
    headers
}

/// nginx has the whole body before it sends any, and says how long it is.
pub fn fix_length(request: &mut UpstreamRequest) {
    let length = request.body.len();
    let named = |(name, _): &(Vec<u8>, Vec<u8>)| name.eq_ignore_ascii_case(b"content-length");
    if length > 0 || request.headers.iter().any(named) {
        request.headers.retain(|field| !named(field));
        request.headers.push((b"Content-Length".to_vec(), length.to_string().into_bytes()));
    }
}

/// The upstream's response headers as filters see them.
pub fn response_headers(response: &UpstreamResponse) -> HeaderMap {
    let mut map = HeaderMap::of(Profile::Kong, MapKind::Response);
    map.add(b":status", response.status.to_string().as_bytes());
    for (name, value) in &response.headers {
        map.receive(name, value);
    }
    for name in HIDDEN {
        map.remove(name.as_bytes());
    }
    map
}

/// Whether writes to a request field are logged and ignored.
pub fn is_read_only(name: &[u8]) -> bool {
    matches!(name, b":authority" | b":scheme")
}

/// What tells nginx's own pages from filters' replies.
pub const ERROR_PAGE: &str = "nginx";

/// nginx's own page for an error.
pub fn error_page(status: u16) -> LocalReply {
    let reason = match status {
        400 => "Bad Request",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Large",
        502 => "Bad Gateway",
        504 => "Gateway Time-out",
        _ => "Internal Server Error",
    };
    let page = format!(
        "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n<center><h1>{status} {reason}</h1></center>\r\n\
         <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    );
    let mut reply = LocalReply::plain(status, &page, ERROR_PAGE);
    reply.headers.push((b"Content-Type".to_vec(), b"text/html".to_vec()));
    reply
}
