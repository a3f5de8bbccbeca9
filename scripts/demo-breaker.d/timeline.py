"""What was seen, in rows of half a second."""

from dataclasses import asdict, dataclass

ROW = 0.5  # seconds


@dataclass(frozen=True)
class Row:
    """`at`: seconds since the beginning. `states`: those the breaker was seen in, in that order. `admitted`: requests
    that the upstream counted; `rejected`: those the breaker answered."""

    at: float
    health: str
    states: list[str]
    admitted: int
    rejected: int


class Timeline:
    """Rows are made of samples and exchanges once their time is over."""

    def __init__(self, begin):
        self.begin = begin
        self.samples = []
        # When the upstream's health changed, and to what.
        self.healths = []
        self.rows = []

    def complete(self, exchanges):
        """The next row, or None while its time is not over or not yet seen."""
        start = self.begin + len(self.rows) * ROW
        end = start + ROW
        if not self.samples or self.samples[-1].began < end:
            return None
        within = [sample for sample in self.samples if start <= sample.began < end]
        health = [health for at, health in self.healths if at < end][-1]
        row = Row(at=round(start - self.begin, 1), health=health,
                  states=distinct(self.last_before(start) + [sample.state for sample in within]),
                  admitted=self.received_by(end) - self.received_by(start),
                  rejected=sum(start <= each.answered < end for each in exchanges if each.refused))
        self.rows.append(row)
        return row

    def last_before(self, time):
        return [sample.state for sample in self.samples if sample.began < time][-1:]

    def received_by(self, time):
        return next((sample.received for sample in reversed(self.samples) if sample.began < time), 0)

    def spans(self):
        """The breaker's states, one after the other: from when to when it was seen in each, in seconds."""
        return runs([(sample.began - self.begin, sample.state) for sample in self.samples])

    def phases(self):
        last = self.samples[-1].began
        return runs([(at - self.begin, health) for at, health in self.healths] + [(last - self.begin, None)])[:-1]

    def document(self):
        return {"rows": [asdict(row) for row in self.rows], "upstream": self.phases(), "breaker": self.spans()}


def distinct(states):
    return [state for index, state in enumerate(states) if index == 0 or states[index - 1] != state]


def runs(readings):
    """Readings (time, what) as spans; each reading stands until the next."""
    spans = []
    for at, what in readings:
        if spans:
            spans[-1]["to"] = round(at, 2)
        if not spans or spans[-1]["what"] != what:
            spans.append({"from": round(at, 2), "to": round(at, 2), "what": what})
    return spans
