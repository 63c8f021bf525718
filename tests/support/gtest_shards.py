#!/usr/bin/env python3
"""Runs a GoogleTest program in shards and writes "PASSED FAILED SKIPPED" to a file.

    python3 tests/support/gtest_shards.py build/asan/bin/wasl_unit build/asan-unit.count --jobs 2 [--filter X.*]

A process a test would start a large program a thousand times. A shard that crashes is run again a test at a time, so
that one crash hides nothing. What failed is shown whole, what passed is counted.
"""
import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree

SHARDS_OF_JOB = 8  # short enough that the last one does not run alone for long
SHARD_SECONDS = 1200
TEST_SECONDS = 600


def run(arguments, folder, seconds, **environment):
    """@return output, and cases as [(name, outcome)], or no cases when the program did not come to its end."""
    with tempfile.TemporaryDirectory(dir=folder) as own:
        out = pathlib.Path(own, "out.xml")
        try:
            done = subprocess.run([*arguments, "--gtest_output=xml:%s" % out, "--gtest_brief=1"], timeout=seconds,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(os.environ, **environment))
            text, ended = done.stdout.decode(errors="replace"), done.returncode in (0, 1)
        except subprocess.TimeoutExpired as late:
            text, ended = (late.output or b"").decode(errors="replace") + "\nnot done after %d s" % seconds, False
        try:
            cases = list(tree.parse(out).getroot().iter("testcase"))
        except (OSError, tree.ParseError):
            return text, None
    outcomes = []
    for case in cases:
        if case.get("status") != "run":
            continue
        name = "%s.%s" % (case.get("classname"), case.get("name"))
        outcome = ("failed" if case.find("failure") is not None else
                   "skipped" if case.get("result") == "skipped" else "passed")
        outcomes.append((name, outcome))
    # Sanitizers speak after the last test: a leak, say.
    whole = ended and (done.returncode == 0) == all(outcome != "failed" for _, outcome in outcomes)
    return text, outcomes if whole else None


def names_of(program, filter_):
    """In the order in which GoogleTest numbers them for its shards."""
    listed = subprocess.run([program, "--gtest_list_tests", "--gtest_filter=" + filter_], stdout=subprocess.PIPE,
                            check=True).stdout.decode()
    names, suite = [], ""
    for line in listed.splitlines():
        word = line.split("#")[0].rstrip()
        if word and not word.startswith(" "):
            suite = word
        elif word:
            names.append(suite + word.strip())
    return names


def run_shard(program, filter_, index, shards, folder):
    """@return lines to show, outcomes."""
    text, outcomes = run([program, "--gtest_filter=" + filter_], folder, SHARD_SECONDS,
                         GTEST_SHARD_INDEX=str(index), GTEST_TOTAL_SHARDS=str(shards))
    if outcomes is not None:
        return ([text] if any(outcome == "failed" for _, outcome in outcomes) else []), outcomes
    shown, all_outcomes = [text], []
    for name in names_of(program, filter_)[index::shards]:
        text, outcomes = run([program, "--gtest_filter=" + name], folder, TEST_SECONDS)
        if outcomes is None:
            outcomes = [(name, "failed")]
        if any(outcome == "failed" for _, outcome in outcomes):
            shown.append(text)
        all_outcomes += outcomes
    if all(outcome != "failed" for _, outcome in all_outcomes):
        all_outcomes.append(("shard %d as a whole" % index, "failed"))
    return shown, all_outcomes


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("count")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--filter", default="*")
    given = parser.parse_args()
    shards = given.jobs * SHARDS_OF_JOB
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        futures = [pool.submit(run_shard, given.program, given.filter, index, shards, folder)
                   for index in range(shards)]
        for future in concurrent.futures.as_completed(futures):
            shown, outcomes = future.result()
            for text in shown:
                print(text)
            for name, outcome in outcomes:
                counts[outcome] += 1
                if outcome == "failed":
                    print("  failed: %s" % name)
    if counts["passed"] + counts["failed"] == 0:
        print("not one test ran")
        counts["failed"] = 1
    pathlib.Path(given.count).write_text("%(passed)d %(failed)d %(skipped)d\n" % counts)
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
