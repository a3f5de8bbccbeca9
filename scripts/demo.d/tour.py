"""The requests of the tour, in order: one row each."""

import json

from check import Step, Tokens
from http_exchange import Request

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
    "access-control-expose-headers": "x-correlation-id",
    "vary": Tokens("Origin"),
}


def preflight(origin, method, headers=""):
    asked = {"origin": origin, "access-control-request-method": method}
    return Request(
        "OPTIONS", USERS, asked | ({"access-control-request-headers": headers} if headers else {}))


def echoed(name, value):
    """How the echo shows a header that arrived."""
    return json.dumps([name, value], separators=(",", ":"))


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
        "says the app's origin, once, with credentials and the header that scripts may read.",
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
        "A path without a route",
        Request("GET", "/nonexistent-service/test", {"origin": APP}),
        404,
        "Envoy's own 404 carries the CORS headers too: the page's script sees 404, not a CORS error.",
        headers=READABLE),
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
