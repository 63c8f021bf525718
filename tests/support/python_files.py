#!/usr/bin/env python3
"""Runs files of unittest tests, a few at once, for they mostly wait, and shows what each printed when it ends.

    python3 tests/support/python_files.py build/system.tests --jobs 3 tests/system/*_test.py

Writes a line a file, "PASSED FAILED SKIPPED NAME". Files begin in the order given: the long ones first end soonest.
"""
import argparse
import concurrent.futures
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

FILE_SECONDS = 1200
RUNNER = pathlib.Path(__file__).with_name("python_tests.py")
running = set()  # each leads a group of its own


def end_all(*_):
    for one in list(running):
        os.killpg(one.pid, signal.SIGKILL)
    os._exit(130)


def run(path, folder):
    """@return what it printed, counts, seconds."""
    counts, started = pathlib.Path(folder, pathlib.Path(path).stem + ".count"), time.monotonic()
    with tempfile.TemporaryFile(dir=folder) as printed:
        one = subprocess.Popen([sys.executable, RUNNER, path, counts], stdout=printed, stderr=subprocess.STDOUT,
                               start_new_session=True)
        running.add(one)
        try:
            one.wait(timeout=FILE_SECONDS)
            late = ""
        except subprocess.TimeoutExpired:
            os.killpg(one.pid, signal.SIGKILL)
            one.wait()
            late = "\nnot done after %d s\n" % FILE_SECONDS
        running.discard(one)
        printed.seek(0)
        text = printed.read().decode(errors="replace") + late
    told = counts.read_text().split() if counts.exists() and not late else ["0", "1", "0"]
    return text, told, time.monotonic() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    lines, failed = [], False
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, end_all)
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
        futures = {pool.submit(run, path, folder): path for path in given.files}
        for future in concurrent.futures.as_completed(futures):
            path, (text, counts, seconds) = futures[future], future.result()
            print("── %s (%.0f s)\n%s" % (path, seconds, text), flush=True)
            lines.append("%s %s\n" % (" ".join(counts), path))
            failed = failed or counts[1] != "0"
    pathlib.Path(given.out).write_text("".join(lines))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
