"""What a variant answers, before it is timed."""

import http.client
import re
import socket


def check(variant, address):
    """The differences from what is expected, as sentences."""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(variant.check)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        answer.read()
    problems = []
    if answer.status != variant.status:
        problems.append(f"status: expected {variant.status}, found {answer.status}")
    expected = variant.headers | {f"x-seen-{name}": value for name, value in variant.seen.items()}
    for name, pattern in expected.items():
        found = answer.getheader(name)
        if not agrees(found, pattern):
            problems.append(f"{name}: expected {pattern or 'none'}, found {found or 'none'}")
    return problems


def agrees(found, pattern):
    if found is None or pattern is None:
        return found is pattern
    return re.fullmatch(pattern, found) is not None
