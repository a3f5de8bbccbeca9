"""The gateway under test: envoy/gateway.yaml with the test's policy, and what its counters say."""

import contextlib
import json
import re
from collections import Counter

from http_exchange import Client
from processes import Failure

COUNTER = re.compile(r'sluicegate_cors_requests_total\{.*\bcode="preflight_(\w+)".*\} (\d+)')


def policy(allowed_origin):
    return {
        # The id that it echoes is exposed without being listed.
        "request_id": {"header": "x-correlation-id", "echo": True},
        "cors": {
            "allow_origins": [allowed_origin],
            "allow_methods": ["GET", "HEAD", "POST", "PUT"],
            "allow_headers": ["authorization", "content-type"],
            "expose_headers": ["x-envoy-upstream-service-time"],
            "allow_credentials": True,
            "max_age": "2h",
        },
        "header_transform": {
            "reply": [{"name": "maintenance", "match": {"paths": [{"prefix": "/down"}]},
                       "status": 503, "json": {"error": "maintenance"}}],
        },
        "rules": [
            {"name": "no-credentials", "match": {"paths": [{"prefix": "/echo/no-credentials"}]},
             "config": {"cors": {"allow_credentials": False}}},
            {"name": "uncached", "match": {"paths": [{"prefix": "/echo/uncached"}]},
             "config": {"cors": {"max_age": "0s"}}},
        ],
    }


def with_policy(bootstrap, policy):
    """The text of a bootstrap, with that policy in place of the block that configures the module."""
    as_string = json.dumps(json.dumps(policy))
    text, count = re.subn(
        r"(\n *value: )\|\n(?: {20,}.*\n)+", lambda found: f"{found[1]}{as_string}\n",
        bootstrap.read_text())
    if count != 1:
        raise Failure(f"{bootstrap} has {count} blocks of configuration, expected 1",
                      "restore the file")
    return text


class Counts:
    """What reached the services, and which preflights the gateway answered, since the last call."""

    def __init__(self, admin, control):
        self.admin, self.control = Client(admin), Client(control)
        self.last = self.totals()

    def totals(self):
        services = json.loads(self.control.get_text("/__control"))
        total = Counter(service=sum(service["requests"] for service in services.values()))
        for line in self.admin.get_text("/stats/prometheus?usedonly").splitlines():
            if found := COUNTER.match(line):
                total[found[1]] += int(found[2])
        return total

    @contextlib.contextmanager
    def mode(self, service_mode):
        """Has a service behave so for a while: its name and mode, or None."""
        if service_mode:
            service, mode = service_mode
            self.control.put_json(f"/__control/{service}", mode)
        yield
        if service_mode:
            self.control.put_json(f"/__control/{service}", {"mode": "ok"})

    def peek(self):
        return self.totals() - self.last

    def take(self):
        total = self.totals()
        since, self.last = total - self.last, total
        return since
