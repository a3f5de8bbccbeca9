"""An upstream that answers every request alike: a process of its own, so that Envoy's time alone is counted.

    upstream.py      binds a free port of 127.0.0.1, prints it, and serves until it is stopped
"""

import selectors
import socket

RECEIVE = 65536
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 3\r\n\r\nok\n"


def answer(connection, selector):
    """Envoy writes a head at once, and the requests have no body: what arrives together is whole requests."""
    received = connection.recv(RECEIVE)
    if received:
        connection.sendall(ANSWER * received.count(b"\r\n\r\n"))
    else:
        selector.unregister(connection)
        connection.close()


def main():
    selector = selectors.EpollSelector()
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as server:
        selector.register(server, selectors.EVENT_READ)
        print(server.getsockname()[1], flush=True)
        while True:
            for key, _ in selector.select():
                if key.fileobj is server:
                    connection, _ = server.accept()
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    selector.register(connection, selectors.EVENT_READ)
                else:
                    answer(key.fileobj, selector)


if __name__ == "__main__":
    main()
