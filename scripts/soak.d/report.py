"""What was sent and what came of it, for people and as JSON."""

from collections import defaultdict


def summary(load, watch, seconds, busy):
    statuses = defaultdict(dict)
    for (kind, status), count in sorted(load.answers.items()):
        statuses[kind][status] = count
    kinds = [{"kind": kind, "answers": sum(by_status.values()), "statuses": by_status, "left": load.left[kind],
              **latency(sorted(load.latency[kind]))} for kind, by_status in statuses.items()]
    for kind, left in load.left.items():
        if kind not in statuses:
            kinds.append({"kind": kind, "answers": 0, "statuses": {}, "left": left, **latency([])})
    total = sum(load.answers.values())
    everything = sorted(value for values in load.latency.values() for value in values)
    return {"seconds": seconds, "connections": load.connections, "answers": total,
            "per_second": round(total / seconds, 1), **latency(everything), "left": sum(load.left.values()),
            "workers_busy": busy, "kinds": kinds, "memory": [vars(each) for each in watch.memory]}


def latency(values):
    if not values:
        return {"p50_ms": None, "p99_ms": None}
    return {f"p{part}_ms": round(values[min(len(values) * part // 100, len(values) - 1)] * 1000, 1) for part in (50, 99)}


def show(document, findings, load):
    row = "{:<18} {:>9} {:>8} {:>9} {:>9}  {}"
    print(row.format("kind", "answers", "left", "p50 ms", "p99 ms", "by status"))
    for each in document["kinds"]:
        statuses = ", ".join(f"{status}: {count}" for status, count in each["statuses"].items())
        print(row.format(each["kind"], each["answers"], each["left"], str(each["p50_ms"]), str(each["p99_ms"]), statuses))
    print(row.format("all", document["answers"], document["left"], str(document["p50_ms"]), str(document["p99_ms"]),
                     f"{document['per_second']} a second"))
    busy = " and ".join(f"{100 * each:.0f} %" for each in document["workers_busy"])
    print(f"\n{document['connections']} clients, {document['seconds']:.0f} s; the workers ran, or waited for a "
          f"processor, {busy} of the time.\n")
    for finding in findings:
        print(f"{'ok  ' if finding.good else 'FAIL'}  {finding.text}")
    for (kind, what), count in load.unexplained.most_common(10):
        print(f"\n{count} x {kind}: {what}")
        for example in load.examples[kind, what]:
            print("   ", example.decode(errors="replace").replace("\r\n", "\n    "))
