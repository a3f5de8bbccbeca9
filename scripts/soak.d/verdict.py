"""Whether everything that was seen is explained by what was sent."""

import math
import statistics
from collections import Counter
from dataclasses import dataclass

from config import LOGIN_WINDOW, LOGINS
from mix import MUST_HAPPEN
from troubles import SERVICE

WARM_UP = 0.2
# Memory after it, against that of the last fifth: what allocators and connections that come and go explain.
GROWTH, SLACK = 1.03, 2  # of it, and MiB
FILTER = "sluicegate_{}_requests_total"


@dataclass(frozen=True)
class Finding:
    text: str
    good: bool


def verdict(load, watch, machines, troubles, seconds):
    """`machines`: the virtual machines before the load and after it, and counters of failures."""
    metrics = watch.metrics()
    return [
        answers(load), everything(load), *steady(watch.memory, seconds), alive(*machines, watch.deaths()),
        *counts(load, metrics), logins(load, seconds), breaker(metrics, troubles)]


def answers(load):
    wrong = sum(load.unexplained.values())
    total = sum(load.answers.values())
    return Finding(f"Of {total} answers {wrong} were not as the mix allows.", total > 0 and not wrong)


def everything(load):
    """A mix that never met a limit has shown nothing of limits."""
    seen = {kind for kind, _ in load.answers} | set(load.left)
    missing = [kind.name for kind in load.kinds if kind.name not in seen]
    missing += [f"{kind} {status}" for kind, status in MUST_HAPPEN if not load.answers[kind, status]]
    return Finding(f"Of what the mix is to bring about, this is missing: {', '.join(missing) or 'nothing'}.", not missing)


def alive(before, after, failures, deaths):
    text = (f"Virtual machines: {before.get('active')} at the start, {after.get('active')} at the end, "
            f"{after.get('created', 0) - before.get('created', 0)} made in between; "
            f"{len(deaths)} lines of the log tell of a death, {len(failures)} counters of a failure.")
    return Finding(text, before == after and bool(before) and not deaths and not failures)


def fifth(memory, seconds, number, what):
    """The median of one fifth of the time."""
    values = [getattr(each, what) for each in memory
              if number <= 5 * each.at / seconds and (each.at < seconds * (number + 1) / 5 or number == 4)]
    return statistics.median(values) if values else math.nan


def steady(memory, seconds):
    for what, name in [("resident", "Resident memory"), ("allocated", "Memory allocated in Envoy")]:
        series = [getattr(each, what) for each in memory]
        warm, last = (fifth(memory, seconds, number, what) for number in (1, 4))
        bound = warm * GROWTH + SLACK
        yield Finding(f"{name}, MiB: {series[0]:.1f} at the start, {warm:.1f} in the second fifth, {last:.1f} in the "
                      f"last (at most {bound:.1f}), {series[-1]:.1f} at the end.", last <= bound)


def counts(load, metrics):
    """The filters' counters against what clients saw. Of those who left, any number may have been counted."""
    seen = Counter()
    for (_, status), count in load.answers.items():
        seen[status] += count
    by_filter = Counter()
    for name, labels, value in metrics:
        if name.endswith("_requests_total"):
            by_filter[name, labels["outcome"]] += value
    revocation_full = load.answers["logout", 503]
    logged_out = load.answers["logout", 200]
    expected = {
        ("cors", "answered"): seen[204], ("auth", "answered"): logged_out,
        ("auth", "refused"): seen[401] + seen[403] + revocation_full,
        ("rate_limit", "refused"): seen[429], ("circuit_breaker", "refused"): load.rejected}
    expected["gateway", "allowed"] = sum(seen.values()) - sum(expected.values())
    left = {("gateway", "allowed"): sum(load.left.values())}
    for (name, outcome), count in expected.items():
        counted = by_filter.pop((FILTER.format(name), outcome), 0)
        more = left.get((name, outcome), 0)
        beyond = f", {more} clients left before an answer" if more else ""
        yield Finding(f"{name}, {outcome}: the filter counted {counted}, clients {count}{beyond}.",
                      count <= counted <= count + more)
    yield Finding(f"Other outcomes that filters counted: {dict(by_filter) or 'none'}.", not by_filter)


def logins(load, seconds):
    """A window that begins with its first request: nobody gets more of them than fit into the time."""
    windows = math.ceil(seconds / LOGIN_WINDOW) + 1
    most = max(load.logins.values(), default=0)
    return Finding(f"Logins of one address: {most} at most, of {windows * LOGINS} that windows of {LOGIN_WINDOW} s allow.",
                   0 < most <= windows * LOGINS)


def breaker(metrics, troubles):
    moves = Counter()
    for name, labels, value in metrics:
        if name == "sluicegate_circuit_breaker_transitions_total":
            moves[labels["breaker"], labels["from"], labels["to"]] += value
    opened, closed = moves[SERVICE, "closed", "open"], moves[SERVICE, "half_open", "closed"]
    others = sum(count for (name, _, _), count in moves.items() if name != SERVICE)
    return Finding(f"The service failed {troubles.count} times: its breaker opened {opened} times and closed {closed} "
                   f"times, those of others moved {others} times.",
                   troubles.count <= opened == closed and not others)
