"""The rows as a picture: SVG by hand, readable on a light page and on a dark one."""

from timeline import ROW

WIDTH, LEFT, RIGHT = 960, 84, 12
HEALTH_TOP, STATE_TOP, BAND = 30, 60, 22
PLOT_TOP, PLOT_HEIGHT = 114, 150
PLOT_BOTTOM = PLOT_TOP + PLOT_HEIGHT
LEGEND_TOP = PLOT_BOTTOM + 46
HEIGHT = LEGEND_TOP + 24
# Narrower than its words, a span goes without.
LETTER = 7.2

STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .quiet { fill: #59636e }
  .line { stroke: #d1d9e0; stroke-width: 1 }
  .axis { stroke: #59636e; stroke-width: 1 }
  .in { fill: #fff; text-anchor: middle }
  .ok, .closed { fill: #1a7f37 }
  .failing, .open { fill: #cf222e }
  .slow, .half_open { fill: #9a6700 }
  .reset { fill: #8250df }
  .admitted { fill: #0969da }
  .rejected { fill: #afb8c1 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .quiet { fill: #9198a1 }
    .line { stroke: #3d444d }
    .axis { stroke: #9198a1 }
    .in { fill: #fff }
    .ok, .closed { fill: #238636 }
    .failing, .open { fill: #da3633 }
    .admitted { fill: #4493f8 }
    .rejected { fill: #656c76 }
  }
"""
LEGEND = [("admitted", "requests that reached the upstream"), ("rejected", "rejected by the breaker"),
          ("closed", "closed"), ("open", "open"), ("half_open", "half-open")]


def drawn(document):
    """The picture of what `Timeline.document` says."""
    scale = Scale(document)
    parts = [
        *band("upstream", HEALTH_TOP, document["upstream"], scale),
        *band("breaker", STATE_TOP, document["breaker"], scale),
        *grid(scale), *bars(document["rows"], scale), *time_axis(scale), *legend(),
    ]
    title = "A circuit breaker while its upstream fails, is slow, hangs up, and recovers each time"
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="title">',
        f'<title id="title">{title}</title>', f"<style>{STYLE}</style>", *parts, "</svg>", ""])


class Scale:
    def __init__(self, document):
        rows = document["rows"]
        self.seconds = len(rows) * ROW
        busiest = max(row["admitted"] + row["rejected"] for row in rows) / ROW
        self.most = 20 * (int(busiest / 20) + 1)

    def x(self, seconds):
        return round(LEFT + min(seconds, self.seconds) / self.seconds * (WIDTH - LEFT - RIGHT), 1)

    def height(self, requests):
        """Of a row's requests, as so many a second."""
        return requests / ROW / self.most * PLOT_HEIGHT


def rect(kind, x, y, width, height, told=None):
    attributes = f'class="{kind}" x="{x:g}" y="{y:.5g}" width="{width:.4g}" height="{height:.4g}"'
    return f"<rect {attributes}><title>{told}</title></rect>" if told else f"<rect {attributes}/>"


def text(x, y, words, kind=None, anchor=None):
    attributes = "".join(f' {name}="{value}"' for name, value in [("class", kind), ("text-anchor", anchor)] if value)
    return f'<text x="{x:g}" y="{y:g}"{attributes}>{words}</text>'


def band(label, top, spans, scale):
    yield text(LEFT - 10, top + 15, label, anchor="end")
    for span in spans:
        if span["what"] == "none":
            continue
        start, end = scale.x(span["from"]), scale.x(span["to"])
        words = span["what"].replace("_", "-")
        told = f"{words}, {span['from']:.1f} s to {span['to']:.1f} s"
        yield rect(span["what"], start, top, max(end - start, 1.5), BAND, told)
        if end - start > len(words) * LETTER:
            yield text((start + end) / 2, top + 15, words, "in")


def grid(scale):
    for value in range(0, scale.most + 1, 20):
        y = PLOT_BOTTOM - value / scale.most * PLOT_HEIGHT
        yield f'<line class="line" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:g}" y2="{y:g}"/>'
        yield text(LEFT - 10, y + 4, value, "quiet", "end")
    yield text(LEFT - 34, PLOT_TOP - 12, "requests per second", "quiet")


def bars(rows, scale):
    for row in rows:
        left, right = scale.x(row["at"]) + 1, scale.x(row["at"] + ROW) - 1
        top = PLOT_BOTTOM
        for kind in ("admitted", "rejected"):
            if row[kind]:
                height = scale.height(row[kind])
                top -= height
                yield rect(kind, left, top, right - left, height, f"{row['at']:.1f} s: {row[kind]} {kind}")


def time_axis(scale):
    yield f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{PLOT_BOTTOM}" y2="{PLOT_BOTTOM}"/>'
    for seconds in range(0, int(scale.seconds) + 1, 5):
        x = scale.x(seconds)
        yield f'<line class="axis" x1="{x:g}" x2="{x:g}" y1="{PLOT_BOTTOM}" y2="{PLOT_BOTTOM + 5}"/>'
        yield text(x, PLOT_BOTTOM + 19, f"{seconds} s", "quiet", "middle")


def legend():
    x = LEFT
    for kind, words in LEGEND:
        yield rect(kind, x, LEGEND_TOP, 12, 12)
        yield text(x + 18, LEGEND_TOP + 10, words)
        x += 18 + len(words) * LETTER + 20
