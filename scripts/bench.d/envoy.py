"""The one Envoy process, and its worker thread."""

import json
import os
import subprocess
import time
from pathlib import Path

from http_exchange import Client
from processes import READY_WITHIN, Failure, last_lines, ready, start

WORKER = "wrk:worker_0"


class Envoy:
    """Started with one worker, which shares a processor with the caller from then on.

    Only one of the two runs at a time, so that the caller never reads what is not settled.
    """

    def __init__(self, running, binary, folder, bootstrap):
        config, admin_path, self.log = folder / "envoy.json", folder / "admin", folder / "envoy.log"
        config.write_text(json.dumps(bootstrap))
        process = start(
            running,
            [binary, "--config-path", config, "--admin-address-path", admin_path, "--log-path", self.log,
             "--disable-hot-restart", "--concurrency", 1],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # A module is compiled per listener.
        deadline = time.monotonic() + READY_WITHIN * 5
        while not (admin := ready(admin_path)):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Failure("Envoy did not become ready; the end of its log:", last_lines(self.log))
            time.sleep(0.05)
        self.admin = Client(admin)
        self.worker = worker_of(process.pid)
        self.schedstat = os.open(self.worker / "schedstat", os.O_RDONLY)
        self.stat = os.open(self.worker / "stat", os.O_RDONLY)
        running.callback(os.close, self.schedstat)
        running.callback(os.close, self.stat)

    def share_processor(self, cpu, upstream):
        """Pins the worker, the upstream (a process) and the caller to that processor.

        What they share it with is no concern of theirs where they may be first in, first out. Neither
        interrupts another then. Where they may not, worker and upstream at least do not interrupt
        who wakes them, so that all requests of a burst await them.
        """
        served = (int(self.worker.name), upstream)
        for thread in (*served, 0):
            os.sched_setaffinity(thread, {cpu})
        try:
            for thread in (*served, 0):
                os.sched_setscheduler(thread, os.SCHED_FIFO, os.sched_param(1))
        except PermissionError:
            for thread in served:
                os.sched_setscheduler(thread, os.SCHED_BATCH, os.sched_param(0))

    def addresses(self):
        """Where each listener of a variant is, by name."""
        listeners = json.loads(self.admin.get_text("/listeners?format=json"))["listener_statuses"]
        sockets = {each["name"]: each["local_address"]["socket_address"]
                   for each in listeners if "socket_address" in each["local_address"]}
        return {name: (each["address"], each["port_value"]) for name, each in sockets.items()}

    def version(self):
        # commit/version/state/build/TLS library
        return json.loads(self.admin.get_text("/server_info"))["version"].split("/")[1]

    def on_cpu(self):
        """How long the worker has run, in nanoseconds, once it has nothing left to do."""
        while self.state() != b"S":
            time.sleep(0.0001)
        return int(os.pread(self.schedstat, 64, 0).split()[0])

    def state(self):
        # The name before it is in parentheses and may hold anything.
        return os.pread(self.stat, 512, 0).rpartition(b") ")[2][:1]


def worker_of(pid):
    for task in Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() == WORKER:
            return task
    raise Failure(f"Envoy has no thread {WORKER}", "another version of Envoy may name it otherwise")
