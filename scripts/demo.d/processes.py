"""The two processes of the demo: started on free ports, waited for, stopped by the caller's stack."""

import json
import re
import subprocess
import time

from http_exchange import Client

READY_WITHIN = 60  # seconds; compiling a module takes a fraction of one


class Failure(Exception):
    """Something the user can mend: what is wrong, and the remedy."""

    def __init__(self, what, remedy):
        super().__init__(what)
        self.what = what
        self.remedy = remedy


def start(running, command, **options):
    # A session of its own: Ctrl-C reaches this script alone, which then stops what it started.
    process = subprocess.Popen(
        [str(part) for part in command], start_new_session=True, **options)
    running.callback(stop, process)
    return process


def stop(process):
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def start_upstream(running, binary, services=("user-service",)):
    """The addresses that the upstream bound, by name. These services have one of their own."""
    any_port = "127.0.0.1:0"
    own = [part for name in services for part in ("--service", f"{name}={any_port}")]
    process = start(
        running, [binary, "--listen", any_port, "--control", any_port, *own], stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline()
    if not line:
        raise Failure("the example upstream did not start", f"see what `{binary}` says")
    return json.loads(line)


def rewritten(bootstrap, module, upstream, plugin_config=None):
    """The bootstrap with free ports (0), that module, that upstream and, if one is given, that configuration in place of
    its own."""
    replacements = [
        (r"\bport_value: (?:10000|9901)\b", "port_value: 0"),
        (r"\bport_value: 9000\b", f"port_value: {port(upstream['listen'])}"),
        (r"\bport_value: 9002\b", f"port_value: {port(upstream['services']['user-service'])}"),
        (r"\bfilename: dist/[\w-]+\.wasm\b", f"filename: {json.dumps(str(module.resolve()))}"),
    ]
    if plugin_config is not None:
        # All lines that are indented deeper than the key.
        replacements.append((r"\bvalue: \|\n( +).*\n(?:\1.*\n)+", f"value: {json.dumps(json.dumps(plugin_config))}\n"))
    text = bootstrap.read_text()
    for pattern, replacement in replacements:
        text, count = re.subn(pattern, lambda _: replacement, text)
        if count == 0:
            raise Failure(f"{bootstrap} has nothing like `{pattern}`", "restore the file")
    return text


def port(address):
    return address.rpartition(":")[2]


def start_envoy(running, binary, folder, bootstrap, module, upstream, plugin_config=None):
    """As `start_envoy_from`, with what `rewritten` makes of the bootstrap."""
    text = rewritten(bootstrap, module, upstream, plugin_config)
    return start_envoy_from(running, binary, folder, text, stdout=subprocess.DEVNULL)


def start_envoy_from(running, binary, folder, bootstrap, **options):
    """The addresses of the gateway's listener and of Envoy's admin interface, its log and its process.

    `bootstrap` is text; `options` are for `start`.
    """
    config, log, admin_path = folder / "envoy.yaml", folder / "envoy.log", folder / "admin"
    config.write_text(bootstrap)
    command = [binary, "--config-path", config, "--admin-address-path", admin_path,
               "--log-path", log, "--file-flush-interval-msec", 100, "--disable-hot-restart", "--concurrency", 2]
    process = start(running, command, stderr=subprocess.DEVNULL, **options)
    deadline = time.monotonic() + READY_WITHIN
    while not (admin := ready(admin_path)):
        if process.poll() is not None or time.monotonic() > deadline:
            raise Failure("Envoy did not become ready; the end of its log:", last_lines(log))
        time.sleep(0.05)
    listeners = json.loads(Client(admin).get_text("/listeners?format=json"))
    address = listeners["listener_statuses"][0]["local_address"]["socket_address"]
    gateway = f"{address['address']}:{address['port_value']}"
    return {"gateway": gateway, "admin": admin, "log": log, "pid": process.pid}


def ready(admin_path):
    """The admin address once Envoy takes requests, else None."""
    try:
        admin = admin_path.read_text().strip()
        return admin if admin and Client(admin).get_text("/ready").strip() == "LIVE" else None
    except OSError:
        return None


def last_lines(log, count=8):
    lines = log.read_text(errors="replace").splitlines() if log.exists() else ["(no log)"]
    return "\n      ".join(lines[-count:])
