"""Keys and tokens for the benchmark, as JSON on standard output. Run with the package cryptography.

    mint.py FRESH      how many tokens of each algorithm that are sent once in a while
"""

import base64
import hashlib
import hmac
import json
import secrets
import sys
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

DAY = 24 * 60 * 60
KID = "bench"


def text(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def number(value, length):
    return text(value.to_bytes(length, "big"))


def encoded(value):
    return text(json.dumps(value, separators=(",", ":")).encode())


def shared_secret():
    secret = secrets.token_bytes(32)
    return ({"kty": "oct", "k": text(secret)},
            lambda message: hmac.new(secret, message, hashlib.sha256).digest())


def rsa_pair(scheme):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    numbers = key.public_key().public_numbers()
    jwk = {"kty": "RSA", "n": number(numbers.n, 256), "e": number(numbers.e, 3)}
    return jwk, lambda message: key.sign(message, scheme, hashes.SHA256())


def p256():
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_numbers()

    def sign(message):
        r, s = utils.decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return {"kty": "EC", "crv": "P-256", "x": number(point.x, 32), "y": number(point.y, 32)}, sign


def edwards():
    key = ed25519.Ed25519PrivateKey.generate()
    return {"kty": "OKP", "crv": "Ed25519", "x": text(key.public_key().public_bytes_raw())}, key.sign


ALGORITHMS = {
    "HS256": shared_secret,
    "RS256": lambda: rsa_pair(padding.PKCS1v15()),
    "PS256": lambda: rsa_pair(padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)),
    "ES256": p256,
    "EdDSA": edwards,
}


def minted(algorithm, fresh):
    jwk, sign = ALGORITHMS[algorithm]()
    keys = {"keys": [jwk | {"alg": algorithm, "kid": KID, "use": "sig"}]}
    now = int(time.time())
    header = {"alg": algorithm, "kid": KID, "typ": "JWT"}

    def token(expires=now + DAY):
        claims = {"iss": "https://idp.example/", "aud": "gw", "sub": "user-4711", "email": "user@example.com",
                  "role": "member", "groups": ["staff", "eu"], "iat": now - 60, "exp": expires,
                  "jti": secrets.token_hex(16)}
        message = f"{encoded(header)}.{encoded(claims)}"
        return f"{message}.{text(sign(message.encode()))}"

    return {"jwks": keys, "jwks_text": json.dumps(keys), "known": token(), "expired": token(now - DAY),
            "garbage": "not.a.token",
            "fresh": [token() for _ in range(fresh)]}


json.dump({algorithm: minted(algorithm, int(sys.argv[1])) for algorithm in ALGORITHMS}, sys.stdout)
