"""Tokens of the issuer `own` of envoy/gateway.yaml, as a login service would make them (RFC 7515, HS256)."""

import base64
import hashlib
import hmac
import json
import time

ISSUER = "https://api.example.com"
# JWT_SECRET in envoy/gateway.yaml.
SECRET = b"an example secret, not for production"
HOUR = 60 * 60


def encoded(part):
    return base64.urlsafe_b64encode(part).rstrip(b"=")


def token(subject, role, secret=SECRET):
    """One that holds for an hour."""
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": subject, "email": f"{subject}@example.com", "role": role,
              "iat": now, "exp": now + HOUR}
    parts = [{"alg": "HS256", "typ": "JWT"}, claims]
    message = b".".join(encoded(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    signature = hmac.new(secret, message, hashlib.sha256).digest()
    return b".".join([message, encoded(signature)]).decode()
