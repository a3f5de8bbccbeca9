"""The example of an Express gateway, started as its reader starts it."""

import os
import re
import tempfile
import time
from pathlib import Path

from processes import READY_WITHIN, Failure, last_lines, start

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "examples" / "express-gateway"
# Not beside the sources: node_modules is large.
WORK = ROOT / "target" / "express-gateway"
LAST_LINE = "To make a service fail"


def start_example(running, paths, limit, secret):
    """The addresses of the gateway, of its metrics, and of its services' control listener."""
    folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="sluicegate-express-")))
    log = folder / "run.log"
    options = [part for name, path in paths.items() for part in (f"--{name}", path)]
    with log.open("w") as out:
        process = start(running, [EXAMPLE / "run", *options], stdout=out,
                        env=os.environ | {"PORT": "0", "GENERAL_LIMIT": str(limit), "JWT_SECRET": secret})
    deadline = time.monotonic() + READY_WITHIN
    while LAST_LINE not in (said := log.read_text()):
        if process.poll() is not None or time.monotonic() > deadline:
            raise Failure("the example did not start", f"see what it says above; {last_lines(log)}")
        time.sleep(0.05)
    return re.findall(r"http://[0-9.:]+", said)
