"""What a step of the tour expects, compared with what came."""

import fnmatch
import re
from dataclasses import dataclass

from http_exchange import Request, as_bytes

LABELS = ("outcome", "code", "rule", "mode")


@dataclass(frozen=True)
class Tokens:
    """A list header that has at least these tokens, in whatever order and case."""

    tokens: tuple[str, ...]

    def __init__(self, *tokens):
        object.__setattr__(self, "tokens", tokens)


@dataclass(frozen=True)
class Matching:
    """A value that the regular expression matches as a whole."""

    pattern: str


@dataclass(frozen=True)
class Step:
    """One request of the tour.

    `headers`: the exact value, `Tokens`, or `Matching`. `absent`: names, `*` matches any text.
    `body`: a text that the body holds; `not_in_body`: texts that it does not. `before`: modes
    (service, mode) that hold during the request.
    """

    title: str
    request: Request
    status: int
    notice: str
    headers: dict[str, str | Tokens | Matching]
    absent: tuple[str, ...] = ()
    body: str = ""
    not_in_body: tuple[str, ...] = ()
    before: tuple[tuple[str, dict], ...] = ()


def tokens(values):
    return [token.strip() for value in values for token in value.decode("latin-1").split(",")]


def check(step, answer):
    """The differences, as sentences; none when the answer is as expected."""
    problems = []
    if answer.status != step.status:
        problems.append(f"status: expected {step.status}, found {answer.status}")
    for name, expected in step.headers.items():
        found = answer.values(name)
        if isinstance(expected, Tokens):
            have = {token.lower() for token in tokens(found)}
            problems += [f"{name}: expected the token {token}, found {shown(found)}"
                         for token in expected.tokens if token.lower() not in have]
        elif isinstance(expected, Matching):
            if len(found) != 1 or not re.fullmatch(expected.pattern, found[0].decode("latin-1")):
                problems.append(f"{name}: expected {expected.pattern}, found {shown(found)}")
        elif tokens(found) != tokens([as_bytes(expected)]):
            problems.append(f"{name}: expected {expected}, found {shown(found)}")
    for pattern in step.absent:
        present = {name for name, _ in answer.headers if fnmatch.fnmatch(name, pattern)}
        problems += [f"{name}: expected none, found {shown(answer.values(name))}"
                     for name in sorted(present)]
    if step.body.encode() not in answer.body:
        problems.append(f"body: expected it to hold {step.body}")
    problems += [f"body: expected it not to hold {text}"
                 for text in step.not_in_body if text.encode() in answer.body]
    return problems


def check_metrics(lines):
    """Every counter carries its labels, and there is one."""
    counters = [line for line in lines if "_requests_total" in line]
    problems = [] if counters else ["metrics: expected a sluicegate_*_requests_total, found none"]
    for line in counters:
        missing = [label for label in LABELS if not re.search(rf'\b{label}="[^"]+"', line)]
        if missing:
            problems.append(f"metrics: expected the labels {', '.join(missing)} on {line}")
    return problems


def shown(values):
    return " and ".join(value.decode("latin-1") for value in values) or "none"
