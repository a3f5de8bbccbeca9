"""The gateway's configuration: the example's, with what the mix needs."""

import hashlib
import json
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent.parent / "examples" / "gateway" / "config.json"
API_KEYS = [hashlib.sha256(f"api key {number}".encode()).hexdigest()[:32] for number in range(200)]
# So many logins from an address in so many seconds.
LOGINS, LOGIN_WINDOW = 5, 5
# Requests a second of a consumer, above what any but the greedy one sends. Those without a consumer have no such limit: an
# address sends as many of them as the machine answers.
CONSUMER_RATE = 20
# How long the breaker is open, in seconds.
OPEN_FOR = 1


def configuration(keys):
    """`keys`: the public ones, by algorithm."""
    config = json.loads(EXAMPLE.read_text())
    auth = config["auth"]
    issuers = [issuer("HS256", {"secret": {"env": "JWT_SECRET"}})]
    issuers += [issuer(name, {"jwks": {"keys": jwks}}) for name, jwks in keys.items()]
    auth["authenticators"]["users"] |= {"issuers": issuers, "clock_skew": "0s"}
    auth["authenticators"]["partners"]["credentials"] = [
        {"id": f"key-{number}", "consumer": f"client-{number}", "key": {"sha256": hashlib.sha256(key.encode()).hexdigest()}}
        for number, key in enumerate(API_KEYS)]
    auth["consumers"] = [{"id": f"client-{number}"} for number in range(len(API_KEYS))]
    auth["rules"] = [{
        "name": "open",
        "match": {"paths": [{"exact": "/auth/login"}, {"prefix": "/user-service"}]},
        "config": {"require": {"public": {}}},
    }]
    config["rate_limit"] = {
        "id": "soak",
        "limits": [
            {"name": "per-client", "requests": 100_000, "per": "1s", "key": ["ip"], "stage": "before_auth"},
            {"name": "per-consumer", "requests": CONSUMER_RATE, "per": "1s", "key": ["consumer"],
             "on_missing_key": "skip"},
        ],
        "rules": [{
            "name": "login", "match": {"paths": [{"exact": "/auth/login"}], "methods": ["POST"]},
            "config": {"limits": [{
                "name": "login", "algorithm": "fixed_window", "align": "first_request", "requests": LOGINS,
                "per": f"{LOGIN_WINDOW}s", "key": ["ip"], "stage": "before_auth"}]},
        }],
    }
    config["circuit_breaker"] = {
        "consecutive_failures": 5, "slow_call_rate_threshold": 0, "wait_duration_in_open_state": f"{OPEN_FOR}s"}
    return config


def issuer(name, keys):
    return {"name": name.lower(), "issuer": name, "algorithms": [name], "keys": keys, "groups_claim": "/role"}
