#!/usr/bin/env python3
"""Makes the corpora that fuzzing starts from, and the dictionaries.

usage: seeds.py SEEDS OUT

Each OUT/TARGET gets the files of SEEDS/TARGET and, where the environment names the folder of public
cases (SLUICEGATE_CASES), those of the cases that are inputs of that target. OUT/TARGET.dict gets the
member names of all JSON there is in them.
"""

import base64
import binascii
import hashlib
import json
import os
import sys
from pathlib import Path

TOKENS = ["attacks", "claims", "jwks_selection", "library_tokens", "wycheproof_jws_raw", "wycheproof_jwt_transplant"]
# What the target signs for itself, so that these headers and claims come past the signature.
SIGNERS = {"HS256": "h", "HS512": "H", "RS256": "r", "PS256": "p", "ES256": "e", "EdDSA": "d"}
LONGEST = 8192


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def documents(case):
    """The key sets of a case, as text."""
    sets = [provider["jwks"] for provider in case.get("providers", [])] or [case["key"]]
    return [jwks["_raw_text"] if isinstance(jwks, dict) and "_raw_text" in jwks else json.dumps(jwks) for jwks in sets]


def decoded(part):
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        return None


def tokens(cases):
    for name in TOKENS:
        for case in lines(cases / "jwt" / f"{name}.jsonl"):
            token = case["token"].encode()
            yield b"t" + token
            for document in documents(case):
                yield b"k" + document.encode() + b"\0" + token
            yield from resigned(case["token"])


def resigned(token):
    parts = [decoded(part) for part in token.split(".")[:2]]
    if len(parts) == 2 and None not in parts:
        header, payload = parts
        letter = next((letter for alg, letter in SIGNERS.items() if alg.encode() in header), "h")
        yield letter.encode() + header + b"\0" + payload


def key_sets(cases):
    for name in TOKENS:
        for case in lines(cases / "jwt" / f"{name}.jsonl"):
            yield from (document.encode() for document in documents(case))
    for case in lines(cases / "jwt" / "jwks_documents_envoy.jsonl"):
        yield case["jwks_text"].encode()


def configs(cases):
    issuer = {"name": "own", "algorithms": ["RS256", "ES256", "EdDSA", "HS256"]}
    for document in key_sets(cases):
        try:
            jwks = json.loads(document)
        except ValueError:
            continue
        jwt = {"type": "jwt", "issuers": [issuer | {"keys": {"jwks": jwks}}]}
        yield json.dumps({"authenticators": {"users": jwt}, "require": {"use": "users"}}).encode()
    for case in json.loads((cases / "json" / "jsontestsuite.json").read_text())["cases"]:
        text = base64.b64decode(case["bytes_b64"])
        yield text
        yield b'{"authenticators":{},"realm":' + text + b"}"


def heads(cases):
    for case in json.loads((cases / "jwt" / "extraction.json").read_text()):
        config = case["config"]
        sources = [{"header": header["name"], **{key: header[key] for key in header if key != "name"}}
                   for header in config.get("from_headers", [])]
        sources += [{"query": name} for name in config.get("from_params", [])]
        sources += [{"cookie": name} for name in config.get("from_cookies", [])]
        fields = [[":path", case["request"].get("path") or "/"], *case["request"].get("headers", [])]
        yield head(sources, fields)
    sources = [{"header": "x-api-key"}, {"query": "api_key"}, {"cookie": "api_key"}]
    for case in lines(cases / "security" / "tests.jsonl"):
        request = case.get("request")
        if isinstance(request, dict):
            fields = [[name, value] for name, values in request.items()
                      for value in (values if isinstance(values, list) else [values]) if isinstance(value, str)]
            yield head(sources, fields)


def head(sources, fields):
    return "\n".join([json.dumps(sources), *(f"{name}: {value}" for name, value in fields)]).encode()


def keys(cases):
    for case in json.loads((cases / "ratelimit" / "key_derivation.json").read_text()):
        config, part = {"key": ["ip"]}, case["config"].get("key")
        if part:
            config["key"] = [part.replace("claim:", "claim:/")]
        else:
            config["client_ip"] = {"from": "x_forwarded_for", "trusted_hops": case["config"]["trusted_hops"]}
        request = case.get("request", case)
        fields = [["@source.address", f"{case.get('peer', '192.0.2.1')}:40000"], [":path", request.get("path", "/")]]
        yield key(config, fields + list(request.get("headers", {}).items()))
    for case in json.loads((cases / "ratelimit" / "ip_key_table.json").read_text()):
        config = {"key": ["ip"], "client_ip": {"ipv6_prefix": case["ipv6_subnet"] or 128}}
        yield key(config, [["@source.address", f"[{case['ip']}]:40000"]])


def key(config, fields):
    lines = (f"{name}={value}" if name.startswith("@") else f"{name}: {value}" for name, value in fields)
    return "\n".join([json.dumps(config), *lines]).encode()


def nothing(_):
    return []


def names(value):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from names(inner)


def dictionary(texts):
    """The names of members in all texts, or in their parts, that are JSON."""
    found = set()
    for text in texts:
        for part in [text, text[1:], *text.split(b"\0"), *text[1:].split(b"\0"), text.split(b"\n")[0]]:
            try:
                found.update(names(json.loads(part)))
            except (ValueError, RecursionError):
                continue
    plain = sorted(name for name in found if name.isascii() and name.isprintable() and 1 < len(name) <= 32)
    escaped = (name.replace("\\", "\\\\").replace('"', '\\"') for name in plain)
    # Not even without names is it empty: the fuzzer would refuse it.
    return "# names of members\n" + "".join(f'"{name}"\n' for name in escaped)


def main():
    seeds, out = map(Path, sys.argv[1:])
    cases = os.environ.get("SLUICEGATE_CASES")
    if not cases:
        print("fuzz: SLUICEGATE_CASES is not set: the repository's own seeds alone", file=sys.stderr)
    sources = {"token": tokens, "jwks": key_sets, "config": configs, "extraction": heads, "bucket": nothing, "limit_key": keys}
    for target, of_cases in sources.items():
        own = [path.read_bytes() for path in sorted((seeds / target).iterdir())]
        public = [text for text in of_cases(Path(cases)) if len(text) <= LONGEST] if cases else []
        folder = out / target
        folder.mkdir(parents=True, exist_ok=True)
        for text in own + public:
            (folder / hashlib.sha256(text).hexdigest()[:16]).write_bytes(text)
        (out / f"{target}.dict").write_text(dictionary(own))
        print(f"fuzz: {target}: {len(own)} seeds of our own, {len(public)} public ones")


main()
