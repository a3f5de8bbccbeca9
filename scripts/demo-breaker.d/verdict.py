"""Whether the breaker kept its promises.

Only what is certain is judged: a request was met by an open breaker if it was sent after the breaker was seen open, and
answered before it was seen so again with no transition in between.
"""

from dataclasses import dataclass
from itertools import groupby

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half_open"
REJECTED = ("circuit_open", "circuit_half_open")


@dataclass(frozen=True)
class Promise:
    """What was promised, what was found, and whether that is as it should be."""

    text: str
    kept: bool


@dataclass(frozen=True)
class Outage:
    """From when to when the breaker was surely not closed, and how often it was half-open by then."""

    start: float
    end: float
    half_opens: int


def within(exchanges, start, end):
    return [each for each in exchanges if start <= each.sent and each.answered <= end]


def settled(samples, state):
    """Times in which the breaker was in this state all along."""
    same = groupby(samples, key=lambda sample: (sample.state, sorted(sample.transitions.items())))
    spans = [(key[0], list(group)) for key, group in same]
    return [(group[0].ended, group[-1].began) for found, group in spans if found == state]


def outages(samples):
    """Every time between two that the breaker was closed."""
    found, before = [], 0
    for is_closed, group in groupby(samples, key=lambda sample: sample.state in (CLOSED, "none")):
        group = list(group)
        half_opens = group[-1].transitions.get((OPEN, HALF_OPEN), 0)
        if not is_closed:
            found.append(Outage(group[0].ended, group[-1].began, half_opens - before))
        before = half_opens
    return found


def judge(samples, exchanges, permitted):
    """`permitted`: calls in half-open."""
    received = samples[-1].received
    refused = [each for each in exchanges if each.refused]
    passed = [each for each in exchanges if not each.refused]
    promises = [Promise(f"The upstream counted {received} requests, of {len(passed)} that were not rejected.",
                        received == len(passed))]

    spans = settled(samples, OPEN)
    met = [each for span in spans for each in within(exchanges, *span)]
    reached = [each for each in met if not each.refused]
    promises.append(Promise(f"While the breaker was open, {len(reached)} of {len(met)} requests reached the upstream.",
                            bool(met) and not reached))

    for number, outage in enumerate(outages(samples), start=1):
        probes = within(passed, outage.start, outage.end)
        promises.append(Promise(
            f"Outage {number}, half-open {times(outage.half_opens)}: {len(probes)} probes were seen to pass, "
            f"of at most {permitted * outage.half_opens}.",
            len(probes) <= permitted * outage.half_opens))

    without = [each for each in refused if not each.wait]
    promises.append(Promise(f"{len(refused) - len(without)} of {len(refused)} rejections said when to come back.",
                            bool(refused) and not without))
    return promises


def transitions(counted, logged, outages_wanted):
    """`counted`, `logged`: how often, by the two states, the filter's counters and its log lines say."""
    opened, probed = counted.get((CLOSED, OPEN), 0), counted.get((OPEN, HALF_OPEN), 0)
    failed, recovered = counted.get((HALF_OPEN, OPEN), 0), counted.get((HALF_OPEN, CLOSED), 0)
    once = opened == recovered == outages_wanted and probed == failed + recovered and counted == logged
    text = (f"Each transition was counted once: {opened} to open for {outages_wanted} outages, {probed} to half-open, "
            f"from there {failed} back to open and {recovered} to closed; the log has {sum(logged.values())} lines of them.")
    return Promise(text, once)


def counts(refused, metrics):
    """The filter's own counters of rejections against what clients saw. `metrics`: name, labels, value."""
    by_breaker = sum(value for name, _, value in metrics if name.endswith("_rejections_total"))
    by_code = sum(value for name, labels, value in metrics
                  if name.endswith("_requests_total") and labels["code"] in REJECTED)
    return Promise(f"Clients saw {refused} rejections; rejections_total says {by_breaker}, requests_total {by_code}.",
                   refused == by_breaker == by_code)


def times(count):
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
