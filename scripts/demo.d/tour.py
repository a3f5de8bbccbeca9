"""The requests of the tour, in order: one row each."""

import json

from check import Matching, Step, Tokens
from http_exchange import Request
from tokens import token

APP = "https://app.example.com"
PREVIEW = "https://pr-7.preview.example.com"
EVIL = "https://evil.example"
USERS = "/user-service/users"

ANY_CORS = ("access-control-*",)
PREFLIGHT_VARY = Tokens(
    "Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers")
READABLE = {
    "access-control-allow-origin": APP,
    "access-control-allow-credentials": "true",
    "access-control-expose-headers": "ratelimit, ratelimit-policy, retry-after, x-correlation-id",
    "vary": Tokens("Origin"),
}
LOGIN = "/auth/login"
ATTEMPTS = 5
PAYMENTS = "/payment-service/payments"
USER = {"authorization": f"Bearer {token('user', 'user')}"}
ADMIN = {"authorization": f"Bearer {token('admin', 'admin')}"}
FORGED = {"authorization": f"Bearer {token('admin', 'admin', secret=b'a guess, as long as a secret must be')}"}
# All that is asked of who shows nothing.
CHALLENGE = Tokens('Bearer realm="api"', 'ApiKey realm="api"')
UUID = Matching("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def preflight(origin, method, headers=""):
    asked = {"origin": origin, "access-control-request-method": method}
    return Request(
        "OPTIONS", USERS, asked | ({"access-control-request-headers": headers} if headers else {}))


def echoed(name, value):
    """How the echo shows a header that arrived."""
    return json.dumps([name, value], separators=(",", ":"))


def attempt(number):
    """Of logging in, with a wrong password."""
    body = json.dumps({"email": "admin@example.com", "password": f"guess {number}"}).encode()
    return Request("POST", LOGIN, {"origin": APP, "content-type": "application/json"}, body)


def hostile_origin(title, origin, notice):
    return Step(
        title, Request("GET", USERS, {"origin": origin}), 200, notice,
        headers={"vary": Tokens("Origin")}, absent=ANY_CORS)


TOUR = [
    Step(
        "A preflight of the app, for a PUT with two headers",
        preflight(APP, "PUT", "Content-Type, Authorization"),
        204,
        "The gateway answers; the service never sees it. It allows what was asked for and no more: "
        "not a list of everything it would allow.",
        headers={
            "access-control-allow-origin": APP,
            "access-control-allow-methods": "PUT",
            "access-control-allow-headers": "authorization,content-type",
            "access-control-allow-credentials": "true",
            "access-control-max-age": "7200",
            "vary": PREFLIGHT_VARY,
        }),
    Step(
        "A preflight of a preview deployment",
        preflight(PREVIEW, "POST"),
        204,
        "Allowed by the pattern https://*.preview.example.com; the answer names this origin alone.",
        headers={"access-control-allow-origin": PREVIEW, "vary": PREFLIGHT_VARY}),
    Step(
        "A preflight of a stranger",
        preflight(EVIL, "PUT"),
        204,
        "The same status without one Access-Control header: the browser refuses, and learns nothing "
        "of what others may do. Vary keeps caches from giving this answer to the app.",
        headers={"vary": PREFLIGHT_VARY}, absent=ANY_CORS),
    Step(
        "A preflight of the app, for a method that is not allowed",
        preflight(APP, "PATCH"),
        204,
        "Origin, method and headers must all be allowed; PATCH is not.",
        headers={"vary": PREFLIGHT_VARY}, absent=ANY_CORS),
    Step(
        "The app reads the users",
        Request("GET", USERS, {"origin": APP}),
        200,
        "The service itself answers Access-Control-Allow-Origin: *. The gateway takes that off and "
        "says the app's origin, once, with credentials and the headers that scripts may read: those "
        "that the gateway sets, the correlation id and what is left of limits.",
        headers=READABLE,
        absent=("access-control-allow-methods", "access-control-allow-headers"),
        body='"email":"admin@example.com"'),
    Step(
        "A stranger reads the users",
        Request("GET", USERS, {"origin": EVIL}),
        200,
        "CORS is about who may read an answer, not who may send a request: the service answers, the "
        "browser withholds it. The service's own * is gone here too.",
        headers={"vary": Tokens("Origin")}, absent=ANY_CORS),
    Step(
        "No browser at all",
        Request("GET", "/product-service/products/7"),
        200,
        "No Origin, no CORS headers; but Vary: Origin, because with one the answer would differ.",
        headers={"vary": Tokens("Origin")}, absent=ANY_CORS, body='"id":7'),
    hostile_origin(
        "An origin that begins like the app's", "https://app.example.com.evil.example",
        "Origins are compared whole."),
    hostile_origin(
        "Two origins in one header", f"{APP}, {EVIL}",
        "Not an origin, so not an allowed one."),
    hostile_origin(
        "An origin that is not text", b"https://app.example.com\xff\xfe",
        "Bytes that are no UTF-8 are refused like any other stranger. They have killed filters."),
    Step(
        "A header with bytes that are no UTF-8",
        Request("GET", "/echo", {"origin": APP, "x-note": b"caf\xe9 \xff\xfe \x80"}),
        200,
        "The echo shows x-note as it arrived: byte for byte what was sent.",
        headers=READABLE, body=echoed("x-note", r"caf\xe9 \xff\xfe \x80")),
    Step(
        "A forged client address",
        Request("GET", "/echo", {"x-forwarded-for": "6.6.6.6", "x-envoy-external-address": "6.6.6.6"}),
        200,
        "The client connects from 127.0.0.2 and claims 6.6.6.6. Envoy appends the truth at the end of "
        "X-Forwarded-For, and trusts only that: use_remote_address in envoy/gateway.yaml.",
        headers={}, body=echoed("x-envoy-external-address", "127.0.0.2")),
    Step(
        "A path with an encoded slash",
        Request("GET", "/user-service%2Fusers"),
        400,
        "Two ways to read one path are one too many: Envoy refuses it before routes and filters.",
        headers={}),
    Step(
        "A service that does not know its prefix",
        Request("GET", "/user-service/any/thing?q=1"),
        404,
        "This 404 is the service's own and says what it saw: the route's prefix_rewrite took "
        "/user-service off.",
        headers={"x-correlation-id": UUID}, body='"path":"/any/thing"'),
    Step(
        "A correlation id",
        Request("GET", "/echo", {"origin": APP, "x-correlation-id": "order-4711"}),
        200,
        "The client's id goes to the service and comes back, where the page can read it.",
        headers=READABLE | {"x-correlation-id": "order-4711"},
        body=echoed("x-correlation-id", "order-4711")),
    Step(
        "A correlation id that no log should hold",
        Request("GET", "/echo", {"x-correlation-id": "<script>alert(1)</script>"}),
        200,
        "Not 8 to 128 letters, digits, dots, dashes and underscores: it is replaced, here by the id "
        "that Envoy has made for the request.",
        headers={"x-correlation-id": UUID}, body='["x-correlation-id","', not_in_body=("script",)),
    Step(
        "What the gateway tells the service",
        Request("GET", "/echo/7?lang=de", {"x-gateway-service": "payment-service"}),
        200,
        "x-gateway-service is the first segment of the path, accept-language comes from the query. "
        "What the client says under x-gateway- does not pass.",
        headers={},
        body=",".join([echoed("x-forwarded-by", "API-Gateway"), echoed("x-gateway-service", "echo"),
                       echoed("accept-language", "de")]),
        not_in_body=("payment-service",)),
    Step(
        "A line break in the query",
        Request("GET", "/echo?lang=de%0d%0aX-Evil:%201"),
        200,
        "Decoded, lang would end one header and begin another. The op is left out and counted "
        "(dropped_ops below), the request goes on; the path is passed on as it came.",
        headers={}, body="/echo?lang=de%0d%0aX-Evil:%201",
        not_in_body=('["x-evil"', '["accept-language"')),
    Step(
        "What every answer carries",
        Request("GET", "/product-service/products/7"),
        200,
        "security_headers: api sets what the service does not. server is gone, Envoy's as well: "
        "server_header_transformation in envoy/gateway.yaml.",
        headers={
            "x-gateway": "API-Gateway-v1.0",
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
            "referrer-policy": "no-referrer",
            "strict-transport-security": "max-age=31536000; includeSubDomains",
        },
        absent=("server", "x-powered-by")),
    Step(
        "The gateway's health",
        Request("GET", "/health"),
        200,
        "Answered from the configuration, with the time; no service is asked.",
        headers={"cache-control": "no-store", "content-type": "application/json"},
        absent=("server",), body='{"status":"healthy","timestamp":"20'),
    Step(
        "A path without a route",
        Request("GET", "/nonexistent-service/test",
                {"origin": APP, "x-correlation-id": "order-4712"}),
        404,
        "JSON with the id to ask about, also from the configuration, and readable: the page's "
        "script sees 404, not a CORS error.",
        headers=READABLE | {"content-type": "application/json", "x-correlation-id": "order-4712"},
        body='{"correlationId":"order-4712","error":"Route not found","path":"/nonexistent-service/test"}'),
    Step(
        "Payments, for nobody in particular",
        Request("GET", PAYMENTS, {"origin": APP}),
        401,
        "Everything that the rule open does not name wants a token or an API key; the answer says so. "
        "Page scripts can read it: cors stands before auth.",
        headers=READABLE | {"www-authenticate": CHALLENGE, "cache-control": "no-store"},
        body='"error":"missing_credential"'),
    Step(
        "A preflight for payments",
        Request("OPTIONS", PAYMENTS, {"origin": APP, "access-control-request-method": "GET",
                                      "access-control-request-headers": "authorization"}),
        204,
        "Browsers send preflights without credentials: they are answered before anybody asks for any.",
        headers={"access-control-allow-origin": APP, "access-control-allow-headers": "authorization",
                 "vary": PREFLIGHT_VARY}),
    Step(
        "Payments, for a user",
        Request("GET", PAYMENTS, USER),
        403,
        "A good token of somebody who may not: authorize wants the group admin. Another credential "
        "would not help, so it is 403 and no 401.",
        headers={}, absent=("www-authenticate",), body='"error":"not_allowed"'),
    Step(
        "Payments, for an admin",
        Request("GET", PAYMENTS, ADMIN),
        200,
        "The claim role of the token is the group (groups_claim).",
        headers={}, body='"payments":'),
    Step(
        "A token that says admin, signed with a guess",
        Request("GET", PAYMENTS, FORGED),
        401,
        "Anybody can write a token; only the secret can sign one.",
        headers={"www-authenticate": Tokens('error="invalid_token"', 'error_description="invalid_signature"')},
        body='"error":"invalid_signature"'),
    Step(
        "Who the service sees",
        Request("GET", "/echo/mine", USER | {"x-consumer-id": "root", "x-consumer-groups": "admin"}),
        200,
        "The consumer, its groups and a claim, from the token alone: what the client says under these "
        "names is gone, and so is the token.",
        headers={},
        body=echoed("x-consumer-id", "own:user"),
        not_in_body=('"root"', '"admin"', '["authorization"')),
    Step(
        "A partner's API key",
        Request("GET", "/echo/mine", {"x-api-key": "an example key of acme"}),
        200,
        "The configuration holds the digest of the key. The service sees whose it is, not the key.",
        headers={}, body=echoed("x-consumer-id", "acme"), not_in_body=("an example key",)),
    Step(
        "Logging out",
        Request("POST", "/auth/logout", USER),
        200,
        "The gateway answers, and revokes the token on all of its workers.",
        headers={"cache-control": "no-store"}, body='{"message":"Logged out successfully"}'),
    Step(
        "The same token once more",
        Request("GET", "/echo/mine", USER),
        401,
        "Its hour is not over, but it is refused until then.",
        headers={}, body='"error":"revoked"'),
    Step(
        "What is left of a limit",
        Request("GET", "/echo", {"origin": APP}),
        200,
        "Two limits, the tightest first: 200 requests at once for each consumer, or address where nobody "
        "shows who calls, and 1000 for each address, counted before auth: guessing keys is limited, too. "
        "r is what is left, t the seconds until there is more.",
        headers=READABLE | {
            "ratelimit-policy": '"per-client";q=1000;w=2, "per-consumer";q=200;w=2',
            "ratelimit": Matching('"per-consumer";r=[0-9]+;t=1, "per-client";r=[0-9]+;t=1'),
        }),
    *(Step(
        f"Logging in with a wrong password, {number} of {ATTEMPTS}",
        attempt(number),
        401,
        "The service refuses, the gateway counts: a rule gives this path a limit of its own.",
        headers=READABLE | {"ratelimit": Matching(f'"login";r={ATTEMPTS - number};t=[0-9]+')})
      for number in range(1, ATTEMPTS + 1)),
    Step(
        "One attempt too many",
        attempt(ATTEMPTS + 1),
        429,
        "The service is not asked. The page can read how long to wait: Retry-After, in seconds; 15 "
        "minutes since the first attempt.",
        headers=READABLE | {
            "retry-after": Matching("900|8[0-9]{2}"),
            "ratelimit": Matching('"login";r=0;t=(900|8[0-9]{2})'),
            "cache-control": "no-store",
        },
        body='"error":"rate_limited"'),
    Step(
        "Meanwhile, everything else",
        Request("GET", USERS, {"origin": APP}),
        200,
        "Who may not log in any more may still do all the rest.",
        headers=READABLE, body='"email":"admin@example.com"'),
    Step(
        "A service that hangs up",
        Request("GET", "/order-service/orders", {"origin": APP}),
        503,
        "The order service closes the connection without an answer (its control listener was told "
        "to). The 503 is Envoy's, and the app can read it.",
        headers=READABLE, before=(("order-service", {"mode": "reset"}),)),
    Step(
        "The same service, mended",
        Request("GET", "/order-service/orders", {"origin": APP}),
        200,
        "After all of that, the gateway answers as it did at the beginning.",
        headers=READABLE, body='"status":"shipped"'),
]
