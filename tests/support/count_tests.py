#!/usr/bin/env python3
"""Prints "PASSED FAILED SKIPPED" of a JUnit file as ctest writes it, and the failed names on standard error.

A file that is missing or broken, or that holds no test, is one failure: silence never counts as success.
"""
import sys
import xml.etree.ElementTree as tree


def count(path):
    try:
        cases = list(tree.parse(path).getroot().iter("testcase"))
    except (OSError, tree.ParseError) as problem:
        print("no results: %s" % problem, file=sys.stderr)
        return 0, 1, 0
    if not cases:
        print("no tests in %s" % path, file=sys.stderr)
        return 0, 1, 0
    passed = failed = skipped = 0
    for case in cases:
        # A test that ctest could not start has status "notrun" and a <skipped> with the reason, as one that skipped
        # itself; only the latter says SKIP.
        reason = case.find("skipped")
        status = case.get("status")
        if status == "run" and case.find("failure") is None and reason is None:
            passed += 1
        elif status == "disabled" or (reason is not None and "SKIP" in reason.get("message", "")):
            skipped += 1
        else:
            failed += 1
            print("  failed: %s" % case.get("name"), file=sys.stderr)
    return passed, failed, skipped


if __name__ == "__main__":
    print(*count(sys.argv[1]))
