"""The results: a table for people, and a file for machines."""

import json
import os
import platform
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

# Microseconds. What is below is not told from nothing.
CLAIMED = 1.0
# What the plain request costs, hot, where targets in microseconds hold as they stand.
REFERENCE = 22.7
HOLDS = {True: "yes", False: "NO", None: "-"}


def ratio(mine, other):
    """How many times as much as the other adds to the same request; None where one of them is not told from nothing."""
    if min(mine.added.median, other.added.median) < CLAIMED or min(mine.growth, other.growth) <= 0:
        return None
    return mine.growth / other.growth


def results(variants, measured_by_mode):
    """The rows, in the order of the variants."""
    rows = []
    for variant in variants:
        row = {"name": variant.name, "group": variant.group, "kind": variant.kind, "note": variant.note}
        for mode, measured in measured_by_mode.items():
            mine = measured[variant.name]
            row[mode] = {"added_us": asdict(mine.added), "bare_us": mine.bare, "times": {
                other: ratio(mine, measured[other]) for other in variant.against if other in measured}}
        rows.append(row)
    return rows


def judged(targets, rows, baseline):
    """The targets of the rows, and whether they hold; None where that is not known.

    A target is `times` as much as another variant, at most, hot and cold; or `us`, hot, in proportion to the
    machine's pace. `baseline`: the cost of the plain request, hot.
    """
    by_name = {row["name"]: row for row in rows}
    return [judgement(target, by_name[target["variant"]], baseline)
            for target in targets if target["variant"] in by_name]


def judgement(target, row, baseline):
    if "us" in target:
        found = {"hot": row["hot"]["added_us"]["median"] * REFERENCE / baseline.median}
    else:
        found = {mode: row[mode]["times"].get(target["of"]) for mode in ("hot", "cold")}
    holds = None if None in found.values() else max(found.values()) <= target.get("us", target.get("times"))
    return target | found | {"holds": holds}


def machine():
    info = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in info if line.startswith("model name")]
    return {"processor": models[0] if models else platform.machine(), "processors": os.cpu_count(),
            "kernel": platform.release()}


def document(rows, costs, **facts):
    """`costs`: of the request that most variants are sent, without filters, by mode."""
    return {"date": datetime.now(timezone.utc).isoformat(timespec="seconds"), "machine": machine()} | facts | {
        "baseline_us": {mode: asdict(cost) for mode, cost in costs.items()}, "results": rows}


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=1) + "\n")
    partial.replace(path)


def microseconds(cost, always):
    if not always and cost["median"] < CLAIMED:
        return "< 1"
    return f"{cost['median']:+.1f}"


def spread(cost):
    return f"{cost['low']:+.1f}..{cost['high']:+.1f}"


def times(value):
    return "-" if value is None else f"{value:.2f}x"


def lines(document, noise):
    """The table. `noise`: the group of the rows that are not claims, the baseline against itself."""
    heads = ["variant", "hot us", "10..90 %", "cold us", "10..90 %", "hot ratio", "cold ratio", "to"]
    table = [heads]
    for row in document["results"]:
        hot, cold = row["hot"], row["cold"]
        cells = [row["name"]]
        for mode in (hot, cold):
            cells += [microseconds(mode["added_us"], row["group"] == noise), spread(mode["added_us"])]
        others = list(hot["times"]) or [""]
        for index, other in enumerate(others):
            compared = [times(hot["times"][other]), times(cold["times"][other]), other] if other else ["", "", ""]
            table.append((cells if index == 0 else [""] * len(cells)) + compared)
    return aligned(table, {0, len(heads) - 1})


def target_lines(document):
    table = [["target", "at most", "hot", "cold", "holds", "of"]]
    for each in document["targets"]:
        cells = [f"{each['us']:.1f} us", f"{each['hot']:.1f} us", ""] if "us" in each else [
            f"{each['times']:.2f}x", times(each["hot"]), times(each["cold"])]
        table.append([each["variant"], *cells, HOLDS[each["holds"]], each.get("of", "")])
    return aligned(table, {0, len(table[0]) - 1})


def aligned(table, left):
    """The table's rows as lines. `left`: the columns whose cells begin where the column does."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return ["  ".join(cell.ljust(width) if column in left else cell.rjust(width)
                      for column, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip()
            for row in table]
