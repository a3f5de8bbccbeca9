"""The service that fails in phases."""

import itertools

SERVICE, SLOW_SERVICE = "user-service", "order-service"
SLOW = {"mode": "slow", "delay_ms": 300}
WELL, ILL = 4, 2  # seconds
ILLNESSES = [{"mode": "failing", "status": 503}, {"mode": "reset"}, {"mode": "failing", "status": 502}]


class Troubles:
    """Makes the service ill for ILL seconds after each WELL. `count`: how often it was."""

    def __init__(self, control, until):
        """`control`: a client of the upstream's control listener; no illness ends after `until`."""
        self.control, self.until, self.count, self.due, self.is_ill = control, until, 0, WELL, False
        self.illnesses = itertools.cycle(ILLNESSES)
        self.set(SLOW_SERVICE, SLOW)

    def set(self, service, mode):
        self.control.put_json(f"/__control/{service}", mode)

    def go_on(self, at):
        if at < self.due:
            return
        if self.is_ill:
            self.set(SERVICE, {"mode": "ok"})
            self.is_ill, self.due = False, at + WELL
        elif at + ILL + WELL <= self.until:
            self.set(SERVICE, next(self.illnesses))
            self.is_ill, self.due, self.count = True, at + ILL, self.count + 1
