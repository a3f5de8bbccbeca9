"""What variants.json names: keys, tokens and passwords, and scripts for Envoy's lua filter."""

import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path

from processes import Failure

CRYPTOGRAPHY = "cryptography==50.0.2"
# A token that comes again after so many others is in no cache: jwt_authn keeps 100, auth 256, one per
# place of a hash; 1 in 3,000 is still alone in its place.
FRESH = 2048
API_KEYS = 100
PASSWORD = "correct horse battery staple"


def made(names, target):
    """Those of these names, by name. `target`: the folder for what is installed."""
    local = {"api_keys": api_keys(), "basic": basic(), "lua": scripts()}
    return local if names <= local.keys() else local | tokens(target / "bench-venv")


def tokens(venv):
    """A set of keys, a known token, an expired one and many fresh ones for each algorithm."""
    python = venv / "bin" / "python"
    if not (venv / CRYPTOGRAPHY).exists():
        install(venv, python)
    script = Path(__file__).parent / "mint.py"
    done = subprocess.run([python, script, str(FRESH)], stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise Failure("the tokens could not be made", f"see above, or remove {venv} and run again")
    return json.loads(done.stdout)


def install(venv, python):
    print(f"bench: pip install {CRYPTOGRAPHY}, to sign tokens", file=sys.stderr)
    for command in [sys.executable, "-m", "venv", "--clear", venv], \
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", CRYPTOGRAPHY]:
        if subprocess.run(command, stdout=sys.stderr, check=False).returncode != 0:
            raise Failure(f"{CRYPTOGRAPHY} could not be installed",
                          "see above; on Debian, python3 -m venv needs the package python3-venv")
    (venv / CRYPTOGRAPHY).touch()


def api_keys():
    """Keys of equal length, and the one that is sent."""
    keys = [hashlib.sha256(f"api key {number}".encode()).hexdigest()[:32] for number in range(API_KEYS)]
    return {
        "sent": keys[API_KEYS // 2],
        "native": [{"key": key, "client": f"client-{number}"} for number, key in enumerate(keys)],
        "sha256": [
            {"id": f"key-{number}", "consumer": f"client-{number}", "key": {"sha256": sha256(key)}}
            for number, key in enumerate(keys)],
        "consumers": [{"id": f"client-{number}"} for number in range(API_KEYS)],
    }


def basic():
    sha1 = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
    return {
        "sent": base64.b64encode(f"ops:{PASSWORD}".encode()).decode(),
        "native": f"ops:{{SHA}}{sha1}",
        "sha256": sha256(PASSWORD),
    }


def scripts():
    return {path.stem: path.read_text() for path in Path(__file__).parent.glob("*.lua")}


def sha256(value):
    return hashlib.sha256(value.encode()).hexdigest()
