"""What grows: configurations of more and more rules, keys, limits and breakers, and a request to each."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent.parent / "examples" / "gateway" / "config.json"
TRANSFORM = {"header_transform": {"response": [{"op": "set", "target": "header", "name": "x-gateway", "value": "1"}]}}
# Requests a second that nobody sends.
NO_END = 1_000_000_000
# What the router says of a cluster that is missing, after all filters.
SERVED = 404
LARGEST = 100_000  # keys


@dataclass(frozen=True)
class Case:
    """`count` of what `series` names; a request for `path` with those headers, which is answered with `status`.
    `flat`: is to cost the same however many there are. `weighed`: what it takes to start is measured as well."""

    series: str
    count: int
    config: dict
    path: str = "/orders/17"
    headers: tuple[str, ...] = ()
    status: int = SERVED
    flat: bool = True
    weighed: bool = False

    @property
    def name(self):
        return f"{self.series}, {self.count}"

    @property
    def request(self):
        lines = [f"GET {self.path} HTTP/1.1", "host: bench.example", "origin: https://app.example.com",
                 "user-agent: sluicegate-scale/1", "accept: application/json", *self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


def cases():
    for count in 1, 10, 100, 1000:
        yield from rules(count)
    for count in 10, 100, 1000, 10_000:
        yield from keys(count)
    for count in 1, 10, 100:
        yield from limits(count)
    for count in 1, 10, 100, 1000:
        yield breakers(count)


def rules(count):
    """Routes told apart by path, host or header; and rules that every request is held against."""
    def ruled(match):
        return TRANSFORM | {"rules": [
            {"name": f"r{each}", "match": match(each), "config": TRANSFORM} for each in range(count)]}

    prefixes = ruled(lambda each: {"paths": [{"prefix": f"/service{each}/v1"}]})
    for what, path in ("first", "/service0/v1/x"), ("last", f"/service{count - 1}/v1/x"), ("none", "/elsewhere/v1/x"):
        yield Case(f"routes by prefix, the {what} one hit" if what != "none" else "routes by prefix, none hit",
                   count, prefixes, path, weighed=what == "last")
    yield Case("rules by host, none hit", count, ruled(lambda each: {"hosts": [f"h{each}.example.com"]}))
    tenants = ruled(lambda each: {"headers": [{"name": "x-tenant", "exact": f"t{each}"}]})
    yield Case("rules by header, the last one hit", count, tenants, headers=(f"x-tenant: t{count - 1}",))
    yield Case("rules by header, none hit", count, tenants)
    yield Case("rules by regex, none hit", count,
               ruled(lambda each: {"paths": [{"regex": f"/s{each}/[0-9]+"}]}), flat=False)


def key(number):
    return hashlib.sha256(f"api key {number}".encode()).hexdigest()[:32]


def with_keys(count):
    credentials = [{"id": f"key-{each}", "consumer": f"client-{each}",
                    "key": {"sha256": hashlib.sha256(key(each).encode()).hexdigest()}} for each in range(count)]
    return {"auth": {
        "authenticators": {"partners": {
            "type": "api_key", "from": [{"header": "x-api-key"}], "credentials": credentials}},
        "consumers": [{"id": f"client-{each}", "groups": ["partner"]} for each in range(count)],
        "require": {"use": "partners"}}}


def keys(count):
    config = with_keys(count)
    yield Case("consumers with API keys, a known one", count, config, headers=(f"x-api-key: {key(count // 2)}",),
               weighed=True)
    yield Case("consumers with API keys, nobody's", count, config, headers=("x-api-key: nobody's",), status=401)


def limits(count):
    def limited(parts):
        return {"rate_limit": {"limits": [
            {"name": f"l{each}", "requests": NO_END, "per": "1s", "key": parts(each)} for each in range(count)]}}

    # Those with one key share an entry, of 16 limits at most.
    yield Case("limits, of each 10 one key", count, limited(lambda each: ["ip", f"const:group{each // 10}"]), flat=False)
    yield Case("limits, each with its own key", count, limited(lambda each: ["ip", f"const:limit{each}"]),
               flat=False, weighed=True)


def breakers(count):
    hosts = [f"h{each}.example.com" for each in range(count - 1)] + ["bench.example"]
    return Case("breakers by host, the last one", count,
                {"circuit_breaker": {"scope": ["host"], "hosts": hosts, "max_breakers": 1024}}, weighed=True)


def weighed_alone():
    """What is started, and sent nothing: the features of the example with a breaker; more keys than anybody has."""
    example = json.loads(EXAMPLE.read_text()) | {"circuit_breaker": {}}
    example["auth"]["authenticators"]["users"]["issuers"][0]["keys"] = {"secret": {"value": "x" * 32}}
    yield Case("five features", 1, example)
    yield Case("consumers with API keys", LARGEST, with_keys(LARGEST))
