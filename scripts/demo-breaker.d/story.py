"""What the upstream goes through, and the breaker's numbers for it."""

from dataclasses import dataclass

SERVICE = "user-service"
PATH = "/user-service/users/1"
CONNECTIONS = 50
# In place of the example's: what takes minutes in production is to be seen in seconds.
SHORTER = {
    "window": {"type": "count", "size": 50},
    "slow_call_duration": "400ms",
    "wait_duration_in_open_state": "2s",
    "wait_backoff": {"multiplier": 2, "max": "8s", "jitter": 0},
}
# What a phase may take in all before the demo gives up.
PATIENCE = 20  # seconds


@dataclass(frozen=True)
class Phase:
    """A `mode` of the upstream. It lasts `seconds`, and until the breaker has been in `awaits`; with `then`, for so many
    seconds more."""

    mode: dict
    seconds: float
    awaits: str
    then: float = 0

    @property
    def health(self):
        return self.mode["mode"]


OK = {"mode": "ok"}
STORY = [
    Phase(OK, 3, "closed"),
    # Long enough for probes that fail: the second wait is twice as long.
    Phase({"mode": "failing"}, 4, "open"),
    Phase(OK, 0, "closed", then=2.5),
    # The same, with probes that take their time, while requests keep coming.
    Phase({"mode": "slow", "delay_ms": 800}, 4, "open"),
    Phase(OK, 0, "closed", then=2.5),
    Phase({"mode": "reset"}, 1.5, "open"),
    Phase(OK, 0, "closed", then=2),
]
