"""The results as bars: SVG by hand, readable on a light page and on a dark one."""

from xml.sax.saxutils import escape

WIDTH, BARS, RIGHT = 860, 330, 60
TOP, TITLE, BAR, ROW_GAP, GROUP_GAP, LEGEND = 14, 30, 18, 8, 20, 56

STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 14px }
  .quiet { fill: #59636e }
  .axis { stroke: #59636e; stroke-width: 1 }
  .wasm { fill: #0969da }
  .native { fill: #9a6700 }
  .lua { fill: #8250df }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .quiet { fill: #9198a1 }
    .axis { stroke: #9198a1 }
    .wasm { fill: #4493f8 }
    .native { fill: #d29922 }
    .lua { fill: #ab7df8 }
  }
"""
KINDS = [("wasm", "Sluicegate"), ("native", "Envoy's own filters"), ("lua", "Envoy's lua filter")]
TITLE_TEXT = "Microseconds of worker time that filters add to a request in Envoy"


def drawn(document, groups):
    """The picture of the variants that were measured. `groups`: as in variants.json."""
    results = {row["name"]: row for row in document["results"]}
    parts, y = [], TOP
    for group in groups:
        if rows := measured(group["rows"], results):
            y, group_parts = drawn_group(group["title"], rows, y)
            parts += group_parts
    parts += legend(document, y + 8)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + LEGEND}" role="img" aria-labelledby="title">',
        f'<title id="title">{TITLE_TEXT}</title>', f"<style>{STYLE}</style>", *parts, "</svg>", ""])


def measured(rows, results):
    """Label and bars of each row that has any: what is written beside a bar, and its result."""
    found = [(row["label"], [(words, results[name]) for words, name in row["bars"] if name in results]) for row in rows]
    return [(label, bars) for label, bars in found if bars]


def drawn_group(title, rows, y):
    """Where the next one begins, and the parts. Each group has its own scale."""
    most = max(bar["hot"]["added_us"]["median"] for _, bars in rows for _, bar in bars)
    parts = [text(8, y + 14, title, "title")]
    top = y = y + TITLE
    for label, bars in rows:
        parts.append(text(8, y + 13, label))
        for words, bar in bars:
            parts += drawn_bar(words, bar, y, (WIDTH - RIGHT - BARS) / max(most, 1))
            y += BAR
        y += ROW_GAP
    parts.append(f'<line class="axis" x1="{BARS}" x2="{BARS}" y1="{top}" y2="{y - ROW_GAP}"/>')
    return y + GROUP_GAP, parts


def drawn_bar(words, bar, y, scale):
    hot, cold = bar["hot"]["added_us"], bar["cold"]["added_us"]
    told = (f"{bar['name']}: {hot['median']:.1f} us hot (10..90 %: {hot['low']:.1f}..{hot['high']:.1f}), "
            f"{cold['median']:.1f} us cold")
    width = max(hot["median"], 0) * scale
    yield text(BARS - 8, y + 13, words, "quiet", "end")
    yield (f'<rect class="{bar["kind"]}" x="{BARS}" y="{y + 2}" width="{width:.1f}" height="{BAR - 4}">'
           f"<title>{escape(told)}</title></rect>")
    yield text(BARS + width + 6, y + 13, f"{hot['median']:.1f}" if hot["median"] >= 1 else "below 1")


def legend(document, y):
    x = 8
    for kind, words in KINDS:
        yield f'<rect class="{kind}" x="{x}" y="{y:.0f}" width="12" height="12"/>'
        yield text(x + 18, y + 10, words)
        x += 40 + 7 * len(words)
    yield text(WIDTH - 8, y + 10, "us per request, hot; each part has its own scale", "quiet", "end")
    baseline = document["baseline_us"]["hot"]["median"]
    yield text(8, y + 34, f"The plain request without filters: {baseline:.1f} us. Envoy {document['envoy']}, "
               f"{document['rounds']} rounds, {document['machine']['processor']}, {document['date'][:10]}.", "quiet")


def text(x, y, words, kind=None, anchor=None):
    attributes = "".join(f' {name}="{value}"' for name, value in [("class", kind), ("text-anchor", anchor)] if value)
    return f'<text x="{x:g}" y="{y:g}"{attributes}>{escape(words)}</text>'
