"""What a variant answers, before it is timed."""

import http.client
import re
import socket
from dataclasses import dataclass

# What the check asks for alone: see bootstrap.virtual_hosts.
SEEN = "x-seen-"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]


def answer_of(variant, address):
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(variant.check)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        answer.read()
    # One field per name, as getheader has it.
    names = {name.lower() for name, _ in answer.getheaders()}
    return Answer(answer.status, {name: answer.getheader(name) for name in names})


def check(variant, answers, differs):
    """The differences of its answer from what is expected, and from the answers of those that it is compared with, as
    sentences. `answers`: by variant. `differs`: the fields that may be sent on one side alone."""
    return unexpected(variant, answers[variant.name]) + [
        f"{name}: sent by only one of this and `{other}`: see `differs`"
        for other in variant.against for name in sorted(differing(answers[variant.name], answers[other]))
        if name not in differs]


def unexpected(variant, answer):
    problems = []
    if answer.status != variant.status:
        problems.append(f"status: expected {variant.status}, found {answer.status}")
    expected = variant.headers | {f"{SEEN}{name}": value for name, value in variant.seen.items()}
    for name, pattern in expected.items():
        found = answer.headers.get(name)
        if not agrees(found, pattern):
            problems.append(f"{name}: expected {pattern or 'none'}, found {found or 'none'}")
    return problems


def differing(one, other):
    """The names of fields that one of them has alone."""
    return {name for name in one.headers.keys() ^ other.headers.keys() if not name.startswith(SEEN)}


def agrees(found, pattern):
    if found is None or pattern is None:
        return found is pattern
    return re.fullmatch(pattern, found) is not None
