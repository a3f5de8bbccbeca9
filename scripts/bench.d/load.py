"""What is sent to a variant while its worker is timed."""

import itertools
import re
import socket

RECEIVE = 65536
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class Load:
    """Requests that are sent in turn to one listener, over connections that stay open, and are all
    answered with that status."""

    def __init__(self, running, address, requests, status, connections):
        self.sockets = [running.enter_context(socket.create_connection(address, timeout=10))
                        for _ in range(connections)]
        for each in self.sockets:
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.requests = itertools.cycle(requests)
        self.start = f"HTTP/1.1 {status} ".encode()
        self.usual_length = None

    def exchange(self, count):
        """Writes a request to each of `count` connections, then waits for the last one's answer.

        The worker takes them in the order they came, so that the other answers are there by then.
        """
        used = self.sockets[:count]
        for connection in used:
            connection.send(next(self.requests))
        for connection in reversed(used):
            self.receive(connection)

    def receive(self, connection):
        answer = connection.recv(RECEIVE)
        # Most answers of a variant are of one length.
        if len(answer) != self.usual_length:
            while not complete(answer):
                more = connection.recv(RECEIVE)
                if not more:
                    raise OSError(f"connection closed after {answer!r}")
                answer += more
            self.usual_length = len(answer)
        if not answer.startswith(self.start):
            raise OSError(f"expected {self.start!r}, found {answer[:200]!r}")


def complete(answer):
    head, end, body = answer.partition(b"\r\n\r\n")
    length = LENGTH.search(head + b"\r\n")
    return bool(end) and len(body) >= (int(length[1]) if length else 0)
