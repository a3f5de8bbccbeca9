"""What it takes to start: the processor's time until Envoy is ready and has nothing left to do, and memory then."""

import contextlib
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

from processes import Failure, last_lines, ready, start

FEW, MANY = 1, 4  # workers
# Seconds.
PATIENCE, IDLE = 300, 1


def started(binary, bootstrap, workers):
    """Seconds of processors that Envoy has taken to start, and its resident memory then, in MiB."""
    with contextlib.ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="sluicegate-scale-")))
        config, admin_path, log = folder / "envoy.json", folder / "admin", folder / "envoy.log"
        config.write_text(bootstrap)
        process = start(
            running, [binary, "--config-path", config, "--admin-address-path", admin_path, "--log-path", log,
                      "--disable-hot-restart", "--concurrency", workers],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while not ready(admin_path):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Failure("Envoy did not become ready; the end of its log:", last_lines(log))
            time.sleep(0.05)
        # V8 compiles in threads of its own, which may go on.
        taken, before = on_cpu(process.pid), None
        while taken != before:
            time.sleep(IDLE)
            taken, before = on_cpu(process.pid), taken
        status = Path(f"/proc/{process.pid}/status").read_text()
        return taken, int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


def on_cpu(pid):
    """Seconds that all its threads have run."""
    # After the name, which may hold anything, state is the first; user and system time are the 12th and 13th.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def weight(binary, bootstrap, times):
    """Seconds of processors to start with one worker, and MiB of each further worker: the smallest of some."""
    few = [started(binary, bootstrap, FEW) for _ in range(times)]
    many = [started(binary, bootstrap, MANY) for _ in range(times)]
    memory = min(each[1] for each in many) - min(each[1] for each in few)
    return min(each[0] for each in few), memory / (MANY - FEW)
