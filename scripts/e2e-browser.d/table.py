"""The cases as a table on a terminal."""

from cases import CASES, SANDBOXED
from judge import saw


def asked(case):
    notes = [name for name in case.init.get("headers", {}) if name != "content-type"]
    notes += ["credentials"] if case.init.get("credentials") == "include" else []
    notes += [f"{case.times} times"] if case.times > 1 else []
    return f"{case.method} {case.target}" + (f" ({', '.join(notes)})" if notes else "")


def page_saw(answers, reasons):
    seen = " and ".join(dict.fromkeys(saw(answer) for answer in answers))
    return seen + (" (CORS)" if reasons else "")


def behind(counts):
    parts = [f"{number(counts[code], 'preflight')} {code}"
             for code in ("allowed", "refused") if counts[code]]
    return ", ".join(parts + [number(counts["service"], "request")])


def number(count, noun):
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def line(cells):
    return "  ".join(f"{cell:{width}}" for cell, width in zip(cells, WIDTHS)).rstrip()


HEADINGS = ("", "page", "asked", "the page saw", "gateway and services saw", "case")
WIDTHS = (4, max(len(case.page) for case in CASES), max(len(asked(case)) for case in CASES),
          len("TypeError (CORS)"), len("2 preflights allowed, 2 requests"), 0)


class Table:
    def __init__(self, show):
        self.show = show
        show.text(show.style("bold", line(HEADINGS)))

    def row(self, case, answers, reasons, counts, problems):
        page = "null (sandboxed)" if case.path == SANDBOXED else case.page
        verdict, colour = ("FAIL", "red") if problems else ("ok", "green")
        cells = (verdict, page, asked(case), page_saw(answers, reasons), behind(counts), case.name)
        self.show.text(line(cells).replace(verdict, self.show.style(colour, verdict), 1))
        for problem in problems:
            self.show.text(self.show.style("red", f"    {problem}"))
