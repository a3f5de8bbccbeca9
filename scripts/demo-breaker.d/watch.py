"""What is seen of the breaker and of the upstream, from outside."""

import json
import re
import time
from dataclasses import dataclass

FILTER = "sluicegate_circuit_breaker"
STATES = {0: "closed", 1: "open", 2: "half_open"}
LINE = re.compile(rf"({FILTER}\w+)\{{(.*)\}} (\d+)")
LABEL = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Sample:
    """`state` and `transitions` were read after `began` and before `ended`, then `received`, all that had reached the
    upstream by then."""

    began: float
    ended: float
    state: str
    transitions: dict[tuple[str, str], int]
    received: int


class Watch:
    """Reads Envoy's `/stats/prometheus` about one breaker, and the upstream's own count of requests."""

    def __init__(self, admin, control, service):
        self.admin, self.control, self.service = admin, control, service

    def metrics(self):
        """Every value of the filter: its name, its labels, the number."""
        text = self.admin.get_text(f"/stats/prometheus?usedonly&filter={FILTER}")
        return [(found[1], dict(LABEL.findall(found[2])), int(found[3]))
                for found in map(LINE.fullmatch, text.splitlines()) if found]

    def connections(self):
        """How many each worker has accepted."""
        text = self.admin.get_text("/stats?filter=listener.*worker_[0-9]+\\.downstream_cx_total")
        return [int(line.rpartition(":")[2]) for line in text.splitlines()]

    def sample(self):
        began = time.monotonic()
        metrics = [each for each in self.metrics() if each[1].get("breaker") == self.service]
        ended = time.monotonic()
        gauges = [value for name, _, value in metrics if name == f"{FILTER}_state"]
        transitions = {(labels["from"], labels["to"]): value
                       for name, labels, value in metrics if name == f"{FILTER}_transitions_total"}
        return Sample(began, ended, STATES[gauges[0]] if gauges else "none", transitions, self.received())

    def received(self):
        return json.loads(self.control.get_text(f"/__control/{self.service}"))["requests"]

    def set_health(self, mode):
        self.control.put_json(f"/__control/{self.service}", mode)
