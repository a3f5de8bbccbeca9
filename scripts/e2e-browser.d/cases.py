"""What pages ask of the gateway, and what their scripts and the services must see: a row each."""

from dataclasses import dataclass, field

from pages import SANDBOXED

API = "api.example.test"
APP = "app.example.test"
STRANGER = "stranger.test"
LOOKALIKE = "app.example.test.evil.test"
COOKIE = {"name": "session", "value": "of-ada", "domain": "example.test", "sameSite": "Lax"}

JSON = {"content-type": "application/json"}
AUTHORIZED = JSON | {"authorization": "Bearer of-ada"}


@dataclass(frozen=True)
class Read:
    """The page reads the answer.

    `body`: texts that it holds, `not_body`: that it does not; `headers`: names that the page reads,
    `hidden`: that it does not.
    """

    status: int
    body: tuple[str, ...] = ()
    not_body: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


class Rejected:
    """`fetch` rejects with a TypeError, and the console names CORS as the reason."""


@dataclass(frozen=True)
class Case:
    """One page's call, `times` times.

    `page`: its host, `path`: its path. `init`: the second argument of `fetch`. `reached`: requests
    that the services received. `preflights`: how the gateway answered preflights. `service_mode`:
    a service and how it behaves meanwhile.
    """

    name: str
    page: str
    target: str
    want: Read | type[Rejected]
    reached: int
    method: str = "GET"
    init: dict = field(default_factory=dict)
    preflights: tuple[str, ...] = ()
    times: int = 1
    path: str = "/"
    service_mode: tuple[str, dict] | None = None


def put(headers):
    return {"headers": headers, "body": "{}"}


INCLUDE = {"credentials": "include"}
EXPOSED = "x-envoy-upstream-service-time"
ID = "x-correlation-id"

CASES = [
    Case("a simple GET of the app", APP, "/echo/simple", reached=1,
         want=Read(200, headers=("content-type", EXPOSED, ID), hidden=("server", "date"))),
    Case("a simple GET of a stranger: the service answers, the page cannot read it",
         STRANGER, "/echo/simple", Rejected, reached=1),
    Case("an origin that begins like the app's", LOOKALIKE, "/echo/simple", Rejected, reached=1),
    Case("the app's page in a sandbox: its origin is null",
         APP, "/echo/simple", Rejected, reached=1, path=SANDBOXED),

    Case("credentials: the cookie goes along", APP, "/echo/cookie", init=INCLUDE, reached=1,
         want=Read(200, body=('["cookie","session=of-ada"]',))),
    Case("without credentials the cookie stays", APP, "/echo/cookie", reached=1,
         want=Read(200, not_body=("of-ada",))),
    Case("credentials, by a policy that does not allow them",
         APP, "/echo/no-credentials", Rejected, init=INCLUDE, reached=1),
    Case("no credentials, by the same policy",
         APP, "/echo/no-credentials", Read(200), reached=1),

    Case("a preflight, then the PUT with both headers", APP, "/echo/put", method="PUT",
         init=put(AUTHORIZED), preflights=("allowed",), reached=1,
         want=Read(200, body=('"method":"PUT"', '["authorization","Bearer of-ada"]',
                              '["content-type","application/json"]'))),
    Case("a method that is not allowed", APP, "/echo/delete", Rejected, method="DELETE",
         preflights=("refused",), reached=0),
    Case("a header that is not allowed", APP, "/echo/header", Rejected, method="PUT",
         init=put(JSON | {"x-debug": "1"}), preflights=("refused",), reached=0),
    Case("a preflight of a stranger", STRANGER, "/echo/put", Rejected, method="PUT",
         init=put(AUTHORIZED), preflights=("refused",), reached=0),
    Case("a preflight with credentials", APP, "/echo/put-cookie", method="PUT",
         init=put(AUTHORIZED) | INCLUDE, preflights=("allowed",), reached=1,
         want=Read(200, body=('["cookie","session=of-ada"]',))),
    Case("a preflight is remembered for max_age", APP, "/echo/remembered", Read(200), times=2,
         method="PUT", init=put(AUTHORIZED), preflights=("allowed",), reached=2),
    Case("with max_age 0s it is not", APP, "/echo/uncached", Read(200), times=2,
         method="PUT", init=put(AUTHORIZED), preflights=("allowed", "allowed"), reached=2),

    Case("the gateway's own 400", APP, "/admin;x", reached=0,
         want=Read(400, body=("ambiguous_path",), headers=("content-type", ID))),
    Case("the same, of a stranger", STRANGER, "/admin;x", Rejected, reached=0),
    Case("a direct reply of header_transform", APP, "/down", reached=0,
         want=Read(503, body=('{"error":"maintenance"}',), headers=("content-type", ID))),
    Case("the same, of a stranger", STRANGER, "/down", Rejected, reached=0),
    Case("Envoy's 404, by the catch-all route", APP, "/nowhere", reached=0,
         want=Read(404, headers=(ID,))),
    Case("the same, of a stranger", STRANGER, "/nowhere", Rejected, reached=0),
    Case("a service that hangs up: Envoy's 503", APP, "/order-service/orders", reached=1,
         want=Read(503, body=("upstream connect error",), headers=(ID,)),
         service_mode=("order-service", {"mode": "reset"})),
    Case("the service's own 404", APP, "/product-service/products/999", reached=1,
         want=Read(404, body=("product not found",))),

    # With credentials a browser takes neither `*` nor two values.
    Case("a service that says Access-Control-Allow-Origin: * itself",
         APP, "/user-service/users", init=INCLUDE, reached=1,
         want=Read(200, body=("admin@example.com",))),
    Case("the same, of a stranger", STRANGER, "/user-service/users", Rejected, reached=1),
]
