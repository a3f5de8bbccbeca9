"""One HTTP/1.1 exchange at a time, header values as bytes."""

import http.client
import json
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, bytes | str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    status: int
    reason: str
    headers: list[tuple[str, bytes]]
    body: bytes

    def values(self, name):
        return [value for other, value in self.headers if other == name]


def as_bytes(value):
    return value.encode("latin-1") if isinstance(value, str) else value


class Client:
    """Sends to `address` (host:port), a connection per request, from the address `source` if given."""

    def __init__(self, address, source=None):
        self.address = address
        self.source = (source, 0) if source else None

    def send(self, request):
        connection = http.client.HTTPConnection(
            self.address, timeout=10, source_address=self.source)
        try:
            connection.putrequest(request.method, request.path, skip_accept_encoding=True)
            for name, value in request.headers.items():
                connection.putheader(name, as_bytes(value))
            if request.body:
                connection.putheader("content-length", str(len(request.body)))
            connection.endheaders(request.body or None)
            answer = connection.getresponse()
            headers = [(name.lower(), as_bytes(value)) for name, value in answer.getheaders()]
            return Answer(answer.status, answer.reason, headers, answer.read())
        finally:
            connection.close()

    def get_text(self, path):
        return self.send(Request("GET", path)).body.decode()

    def put_json(self, path, value):
        body = json.dumps(value).encode()
        answer = self.send(Request("PUT", path, {"content-type": "application/json"}, body))
        if answer.status != 200:
            raise RuntimeError(f"PUT {path} {value}: {answer.status} {answer.body!r}")
