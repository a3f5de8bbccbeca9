"""The variants of variants.json, each with its filters, requests and expected answer."""

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
# The router's answer to a request that passed the filters.
NO_CLUSTER = 404


@dataclass(frozen=True)
class Variant:
    """One listener: its filters, what is sent to it, and what it must answer.

    `requests` are sent in turn. `seen` are headers as the upstream would get them, None for one that
    must not arrive; like `headers` they are
    regular expressions for the whole value. `against` names the variants that this one is compared with.
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
    has_upstream: bool = False

    @property
    def modules(self):
        return [part["wasm"] for part in self.chain if "wasm" in part]

    def bare(self):
        """What is sent the same, and has no filter: a listener of its own, so that neither is met more
        often than the other."""
        return replace(self, name=f"{self.name}, bare", chain=[], status=NO_CLUSTER)


def read(only, credentials):
    """The variants whose group or name holds one of the words, with those they are compared with, and
    the baseline. All without words. `credentials` is asked for those that they name."""
    document = json.loads(FILE.read_text())
    entries = with_chains([each for entry in document["variants"] for each in repeated(entry)])
    chosen = select(entries, only)
    known = credentials({path.partition(".")[0] for path in PLACEHOLDER.findall(json.dumps(chosen))})
    return [variant(filled(entry, known), document["request"]) for entry in chosen]


def with_chains(entries):
    """The entries with the filters of others in place of their names (`same_as`)."""
    chains = {entry["name"]: entry["chain"] for entry in entries}
    return [entry | {"chain": [
        each for part in entry["chain"]
        for each in (chains[part["same_as"]] if "same_as" in part else [part])]} for entry in entries]


def repeated(entry):
    """The entry once for each value of `each`, with the value in place of its placeholder."""
    entry = dict(entry)
    values = entry.pop("each", None)
    if values is None:
        return [entry]
    (name, values), text = next(iter(values.items())), json.dumps(entry)
    return [json.loads(text.replace(f"${{{name}}}", value)) for value in values]


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
    headers = request["headers"] | entry.get("headers", {})
    expect = entry["expect"]
    return Variant(
        name=entry["name"], group=entry["group"], chain=entry["chain"],
        requests=tuple(head(request, HOST, one) for one in one_by_one(headers)),
        check=head(request, CHECK_HOST, next(one_by_one(headers))),
        status=expect["status"], headers=expect.get("headers", {}), seen=expect.get("upstream", {}),
        against=entry.get("against", []), has_upstream=entry.get("has_upstream", False))


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
