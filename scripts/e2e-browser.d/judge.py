"""What was seen, compared with what a case wants."""

from collections import Counter

from cases import Rejected


def judge(case, origin, answers, reasons, counts):
    """The differences, as sentences; none when all is as wanted."""
    problems = []
    for answer in answers:
        if answer["origin"] != origin:
            problems.append(f"origin: expected {origin}, found {answer['origin']}")
        problems += rejected(answer) if case.want is Rejected else readable(case.want, answer)
    wanted = case.times if case.want is Rejected else 0
    if len(reasons) != wanted:
        problems.append(f"CORS errors on the console: expected {wanted}, found {len(reasons)}")
        problems += reasons
    return problems + counted(case, counts)


def rejected(answer):
    if answer.get("rejected") == "TypeError":
        return []
    return [f"fetch: expected a TypeError, found {saw(answer)}"]


def readable(want, answer):
    if "rejected" in answer:
        return [f"fetch: expected {want.status}, found {saw(answer)}"]
    problems = []
    if answer["status"] != want.status:
        problems.append(f"status: expected {want.status}, found {answer['status']}")
    problems += [f"body: expected it to hold {text}, found {answer['body']}"
                 for text in want.body if text not in answer["body"]]
    problems += [f"body: expected it not to hold {text}, found {answer['body']}"
                 for text in want.not_body if text in answer["body"]]
    problems += [f"header {name}: expected it to be readable, it is not"
                 for name in want.headers if name not in answer["headers"]]
    problems += [f"header {name}: expected it to be hidden, found {answer['headers'][name]}"
                 for name in want.hidden if name in answer["headers"]]
    return problems


def wanted_counts(case):
    return +Counter(service=case.reached, **Counter(case.preflights))


def counted(case, counts):
    want = wanted_counts(case)
    return [f"{what}: expected {want[what]}, found {counts[what]}"
            for what in sorted(want | counts) if want[what] != counts[what]]


def saw(answer):
    """What the page saw, in a few words."""
    return answer.get("rejected") or f"{answer['status']}, {len(answer['body'])} bytes"
