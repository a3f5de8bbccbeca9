//! A gRPC server behind Envoy: unary calls, answered by script.

use std::io;
use std::net::TcpStream;
use std::time::Duration;

use super::http2::{Connection, Request};
use crate::callouts::{grpc_response, unframe};
use crate::{CalloutAnswer, Headers, UpstreamRequest, UpstreamResponse};

/// Serves one connection to its end. `ask` notes a call and says what to answer, `pass` lets time go
/// by; an error is the peer's going away.
pub fn serve(
    stream: TcpStream,
    cluster: &str,
    mut ask: impl FnMut(UpstreamRequest) -> CalloutAnswer,
    pass: impl Fn(Duration) -> io::Result<()>,
) -> io::Result<()> {
    let mut connection = Connection::accept(stream)?;
    while let Some(Request { stream, headers, body }) = connection.read_request()? {
        let body = unframe(&body).map(<[u8]>::to_vec).unwrap_or(body);
        let answer = ask(UpstreamRequest { headers, body, trailers: Vec::new(), cluster: cluster.to_owned() });
        let response = match answer {
            CalloutAnswer::Grpc(grpc) => grpc_response(&grpc),
            CalloutAnswer::Response(response) => response,
            // The proxy gives up first.
            CalloutAnswer::Silent | CalloutAnswer::Lost => continue,
            CalloutAnswer::ResetAfterHeaders => {
                connection.send_fields(stream, &fields(&UpstreamResponse::default()), false)?;
                return connection.close();
            }
            CalloutAnswer::Refused | CalloutAnswer::Reset | CalloutAnswer::Oversized => return connection.close(),
        };
        pass(response.after)?;
        send(&mut connection, stream, &response)?;
    }
    Ok(())
}

fn send(connection: &mut Connection, stream: u32, response: &UpstreamResponse) -> io::Result<()> {
    connection.send_fields(stream, &fields(response), false)?;
    connection.send_data(stream, &response.body.concat())?;
    connection.send_fields(stream, &response.trailers, true)
}

fn fields(response: &UpstreamResponse) -> Headers {
    let mut fields = vec![(b":status".to_vec(), response.status.to_string().into_bytes())];
    fields.extend(response.headers.iter().cloned());
    fields
}
