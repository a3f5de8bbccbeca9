"""A headless Chromium, driven over the WebDriver protocol (W3C), as far as this test needs it."""

import http.client
import json
import os
import re
import shutil
import subprocess

from processes import Failure, start

TIMEOUT = 60  # seconds for one command; starting the browser takes the longest
SWITCHES = [
    "--headless",
    # The sandbox needs namespaces that root and containers lack; the only pages are the test's own.
    "--no-sandbox",
    "--disable-dev-shm-usage",
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

    def open(self, running):
        """Starts the browser, which the caller's stack ends. What the browser says of itself."""
        options = {"args": SWITCHES, "binary": shutil.which("chromium")}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options,
                  "goog:loggingPrefs": {"browser": "ALL"}}
        new = self.command("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = f"/session/{new['sessionId']}"
        running.callback(self.command, "DELETE", self.session)
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
    """The browser and its version. Profile and crash reports go to `folder`."""
    log = folder / "chromedriver.log"
    environment = os.environ | {"HOME": str(folder), "TMPDIR": str(folder)}
    driver = start(running, ["chromedriver", "--port=0", f"--log-path={log}"],
                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    for line in driver.stdout:
        if found := re.search(r"started successfully on port (\d+)", line):
            browser = Browser(int(found[1]))
            return browser, browser.open(running)["browserVersion"]
    raise Failure("chromedriver did not start", "see what `chromedriver --port=0` says")
