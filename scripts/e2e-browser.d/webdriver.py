"""A headless Chromium, driven over the WebDriver protocol (W3C), as far as this test needs it."""

import http.client
import json
import os
import re
import subprocess
import time

from processes import Failure, start

TIMEOUT = 60  # seconds for one command; starting the browser takes the longest
SWITCHES = [
    "--headless",
    # The sandbox needs namespaces that root and containers lack; the only pages are the test's own.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-crash-reporter",
    "--no-first-run",
    "--no-proxy-server",
    # Every name of the test is this machine, every other name does not exist.
    "--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND",
]


class Browser:
    def __init__(self, port):
        self.port = port
        self.session = ""

    def command(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            value = json.load(answer)["value"]
        except (OSError, http.client.HTTPException) as error:
            raise Failure(f"WebDriver {method} {path}: {error}", "the browser or its driver has ended")
        finally:
            connection.close()
        if answer.status != 200:
            raise Failure(f"WebDriver {method} {path}: {value['error']}", value["message"].partition("\n")[0])
        return value

    def attach(self, debugger):
        """Takes over the browser that listens there. What the browser says of itself."""
        wanted = {"browserName": "chrome", "goog:chromeOptions": {"debuggerAddress": debugger},
                  "goog:loggingPrefs": {"browser": "ALL"}}
        new = self.command("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = f"/session/{new['sessionId']}"
        return new["capabilities"]

    def go(self, url):
        self.command("POST", f"{self.session}/url", {"url": url})

    def call(self, function, *arguments):
        """What a function of the page returns, once its promise is settled."""
        script = f"return {function}(...arguments)"
        return self.command(
            "POST", f"{self.session}/execute/sync", {"script": script, "args": list(arguments)})

    def set_cookie(self, **cookie):
        self.command("POST", f"{self.session}/cookie", {"cookie": cookie})

    def console(self):
        """The messages of the console since the last call."""
        entries = self.command("POST", f"{self.session}/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries]


def start_browser(running, folder):
    """The browser and its version. The caller's stack ends it; all it writes goes to `folder`."""
    environment = os.environ | {"HOME": str(folder), "TMPDIR": str(folder)}
    debugger = start_chromium(running, folder / "profile", environment)
    driver = start(running, ["chromedriver", "--port=0"], env=environment,
                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in driver.stdout:
        if found := re.search(r"started successfully on port (\d+)", line):
            browser = Browser(int(found[1]))
            return browser, browser.attach(debugger)["browserVersion"]
    raise Failure("chromedriver did not start", "see what `chromedriver --port=0` says")


def start_chromium(running, profile, environment):
    """The address for the driver. Started here: of a driver that is killed, the browser would stay."""
    command = ["chromium", *SWITCHES, f"--user-data-dir={profile}", "--remote-debugging-port=0"]
    process = start(running, command, env=environment,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    port_file = profile / "DevToolsActivePort"
    deadline = time.monotonic() + TIMEOUT
    while not (port_file.exists() and (lines := port_file.read_text().splitlines())):
        if process.poll() is not None or time.monotonic() > deadline:
            raise Failure("Chromium did not start", f"see what `{' '.join(command)}` says")
        time.sleep(0.02)
    return f"127.0.0.1:{lines[0]}"
