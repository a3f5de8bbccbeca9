"""What is seen of Envoy from outside, as time goes by."""

import re
from dataclasses import dataclass
from pathlib import Path

METRIC = re.compile(r"(sluicegate_\w+)\{(.*)\} (\d+)")
LABEL = re.compile(r'(\w+)="([^"]*)"')
# Of a module that died, or would not start.
DEATHS = re.compile(r"\[critical\]|\btrap|Uncaught|Proxy-Wasm.*failed|panicked", re.IGNORECASE)
VIRTUAL_MACHINES = "wasm.envoy.wasm.runtime.v8."
BAD_COUNTERS = re.compile(r"fail|crash|reload|error")
MIB = 1024 * 1024


@dataclass(frozen=True)
class Memory:
    """`at` in seconds since the start; `resident` and `allocated` in MiB."""

    at: float
    resident: float
    allocated: float


class Watch:
    """Reads Envoy's statistics, its log and what the kernel knows of its process."""

    def __init__(self, admin, log, pid):
        self.admin, self.log, self.process = admin, log, Path(f"/proc/{pid}")
        self.memory = []

    def stats(self, pattern):
        text = self.admin.get_text(f"/stats?filter={pattern}")
        pairs = [line.rpartition(": ") for line in text.splitlines()]
        return {name: int(value) for name, _, value in pairs if value.isdigit()}

    def metrics(self):
        """The filters' own: name, labels, value."""
        text = self.admin.get_text("/stats/prometheus?usedonly&filter=sluicegate_")
        return [(found[1], dict(LABEL.findall(found[2])), int(found[3]))
                for found in map(METRIC.fullmatch, text.splitlines()) if found]

    def machines(self):
        """The counters of virtual machines; and of modules, those that tell of failures."""
        stats = self.stats("^wasm\\.")
        return ({name.removeprefix(VIRTUAL_MACHINES): value
                 for name, value in stats.items() if name.startswith(VIRTUAL_MACHINES)},
                {name: value for name, value in stats.items() if value and BAD_COUNTERS.search(name)})

    def sample(self, at):
        status = (self.process / "status").read_text()
        resident = int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024
        allocated = self.stats("^server\\.memory_allocated$")["server.memory_allocated"] / MIB
        self.memory.append(Memory(at, resident, allocated))

    def workers(self):
        """Of each worker: nanoseconds on a processor, and in wait of one."""
        tasks = [task for task in (self.process / "task").iterdir()
                 if (task / "comm").read_text().startswith("wrk:worker")]
        return [tuple(map(int, (task / "schedstat").read_text().split()[:2])) for task in sorted(tasks)]

    def deaths(self):
        with self.log.open(errors="replace") as lines:
            return [line.strip() for line in lines if DEATHS.search(line)]
