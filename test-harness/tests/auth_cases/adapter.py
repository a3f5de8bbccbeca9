"""The config of ours for the groups of cases that the driver puts into one Envoy.

Each group is an authenticator, required by a rule for the group's prefix. The environment says the module's file (WASM)
and where keys stand (KEYS): in the config, or at a server of this process ("fetched").
"""

import http.server
import json
import os
import re
import threading

OFFERED = "HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES256 EdDSA".split()
FETCHED = os.environ["KEYS"] == "fetched"
PUBLISHED = {}
# Groups that Envoy's log names. The driver takes one at a time out of its groups.
REFUSED = set()


class Publisher(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        document = PUBLISHED[self.path].encode()
        self.send_response(200)
        self.send_header("content-length", str(len(document)))
        self.end_headers()
        self.wfile.write(document)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    # All groups are fetched at once when Envoy starts.
    request_queue_size = 1024


SERVER = Server(("127.0.0.1", 0), Publisher)
threading.Thread(target=SERVER.serve_forever, daemon=True).start()
ADDRESS = {"socket_address": {"address": "127.0.0.1", "port_value": SERVER.server_port}}
CLUSTERS = [{
    "name": "idp",
    "load_assignment": {
        "cluster_name": "idp",
        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": ADDRESS}}]}],
    },
}]


def name(group):
    return "g" + group["prefix"].strip("/")


def keys(text, path):
    if FETCHED:
        PUBLISHED[path] = text.strip()
        return {"remote": {"uri": "https://idp.example" + path, "cluster": "idp", "timeout": "4s"}}
    try:
        return {"jwks": json.loads(text)}
    except ValueError:
        return {"jwks": text}


def authenticator(group):
    issuers = []
    for at, provider in enumerate(group["providers"] or [group]):
        issuer = {
            "name": f"{name(group)}-{at}",
            "algorithms": [alg for alg in group["algs"] or OFFERED if alg in OFFERED + ["Ed25519"]],
            "keys": keys(provider["jwks"], f"/{name(group)}/{at}"),
        }
        if provider["issuer"] is not None:
            issuer["issuer"] = provider["issuer"]
        for audience in group["audiences"]:
            issuer["audiences"] = audience if isinstance(audience, list) else [audience]
        issuers.append(issuer)
    return {
        "type": "jwt",
        "issuers": issuers,
        "clock_skew": f"{group['leeway']}s",
        "require_claims": ["exp"] if group["require_exp"] else [],
    }


def http_filters(groups):
    if any(name(group) in REFUSED for group in groups):
        # What is known to be refused need not be compiled again: no Envoy has a filter of this name.
        return [{"name": "refused"}]
    config = {
        "authenticators": {name(group): authenticator(group) for group in groups},
        "require": {"any": [{"use": name(group)} for group in groups]},
        "rules": [
            {
                "name": name(group),
                "match": {"paths": [{"prefix": group["prefix"].rstrip("/")}]},
                "config": {"require": {"use": name(group)}},
            }
            for group in groups
        ],
    }
    return [{
        "name": "envoy.filters.http.wasm",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": "auth",
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": json.dumps(config),
                },
                "vm_config": {
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename": os.environ["WASM"]}},
                },
            },
        },
    }]


def refused(log, groups):
    """A group whose authenticator the config's errors name."""
    REFUSED.update(re.findall(r"authenticators\.(g[0-9a-f]+)", log))
    return next((group for group in groups if "g" + group in REFUSED), None)
