"""Rounds of short slots, one per variant in shuffled order, and what they come to."""

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


def slot(envoy, load, mode):
    """Microseconds per request."""
    for _ in range(mode.warm_up):
        load.exchange(mode.count)
    before = envoy.on_cpu()
    for _ in range(mode.exchanges):
        load.exchange(mode.count)
    return (envoy.on_cpu() - before) / (1000 * mode.exchanges * mode.count)


def measure(envoy, loads, rounds, progress):
    """What each slot cost, by mode and name of the load, in the order of the rounds."""
    costs = {mode.name: {name: [] for name in loads} for mode in MODES}
    slots = [(mode, name) for mode in MODES for name in loads]
    gc.disable()
    for number in range(-DISCARDED, rounds):
        random.shuffle(slots)
        for mode, name in slots:
            cost = slot(envoy, loads[name], mode)
            if number >= 0:
                costs[mode.name][name].append(cost)
        progress(number + 1, rounds)
    gc.enable()
    return costs


def summary(values):
    tenths = statistics.quantiles(values, n=10, method="inclusive")
    return Cost(statistics.median(values), tenths[0], tenths[-1])


def added(costs, bases):
    """What each variant costs more than its base did in the same round, by variant."""
    return {name: summary([mine - base for mine, base in zip(costs[name], costs[base], strict=True)])
            for name, base in bases.items()}
