"""The rows on a terminal."""

import os

STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}
STATES = {"closed": "green", "open": "red", "half_open": "yellow"}
HEADS = f"{'time':>7}  {'upstream':9} {'breaker':28} {'admitted':>8} {'rejected':>8}"
NUMBERS = ["window", "minimum_calls", "failure_rate_threshold", "slow_call_duration", "slow_call_rate_threshold",
           "consecutive_failures", "wait_duration_in_open_state", "wait_backoff", "permitted_calls_in_half_open"]


class Table:
    def __init__(self, out):
        self.out = out
        self.colour = out.isatty() and not os.environ.get("NO_COLOR")

    def style(self, style, text):
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if self.colour and style else text

    def text(self, line=""):
        print(line, file=self.out, flush=True)

    def head(self, config, per_second):
        self.text(f"{per_second} requests a second, two workers of Envoy. The breaker:")
        for name in NUMBERS:
            self.text(self.style("dim", f"  {name}: {written(config[name])}"))
        self.text()
        self.text(self.style("bold", HEADS))

    def row(self, row):
        states = " > ".join(row.states).replace("_", "-")
        breaker = self.style(STATES.get(row.states[-1]), f"{states:28}")
        bar = "#" * row.admitted + self.style("dim", "." * row.rejected)
        self.text(f"{row.at:6.1f}s  {row.health:9} {breaker} {row.admitted:8} {row.rejected:8}  {bar}")

    def event(self, sentence):
        self.text(self.style("dim", f"{'':19}{sentence.replace('half_open', 'half-open')}"))

    def summary(self, promises):
        self.text()
        for promise in promises:
            self.text(self.style("green", "  kept  ") + promise.text if promise.kept
                      else self.style("red", "  BROKEN ") + promise.text)


def written(value):
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    return str(value)
