"""The pages: one server under every host name, for the browser resolves all of them to it."""

import http.server
import threading
from pathlib import Path

PAGE = Path(__file__).with_name("page.html").read_bytes()
SANDBOXED = "/sandboxed"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        found = self.path in ("/", SANDBOXED)
        self.send_response(200 if found else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("cache-control", "no-store")
        if self.path == SANDBOXED:
            # As in a sandboxed frame: the page's origin is null.
            self.send_header("content-security-policy", "sandbox allow-scripts")
        self.send_header("content-length", str(len(PAGE) if found else 0))
        self.end_headers()
        if found:
            self.wfile.write(PAGE)

    def log_message(self, *_):
        """Nothing: the table tells what happened."""


def serve_pages(running):
    """The port that the pages are served on, until the caller's stack is closed."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    running.callback(server.server_close)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    running.callback(thread.join)
    running.callback(server.shutdown)
    return server.server_address[1]
