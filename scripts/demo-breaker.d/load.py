"""Steady traffic: each connection sends one request a second, whatever became of the others."""

import http.client
import json
import threading
import time
from dataclasses import dataclass

# Longer than the slowest answer of the story.
TIMEOUT = 10


@dataclass(frozen=True)
class Exchange:
    """When a request was sent and answered, on the monotonic clock. `refused`: the breaker answered, not the upstream.
    `wait`: its Retry-After in seconds, None without one."""

    sent: float
    answered: float
    status: int
    refused: bool
    wait: int | None = None


class Load:
    """`connections` requests a second for `path`, evenly spread, until stopped."""

    def __init__(self, address, path, connections, refusal):
        self.address, self.path = address, path
        self.refusal = refusal
        self.exchanges = []
        self.problems = []
        self.stopping = threading.Event()
        begin = time.monotonic() + 0.1
        self.threads = [threading.Thread(target=self.client, args=(begin + index / connections,), daemon=True)
                        for index in range(connections)]
        for thread in self.threads:
            thread.start()

    def client(self, due):
        host, _, port = self.address.rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=TIMEOUT)
        try:
            while not self.stopping.wait(max(due - time.monotonic(), 0)):
                self.exchanges.append(self.exchange(connection))
                # A turn that was missed is not made up for: the others' would no longer be evenly spread.
                while due <= time.monotonic():
                    due += 1
        except (OSError, http.client.HTTPException) as error:
            self.problems.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    def exchange(self, connection):
        sent = time.monotonic()
        connection.request("GET", self.path)
        answer = connection.getresponse()
        body = answer.read()
        answered = time.monotonic()
        refused = answer.status == self.refusal["status"] and body_is(body, self.refusal["json"])
        wait = answer.getheader("retry-after") if refused else None
        return Exchange(sent, answered, answer.status, refused, int(wait) if wait and wait.isdigit() else None)

    def stop(self):
        """Returns once everything that was sent is answered."""
        self.stopping.set()
        for thread in self.threads:
            thread.join(TIMEOUT)


def body_is(body, expected):
    try:
        return json.loads(body) == expected
    except ValueError:
        return False
