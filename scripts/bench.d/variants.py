"""The variants of variants.json, each with its filters, requests and expected answer."""

import itertools
import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from processes import Failure

FILE = Path(__file__).parent / "variants.json"
# `${name}` or `${name.of.parts}`, filled from the credentials.
PLACEHOLDER = re.compile(r"\$\{([a-z0-9_.]+)\}", re.IGNORECASE)
CHECK_HOST = "check.example"
HOST = "bench.example"
# What a request gets that passed the filters: from the router, or from the upstream.
NO_CLUSTER, OK = 404, 200


@dataclass(frozen=True)
class Variant:
    """One listener: its filters, what is sent to it, and what it must answer.

    `requests` are sent in turn. `seen` are headers as the upstream would get them, None for one that
    must not arrive; like `headers` they are
    regular expressions for the whole value. `against` names the variants that this one is compared with,
    `note` says what differs.
    `has_upstream`: an upstream answers, not the router; dearer, and needed where it makes a difference.
    """

    name: str
    group: str
    chain: list[dict]
    requests: tuple[bytes, ...]
    check: bytes
    status: int
    headers: dict[str, str]
    seen: dict[str, str | None]
    against: list[str] = field(default_factory=list)
    note: str = ""
    has_upstream: bool = False

    @property
    def modules(self):
        return [part["wasm"] for part in self.chain if "wasm" in part]

    @property
    def kind(self):
        """Whose filters these are: "wasm" (ours), "lua", or "native"."""
        if self.modules:
            return "wasm"
        return "lua" if any("lua" in part["native"] for part in self.chain) else "native"

    def bare(self):
        """What is sent the same, and has no filter: a listener of its own, so that neither is met more
        often than the other."""
        return replace(self, name=f"{self.name}, bare", chain=[], status=OK if self.has_upstream else NO_CLUSTER)


def read(only, credentials):
    """The variants whose group or name holds one of the words, with those they are compared with, and
    the baseline. All without words. `credentials` is asked for those that they name."""
    chosen = select(resolved([each for entry in document()["variants"] for each in repeated(entry)]), only)
    known = credentials({path.partition(".")[0] for path in PLACEHOLDER.findall(json.dumps(chosen))})
    return [variant(filled(entry, known), document()["request"]) for entry in chosen]


def document():
    return json.loads(FILE.read_text())


def resolved(entries):
    """The entries with what others have in place of their names: filters and expectations (`same_as`), and the configs
    of which the gateway's consists (`config_of`)."""
    by_name = {entry["name"]: entry for entry in entries}

    def chain(name):
        return [each for part in by_name[name]["chain"] for each in filters(part)]

    def filters(part):
        if "same_as" in part:
            return chain(part["same_as"])
        if "config_of" not in part:
            return [part]
        return [{"wasm": part["wasm"], "config": {
            block: chain(name)[0]["config"] for block, name in part["config_of"].items()}}]

    def expect(entry):
        own = entry["expect"]
        return expect(by_name[own["same_as"]]) if "same_as" in own else own

    try:
        return [entry | {"chain": chain(entry["name"]), "expect": expect(entry)} for entry in entries]
    except KeyError as error:
        raise Failure(f"{FILE.name}: there is no variant {error}", "see `same_as` and `config_of`") from None


def repeated(entry):
    """The entry once for each combination of the values in `each`, with the values in place of their names."""
    entry = dict(entry)
    choices = entry.pop("each", {})
    text = json.dumps(entry)
    for values in itertools.product(*choices.values()):
        copy = text
        for name, value in zip(choices, values, strict=True):
            copy = copy.replace(f"${{{name}}}", value)
        yield json.loads(copy)


def select(entries, only):
    chosen = [entry for entry in entries if any(
        word in text for word in only or [""] for text in (entry["group"], entry["name"]))]
    if not chosen:
        groups = dict.fromkeys(entry["group"] for entry in entries)
        raise Failure(f"no variant is called {' or '.join(only)}", f"groups: {', '.join(groups)}")
    wanted = {entry["name"] for entry in entries if entry["group"] == "baseline"}
    for entry in chosen:
        wanted.update([entry["name"]], entry.get("against", []))
    if unknown := wanted - {entry["name"] for entry in entries}:
        raise Failure(f"{FILE.name}: there is no variant {', '.join(unknown)}", "see `against`")
    return [entry for entry in entries if entry["name"] in wanted]


def filled(value, known):
    """The value with every placeholder replaced: by any JSON value where it is the whole string."""
    if isinstance(value, dict):
        return {name: filled(member, known) for name, member in value.items()}
    if isinstance(value, list):
        return [filled(member, known) for member in value]
    if not isinstance(value, str):
        return value
    if whole := PLACEHOLDER.fullmatch(value):
        return lookup(whole[1], known)
    return PLACEHOLDER.sub(lambda found: lookup(found[1], known), value)


def lookup(path, known):
    for part in path.split("."):
        if part not in known:
            raise Failure(f"{FILE.name}: nothing is called `{path}`", f"one of: {', '.join(known)}")
        known = known[part]
    return known


def variant(entry, request):
    request = request | {"method": entry.get("method", request["method"])}
    headers = request["headers"] | entry.get("headers", {})
    # None takes away what the others are sent.
    headers = {name: value for name, value in headers.items() if value is not None}
    expect = entry["expect"]
    return Variant(
        name=entry["name"], group=entry["group"], chain=entry["chain"],
        requests=tuple(head(request, HOST, one) for one in one_by_one(headers)),
        check=head(request, CHECK_HOST, next(one_by_one(headers))),
        status=expect["status"], headers=expect.get("headers", {}), seen=expect.get("upstream", {}),
        **{name: entry[name] for name in ("against", "note", "has_upstream") if name in entry})


def one_by_one(headers):
    """The headers of each request: a header with a list has another of its values in each."""
    lists = {name: value["values"] for name, value in headers.items() if isinstance(value, dict)}
    count = max((len(values) for values in lists.values()), default=1)
    for index in range(count):
        yield {name: value["before"] + lists[name][index] if name in lists else value
               for name, value in headers.items()}


def head(request, host, headers):
    lines = [f"{request['method']} {request['path']} HTTP/1.1", f"host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
