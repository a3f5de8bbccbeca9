"""Keys, and many tokens of three issuers. Run with the package cryptography it prints them as JSON:

    issuers.py COUNT      how many tokens of each of RS256 and ES256
"""

import base64
import hashlib
import hmac
import json
import sys
import time

SECRET = b"an example secret, not for production"
DAY = 24 * 60 * 60
KID = "soak"


def text(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def compact(value):
    return text(json.dumps(value, separators=(",", ":")).encode())


def token(algorithm, sign, subject, lifetime=DAY, role="member"):
    """One of the issuer that has the algorithm's name. `lifetime`: in seconds, below zero for one that has expired."""
    now = int(time.time())
    claims = {"iss": algorithm, "sub": subject, "email": f"{subject}@example.com", "role": role,
              "iat": now - 2 * DAY, "exp": now + lifetime, "jti": subject}
    message = f"{compact({'alg': algorithm, 'kid': KID})}.{compact(claims)}"
    return f"{message}.{text(sign(message.encode()))}"


def hs256(subject, **claims):
    return token("HS256", lambda message: hmac.new(SECRET, message, hashlib.sha256).digest(), subject, **claims)


def signed(count):
    """The public keys and `count` tokens for each algorithm that needs them."""
    # Imported here: what runs the soak itself has no such package.
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ec_key = ec.generate_private_key(ec.SECP256R1())

    def number(value, length):
        return text(value.to_bytes(length, "big"))

    def p256(message):
        r, s = utils.decode_dss_signature(ec_key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    modulus, point = rsa_key.public_key().public_numbers(), ec_key.public_key().public_numbers()
    kinds = {
        "RS256": ({"kty": "RSA", "n": number(modulus.n, 256), "e": number(modulus.e, 3)},
                  lambda message: rsa_key.sign(message, padding.PKCS1v15(), hashes.SHA256())),
        "ES256": ({"kty": "EC", "crv": "P-256", "x": number(point.x, 32), "y": number(point.y, 32)}, p256),
    }
    return {name: {"keys": [jwk | {"alg": name, "kid": KID, "use": "sig"}],
                   "tokens": [token(name, sign, f"{name.lower()}-{each}") for each in range(count)]}
            for name, (jwk, sign) in kinds.items()}


if __name__ == "__main__":
    json.dump(signed(int(sys.argv[1])), sys.stdout)
