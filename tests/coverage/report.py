#!/usr/bin/env python3
"""Prints what part of each room's branches the tests took, from gcov's counters. Exits 1 when a room is under its floor.

    python3 tests/coverage/report.py build/coverage [--missing]

A call that may throw is two branches to gcov: it returns, or it throws. Neither is counted: the first is always taken,
the second is the compiler's and not ours. Nor are a defaulted comparison's branches, nor those at a closing bracket,
which destroy what stands in the block. What is left are conditions, loops and the cases of a switch. gcov's own JSON says
which are which in code that never ran, too; its text, which gcovr reads, does not. Headers are left out: only the rooms are
built with counters, not the tests, and of an inline function's copies the linker keeps any.
"""
import collections
import fnmatch
import json
import os
import pathlib
import re
import subprocess
import sys

# room -> (its files, least percentage of branches). The goal is 90. What replica and hub lack are mostly the errors of
# single SQL statements, which only tests/crash reaches, and answers to damaged files.
ROOMS = {
    "merge": (("shared/model/record_state.*", "shared/model/change_set.*", "shared/model/ids.*"), 90),
    "model": (("shared/model/*",), 88),
    "wire": (("shared/wire/*",), 90),
    "authority": (("shared/authority/*",), 90),
    "ledger": (("shared/ledger/*",), 90),
    "replica": (("client/replica/*",), 75),
    "hub": (("server/hub/*",), 79),
}


_NOT_OURS = re.compile(r"= default;|^[\s})\];,]*(//.*)?$")


def is_in_a_room(path):
    return any(fnmatch.fnmatch(path, one) for patterns, _ in ROOMS.values() for one in patterns)


def without_calls(branches):
    """Counts of the branches that are no call's: what throws goes with the return just before or behind it."""
    dropped = set()
    for i, branch in enumerate(branches):
        if not branch["throw"]:
            continue
        dropped.add(i)
        for beside in (i - 1, i + 1):
            if 0 <= beside < len(branches) and beside not in dropped and branches[beside]["fallthrough"]:
                dropped.add(beside)
                break
    return [branch["count"] for i, branch in enumerate(branches) if i not in dropped]


def our_lines(path):
    with open(path, encoding="utf-8") as source:
        return {number for number, text in enumerate(source, 1) if not _NOT_OURS.search(text.rstrip("\n"))}


def read_counters(build):
    """-> {path: {line: {function's place: [count of each branch]}}}"""
    root = os.getcwd() + "/"
    found = collections.defaultdict(lambda: collections.defaultdict(dict))
    for counters in sorted(build.rglob("*.gcda")):
        told = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", str(counters)],
                              check=True, capture_output=True).stdout
        for file in json.loads(told)["files"]:
            path = file["file"].removeprefix(root)
            if not path.endswith(".cpp") or not is_in_a_room(path):
                continue
            # Copies of a template or of an inline function are one: they begin at one place.
            places = {one["name"]: (one["start_line"], one["start_column"]) for one in file["functions"]}
            for line in file["lines"]:
                counts = without_calls(line["branches"])
                key = (places.get(line.get("function_name")), len(counts))
                if counts:
                    before = found[path][line["line_number"]].get(key, [0] * len(counts))
                    found[path][line["line_number"]][key] = [a + b for a, b in zip(before, counts)]
    return found


def tally(path, lines):
    """-> taken, all, {line: "taken/all" where some are missing}"""
    taken, total, missing = 0, 0, {}
    ours = our_lines(path)
    for number, functions in sorted(one for one in lines.items() if one[0] in ours):
        counts = [count for one in functions.values() for count in one]
        hit = sum(1 for count in counts if count > 0)
        taken += hit
        total += len(counts)
        if hit < len(counts):
            missing[number] = "%d/%d" % (hit, len(counts))
    return taken, total, missing


def percent(taken, total):
    return 100.0 * taken / total if total else 0.0


def main():
    files = {path: tally(path, lines) for path, lines in read_counters(pathlib.Path(sys.argv[1])).items()}
    under = []
    print("%-10s %8s %9s %8s %6s" % ("room", "taken", "branches", "", "floor"))
    for room, (patterns, floor) in ROOMS.items():
        inside = [counts for path, counts in files.items() if any(fnmatch.fnmatch(path, one) for one in patterns)]
        taken, total = sum(one[0] for one in inside), sum(one[1] for one in inside)
        if percent(taken, total) < floor:
            under.append(room)
        print("%-10s %8d %9d %7.1f%% %5d%%%s" % (room, taken, total, percent(taken, total), floor,
                                                "  UNDER" if room in under else ""))
    if "--missing" in sys.argv:
        for path, (taken, total, missing) in sorted(files.items()):
            if missing:
                print("%s: %.1f%%: %s" % (path, percent(taken, total),
                                          " ".join("%d:%s" % one for one in missing.items())))
    print("under their floor: " + ", ".join(under) if under else "every room is above its floor")
    return 1 if under else 0


if __name__ == "__main__":
    sys.exit(main())
