"""A thousand clients in one process, which never wait for each other.

Each sends one request after the other over a connection that stays open, of a kind drawn by its weight, and judges the
answer by what the kind allows.
"""

import errno
import heapq
import random
import re
import select
import socket
import time
from array import array
from collections import Counter

from mix import KEPT, RETRY, REVOKED, logout, retried

LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n")
CHUNKED = b"\r\ntransfer-encoding: chunked\r\n"
# Envoy ends a connection on which a filter answered before the request's body was there.
CLOSES = b"\r\nconnection: close\r\n"
RECEIVE = 65536
# Addresses of the loopback network that clients come from.
SOURCES = 40
LEAVES_AFTER = (0.02, 0.25)
# As long may the last answers take.
PATIENCE = 20
DRAWN_AT_ONCE = 4096
EXAMPLES = 3


class Client:
    """One connection, and what it awaits."""

    __slots__ = ("address", "source", "socket", "kind", "sent", "unsent", "received", "token", "waits")

    def __init__(self, address, source):
        self.address, self.source = address, source
        self.kind, self.token, self.unsent, self.received, self.waits = None, None, b"", b"", 0
        self.connect()

    def connect(self):
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Which port is told when it connects: otherwise one would be taken for all destinations.
        self.socket.setsockopt(socket.IPPROTO_IP, getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24), 1)
        self.socket.bind((self.source, 0))
        error = self.socket.connect_ex(self.address)
        if error not in (0, errno.EINPROGRESS):
            raise OSError(error, "no connection to the gateway")


class Load:
    """`answers`: how many, by kind and status; `latency`: seconds, by kind; `left`: by kind, requests whose client
    did not wait; `unexplained`: how many, by what was wrong, with a few `examples`; `rejected`: by the breaker; `logins`: those let through, by the client's
    address."""

    def __init__(self, address, kinds, tokens, connections):
        self.kinds, self.tokens = kinds, tokens
        self.weights = [kind.weight for kind in kinds]
        self.drawn = []
        self.answers, self.left, self.unexplained, self.examples = Counter(), Counter(), Counter(), {}
        self.rejected = 0
        self.latency = {kind.name: array("f") for kind in [*kinds, REVOKED, KEPT]}
        self.logins = Counter()
        self.leaving, self.sending = [], True
        self.connections = self.waiting = connections
        self.poll = select.epoll()
        self.clients = {}
        for number in range(connections):
            client = Client(address, f"127.0.{1 + number % SOURCES}.1")
            self.opened(client)
            self.begin(client, self.draw())

    def opened(self, client):
        self.clients[client.socket.fileno()] = client
        self.poll.register(client.socket, select.EPOLLIN | select.EPOLLOUT)

    def draw(self):
        if not self.drawn:
            self.drawn = random.choices(self.kinds, self.weights, k=DRAWN_AT_ONCE)
        return self.drawn.pop()

    def begin(self, client, kind):
        """Makes its next request ready; the caller sees to it that it is sent."""
        client.kind = kind
        if kind.logs_out:
            client.token = next(self.tokens)
            client.unsent = logout(client.token)
        elif kind is REVOKED or kind is KEPT:
            client.unsent = retried(client.token)
        else:
            client.unsent = kind.next_request()
        client.sent = time.monotonic()
        client.waits += 1
        if kind.leaves:
            at = client.sent + random.uniform(*LEAVES_AFTER)
            heapq.heappush(self.leaving, (at, id(client), client.waits, client))

    def run(self, seconds, schedule):
        """`schedule`: called all the time, with the seconds since the start."""
        start = time.monotonic()
        end = start + seconds
        while True:
            now = time.monotonic()
            if now >= end:
                self.sending = False
                if not self.waiting:
                    return
                if now > end + PATIENCE:
                    self.wrong("no answer", "after the end", f"{self.waiting} requests".encode())
                    return
            for descriptor, events in self.poll.poll(0.01):
                self.ready(self.clients[descriptor], events)
            self.let_leave(time.monotonic())
            schedule(now - start)

    def ready(self, client, events):
        if events & select.EPOLLOUT:
            self.poll.modify(client.socket, select.EPOLLIN)
            self.send(client)
            return
        try:
            data = client.socket.recv(RECEIVE)
        except OSError as error:
            self.broken(client, type(error).__name__)
            return
        if not data:
            self.broken(client, "closed")
            return
        client.received += data
        head, end, body = client.received.partition(b"\r\n\r\n")
        if end and whole(head + b"\r\n", body):
            client.received = b""
            self.answered(client, head + b"\r\n")

    def send(self, client):
        try:
            sent = client.socket.send(client.unsent)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self.broken(client, type(error).__name__)
            return
        client.unsent = client.unsent[sent:]
        if client.unsent:
            self.poll.modify(client.socket, select.EPOLLIN | select.EPOLLOUT)

    def answered(self, client, head):
        kind, status = client.kind, head[9:12]
        if kind.leaves:
            # It came before the client lost patience.
            client.waits += 1
        now = time.monotonic()
        self.latency[kind.name].append(now - client.sent)
        self.answers[kind.name, int(status)] += 1
        wants = kind.wants.get(status)
        if wants is None:
            self.wrong(kind.name, f"status {status.decode()}", head)
        else:
            for part in wants:
                if part not in head:
                    self.wrong(kind.name, f"{status.decode()} without {part.decode().strip()}", head)
        if kind.name == "failing" and status == b"503" and RETRY in head:
            self.rejected += 1
        elif kind.name == "login" and status == b"200":
            self.logins[client.source] += 1
        if kind.logs_out:
            following = REVOKED if status == b"200" else KEPT
        else:
            following = self.draw() if self.sending else None
        self.go_on(client, following, CLOSES in head)

    def go_on(self, client, following, closes):
        """With that kind of request; None: no more. `closes`: the connection ends with the answer that came."""
        if following is None:
            self.waiting -= 1
            client.kind = None
        elif closes:
            self.reconnect(client, following)
        else:
            self.begin(client, following)
            self.send(client)

    def wrong(self, kind, what, head):
        self.unexplained[kind, what] += 1
        examples = self.examples.setdefault((kind, what), [])
        if len(examples) < EXAMPLES:
            examples.append(head[:600])

    def let_leave(self, now):
        while self.leaving and self.leaving[0][0] <= now:
            _, _, waits, client = heapq.heappop(self.leaving)
            if client.waits == waits and client.kind is not None:
                self.left[client.kind.name] += 1
                self.renew(client)

    def broken(self, client, how):
        if client.kind is not None:
            self.wrong(client.kind.name, f"connection {how}", client.received)
        self.renew(client)

    def renew(self, client):
        """Gives up what was under way, and goes on over another connection."""
        if self.sending:
            self.reconnect(client, self.draw())
            return
        self.waiting -= client.kind is not None
        client.kind = None
        self.close(client)

    def reconnect(self, client, following):
        self.close(client)
        client.connect()
        self.opened(client)
        self.begin(client, following)

    def close(self, client):
        del self.clients[client.socket.fileno()]
        self.poll.unregister(client.socket)
        client.socket.close()
        client.received = client.unsent = b""


def whole(head, body):
    length = LENGTH.search(head)
    if length:
        return len(body) >= int(length[1])
    if CHUNKED in head:
        return body.endswith(b"0\r\n\r\n")
    return head[9:12] == b"204"
