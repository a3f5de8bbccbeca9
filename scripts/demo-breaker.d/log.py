"""What the filter writes to Envoy's log about one breaker."""

import re
from collections import Counter


class Log:
    """The lines of transitions, read as they come."""

    def __init__(self, path, service):
        self.path, self.read = path, 0
        self.line = re.compile(rf"circuit_breaker: {re.escape(service)}: ((\w+) -> (\w+): .*)")
        self.transitions = Counter()

    def news(self):
        """What was written since the last time, a sentence each."""
        with self.path.open("rb") as log:
            log.seek(self.read)
            # The last line may still be on its way.
            whole, _, _ = log.read().rpartition(b"\n")
        self.read += len(whole)
        found = [self.line.search(line) for line in whole.decode(errors="replace").splitlines()]
        found = [each for each in found if each]
        self.transitions.update((each[2], each[3]) for each in found)
        return [each[1] for each in found]
