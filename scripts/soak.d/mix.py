"""What is sent, how often, and which answers it may have."""

import itertools
import random
from dataclasses import dataclass, field

from config import API_KEYS
from issuers import hs256

ORIGIN = "https://app.example.com"
READABLE = f"access-control-allow-origin: {ORIGIN}\r\n".encode()
IDENTIFIED = b"\r\nx-correlation-id: "
RETRY = b"\r\nretry-after: "
LIMITED = (RETRY, b"\r\nratelimit: ", b"\r\nratelimit-policy: ")
CHALLENGE = (b"\r\nwww-authenticate: ",)
# Below Envoy's 60 KiB for a whole head.
BIG = 55_000
# How long a token lives that is logged out, in seconds: as long its place in the table of revocations is taken.
SHORT_LIFE = 60


@dataclass(frozen=True)
class Kind:
    """`weight`: its share, out of the sum of all. `answers`: by status, what the head must hold, besides READABLE
    and IDENTIFIED. `next_request`: the bytes of one more."""

    name: str
    weight: float
    answers: dict[int, tuple[bytes, ...]]
    next_request: object
    readable: bool = True
    # The client leaves before the answer.
    leaves: bool = False
    # Logs out, and tries the token again.
    logs_out: bool = False
    wants: dict[bytes, tuple[bytes, ...]] = field(init=False)

    def __post_init__(self):
        common = (IDENTIFIED, READABLE) if self.readable else (IDENTIFIED,)
        object.__setattr__(self, "wants", {
            str(status).encode(): common + more for status, more in self.answers.items()})


def request(path, *headers, method="GET", origin=ORIGIN, body=""):
    """Its bytes. Headers are lines, each character a byte."""
    lines = [f"{method} {path} HTTP/1.1", "host: api.example.com", f"origin: {origin}", "user-agent: sluicegate-soak/1",
             "accept: */*", *headers]
    if method == "POST":
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", body]).encode("latin-1")


def bearer(token):
    return f"authorization: Bearer {token}"


def product():
    return f"/product-service/products/{random.randint(1, 100)}?lang=en"


def cycle(requests):
    return itertools.cycle(requests).__next__


def with_tokens(tokens, *headers):
    return cycle([request(product(), bearer(token), *headers) for token in tokens])


def logout(token):
    return request("/auth/logout", bearer(token), method="POST")


def retried(token):
    return request(product(), bearer(token))


def logins():
    body = '{"email":"user@example.com","password":"user123"}'
    return cycle([request("/auth/login", "content-type: application/json", method="POST", body=body)])


def preflights(method, origin=ORIGIN):
    return cycle([request(product(), f"access-control-request-method: {method}",
                          "access-control-request-headers: authorization", method="OPTIONS", origin=origin)])


def short_lived():
    """Tokens that are logged out, no two alike."""
    return map(lambda number: hs256(f"leaver-{number}", lifetime=SHORT_LIFE), itertools.count())


# What the mix is to bring about, if it runs for long enough: kind and status.
MUST_HAPPEN = [("greedy", 429), ("login", 429), ("login", 200), ("failing", 200), ("failing", 503), ("logout", 200)]
REVOKED = Kind("revoked", 0, {401: CHALLENGE}, None)
KEPT = Kind("not revoked", 0, {200: ()}, None)


def kinds(signed):
    """`signed`: tokens by algorithm, for those that are not made here."""
    many = [hs256(f"hs256-{number}") for number in range(4000)]
    few, admin = many[:200], hs256("admin", role="admin")
    ok, refused = {200: ()}, {401: CHALLENGE}
    odd = ["x-odd: \xff\xfe\x80", "cookie: a=\xe9; b", "x-correlation-id: \xff\xff\xff\xff\xff\xff\xff\xff\xff"]
    doubled = request(product(), bearer(many[0]), bearer(many[1]))
    keys_twice = request(product(), f"x-api-key: {API_KEYS[0]}", f"x-api-key: {API_KEYS[1]}")
    not_text = request(product(), "authorization: Bearer \xff.\xff.\xff")
    forged = [f"{token[:-6]}AAAAAA" for token in many[:100]]
    return [
        Kind("token known", 14, ok, with_tokens(few)),
        Kind("token HS256", 15, ok, with_tokens(many)),
        Kind("token RS256", 4, ok, with_tokens(signed["RS256"])),
        Kind("token ES256", 2, ok, with_tokens(signed["ES256"])),
        Kind("API key", 12, ok, cycle([request(product(), f"x-api-key: {key}") for key in API_KEYS])),
        Kind("admin", 2, {200: (), 429: LIMITED}, cycle([request("/payment-service/payments", bearer(admin))])),
        Kind("greedy", 7, {200: (), 429: LIMITED}, with_tokens([hs256("greedy")])),
        Kind("login", 6, {200: (), 429: LIMITED}, logins()),
        Kind("no credential", 2, refused, cycle([request(product())])),
        Kind("expired", 4, refused, with_tokens([hs256(f"old-{each}", lifetime=-9) for each in range(100)])),
        Kind("forged", 4, refused, with_tokens(forged)),
        Kind("malformed", 4, refused, cycle([doubled, keys_twice, not_text])),
        Kind("forbidden", 4, {403: ()}, cycle([request("/payment-service/payments", bearer(each)) for each in few])),
        Kind("preflight", 6, {204: (b"\r\naccess-control-allow-methods: PUT",)}, preflights("PUT")),
        Kind("preflight refused", 2, {204: ()}, preflights("PUT", "https://evil.example"), readable=False),
        Kind("failing", 9, {200: (), 502: (), 503: ()}, cycle([request("/user-service/users/1")])),
        Kind("slow", 1, ok, cycle([request("/order-service/orders/1", bearer(each)) for each in few])),
        Kind("leaves", 1, ok, cycle([request("/order-service/orders/1", bearer(each)) for each in few]), leaves=True),
        Kind("odd headers", 3, ok, with_tokens(few, *odd)),
        Kind("big headers", 1, ok, with_tokens(few, f"x-big: {'x' * BIG}")),
        Kind("logout", 1, {200: (), 503: ()}, None, logs_out=True),
    ]
