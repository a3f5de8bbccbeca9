"""The tour on a terminal."""

import os
import shutil
import textwrap

from http_exchange import as_bytes
from tokens import token

STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "cyan": "36"}
# What every answer has, shown only in steps that are about it.
DULL = {"content-length", "content-type", "date", "x-envoy-upstream-service-time",
        "x-content-type-options", "x-frame-options", "content-security-policy", "referrer-policy",
        "strict-transport-security", "x-gateway", "x-correlation-id", "ratelimit", "ratelimit-policy"}


def printable(value):
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}" for byte in as_bytes(value))


class Show:
    def __init__(self, out):
        self.out = out
        self.colour = out.isatty() and not os.environ.get("NO_COLOR")
        self.width = min(shutil.get_terminal_size((100, 24)).columns, 100)

    def style(self, style, text):
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if self.colour else text

    def text(self, line=""):
        print(line, file=self.out, flush=True)

    def wrapped(self, style, label, text):
        first = f"     {label} "
        lines = textwrap.wrap(text, self.width - len(first), break_on_hyphens=False)
        for number, line in enumerate(lines):
            lead = first if number == 0 else " " * len(first)
            self.text(self.style(style, lead + line))

    def step(self, number, step, answer, problems):
        self.text()
        self.text(self.style("bold", f"{number:3}  {step.title}"))
        self.text(f"     > {step.request.method} {printable(step.request.path)}")
        for name, value in step.request.headers.items():
            self.text(self.style("dim", f"     > {name}: {printable(value)}"))
        colour = "red" if problems else "green"
        self.text(self.style(colour, f"     < {answer.status} {answer.reason}"))
        for name, value in answer.headers:
            if name not in DULL or name in step.headers:
                self.text(f"     < {name}: {printable(value)}")
        if answer.body:
            self.text(self.style("dim", f"     < {self.excerpt(answer.body, step.body)}"))
        self.wrapped("cyan", "notice:", step.notice)
        for problem in problems:
            self.wrapped("red", "WRONG: ", problem)

    def excerpt(self, body, around):
        """One line of the body, with the part that matters in sight."""
        text = printable(body)
        room = self.width - 20
        at = max(text.find(printable(around)) - 10, 0) if len(text) > room else 0
        return ("..." if at else "") + text[at:at + room] + ("..." if at + room < len(text) else "")

    def metrics(self, lines, admin, problems):
        self.text()
        self.text(self.style("bold", "     What Prometheus reads"))
        self.text(f"     > GET http://{admin}/stats/prometheus")
        for line in lines:
            self.text(f"     < {line}")
        self.wrapped("cyan", "notice:", "outcome, code, rule, mode and limit are labels: stats_tags in envoy/gateway.yaml.")
        for problem in problems:
            self.wrapped("red", "WRONG: ", problem)

    def result(self, steps, failed, metrics_failed):
        self.text()
        if failed or metrics_failed:
            metrics = ", and the metrics" if metrics_failed else ""
            self.text(self.style("red", f"{failed} of {steps} answers were not as expected{metrics}."))
        else:
            self.text(self.style("green", f"All {steps} answers were as expected."))

    def invitation(self, envoy, upstream):
        gateway = f"http://{envoy['gateway']}"
        control = f"http://{upstream['control']}/__control/user-service"
        json_type = "-H 'content-type: application/json'"
        self.text()
        self.text(self.style("bold", f"The gateway stays up at {gateway} until Ctrl-C. Try:"))
        self.text(f"  curl -i {gateway}/user-service/users -H 'origin: https://app.example.com'")
        self.text(f"  curl '{gateway}/echo?lang=de' -H 'x-anything: you like'")
        self.text(f"  curl -i {gateway}/health")
        self.text(f"  curl -i {gateway}/payment-service/payments -H 'authorization: Bearer {token('admin', 'admin')}'")
        self.text(f"""  curl -X PUT {control} {json_type} -d '{{"mode": "failing", "status": 500}}'""")
