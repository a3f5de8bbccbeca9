"""Rounds of short slots, two for each variant, in shuffled order, and what they come to."""

import gc
import random
import statistics
from dataclasses import dataclass

CONNECTIONS = 32


@dataclass(frozen=True)
class Mode:
    """`count` requests per wake-up of the worker; `exchanges` of them are timed, after `warm_up`."""

    name: str
    count: int
    exchanges: int
    warm_up: int


MODES = [Mode("hot", CONNECTIONS, 4, 1), Mode("cold", 1, 96, 8)]
# Before the first round: lazily made state, caches of tokens and branches.
DISCARDED = 2


@dataclass(frozen=True)
class Cost:
    """Microseconds of the worker's time per request: the median, and 10 and 90 of 100 slots."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Pair:
    """What a request costs with the filters, and without in the slot beside."""

    filtered: float
    bare: float


def slot(envoy, load, mode):
    """Microseconds per request."""
    for _ in range(mode.warm_up):
        load.exchange(mode.count)
    before = envoy.on_cpu()
    for _ in range(mode.exchanges):
        load.exchange(mode.count)
    return (envoy.on_cpu() - before) / (1000 * mode.exchanges * mode.count)


def measure(envoy, loads, rounds, progress):
    """`loads`: by variant, the one with its filters and the one without. A `Pair` for each round, by
    mode and variant."""
    pairs = {mode.name: {name: [] for name in loads} for mode in MODES}
    turns = [(mode, name) for mode in MODES for name in loads]
    gc.disable()
    for number in range(-DISCARDED, rounds):
        random.shuffle(turns)
        for mode, name in turns:
            # The machine's pace changes within a round: the two that are compared are neighbours.
            order = random.sample((0, 1), 2)
            cost = {which: slot(envoy, loads[name][which], mode) for which in order}
            if number >= 0:
                pairs[mode.name][name].append(Pair(filtered=cost[0], bare=cost[1]))
        progress(number + 1, rounds)
    gc.enable()
    return pairs


def summary(values):
    values = list(values)
    tenths = statistics.quantiles(values, n=10, method="inclusive")
    return Cost(statistics.median(values), tenths[0], tenths[-1])


@dataclass(frozen=True)
class Measured:
    """What the filters add to what a request costs without, `bare` (a median), and the median `growth`: what they
    add as a share of the slot beside it, which the machine's pace does not change."""

    added: Cost
    bare: float
    growth: float


def measured(pairs):
    return Measured(
        added=summary(pair.filtered - pair.bare for pair in pairs),
        bare=statistics.median(pair.bare for pair in pairs),
        growth=statistics.median(pair.filtered / pair.bare - 1 for pair in pairs))
