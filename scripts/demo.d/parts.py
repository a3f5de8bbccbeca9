"""What is run against real Envoy: made by its own script, unless the caller says where it is."""

import os
import subprocess
import sys
from pathlib import Path

from processes import Failure

ROOT = Path(__file__).resolve().parent.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def parts(module):
    """Option, where it is when nothing else is given, what makes it."""
    return [
        ("module", ROOT / "dist" / f"{module}.wasm", ["scripts/build-wasm", module]),
        ("upstream", TARGET / "debug" / "upstream", ["cargo", "build", "--quiet", "-p", "upstream"]),
        ("envoy", ROOT / "target" / "tools" / "envoy", ["scripts/toolchain", "envoy"]),
    ]


def add_arguments(parser, module="gateway"):
    for option, default, command in parts(module):
        parser.add_argument(
            f"--{option}", type=Path, metavar="PATH",
            help=f"default: {relative(default)}, made by `{' '.join(command)}`")
    parser.set_defaults(envoy=os.environ.get("SLUICEGATE_ENVOY"))


def relative(path):
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def prepare(given, module="gateway"):
    """Makes what was not given. Refuses with what to do, rather than failing half-way."""
    if not sys.platform.startswith("linux"):
        raise Failure("this needs Envoy, which is packaged for Linux only",
                      "run it in a Linux container or virtual machine")
    paths = {}
    for option, default, command in parts(module):
        path = getattr(given, option)
        remedy = f"give another --{option}, or leave it out and have it made"
        if path is None:
            path, remedy = default, f"see what `{' '.join(command)}` says"
            if not default.is_file():
                print(f"making {relative(default)}, which may take minutes", file=sys.stderr, flush=True)
            if subprocess.run(command, cwd=ROOT, stdout=sys.stderr, check=False).returncode != 0:
                raise Failure(f"the {option} could not be made", remedy)
        if not Path(path).is_file():
            raise Failure(f"the {option} is missing: there is no {relative(Path(path))}", remedy)
        paths[option] = Path(path).resolve()
    return paths
