"""gtest_shards.py against a program that speaks as GoogleTest does, and crashes or leaks where it is told to."""
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).with_name("gtest_shards.py")
PROGRAM = '''#!/usr/bin/env python3
import os, sys
OUTCOMES = %r
filters = [one.split("=", 1)[1] for one in sys.argv if one.startswith("--gtest_filter=")]
names = [name for name in OUTCOMES if filters[-1] in ("*", name)]
if "--gtest_list_tests" in sys.argv:
    print("Suite.")
    for name in names:
        print("  " + name.split(".")[1] + "  # GetParam() = 1")
    sys.exit(0)
names = names[int(os.environ.get("GTEST_SHARD_INDEX", 0))::int(os.environ.get("GTEST_TOTAL_SHARDS", 1))]
if any(OUTCOMES[name] == "crashes" for name in names):
    print("stack of the crash")
    os.abort()
out = [one.split("xml:", 1)[1] for one in sys.argv if one.startswith("--gtest_output=")][0]
cases = ""
for name in names:
    suite, test = name.split(".")
    inside = {"fails": "<failure/>", "skips": "<skipped/>"}.get(OUTCOMES[name], "")
    result = "skipped" if OUTCOMES[name] == "skips" else "completed"
    cases += '<testcase name="%%s" classname="%%s" status="run" result="%%s">%%s</testcase>' %% (test, suite, result, inside)
open(out, "w").write("<testsuites><testsuite>" + cases + "</testsuite></testsuites>")
bad = [name for name in names if OUTCOMES[name] == "fails"]
print("".join("words of " + name for name in bad))
if any(OUTCOMES[name] == "leaks" for name in names):
    print("a leak")
    sys.exit(23)
sys.exit(1 if bad else 0)
'''


class Shards(unittest.TestCase):
    def shards_of(self, outcomes):
        with tempfile.TemporaryDirectory() as folder:
            program, count = pathlib.Path(folder, "program"), pathlib.Path(folder, "count")
            program.write_text(PROGRAM % outcomes)
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
            done = subprocess.run([sys.executable, SCRIPT, program, count, "--jobs", "1"], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=120)
            return done.returncode, count.read_text().split(), done.stdout.decode()

    def test_counts_what_passed_failed_and_was_skipped(self):
        outcomes = {"Suite.t%d" % i: "passes" for i in range(20)}
        outcomes.update({"Suite.t3": "fails", "Suite.t7": "skips"})
        code, count, said = self.shards_of(outcomes)
        self.assertEqual((code, count), (1, ["18", "1", "1"]))
        self.assertIn("words of Suite.t3", said)
        self.assertIn("failed: Suite.t3", said)

    def test_one_crash_hides_nothing(self):
        outcomes = {"Suite.t%d" % i: "passes" for i in range(20)}
        outcomes["Suite.t9"] = "crashes"
        code, count, said = self.shards_of(outcomes)
        self.assertEqual((code, count), (1, ["19", "1", "0"]))
        self.assertIn("stack of the crash", said)
        self.assertIn("failed: Suite.t9", said)

    def test_what_a_sanitizer_says_at_the_end_counts(self):
        outcomes = {"Suite.t%d" % i: "passes" for i in range(8)}
        outcomes["Suite.t2"] = "leaks"
        code, count, said = self.shards_of(outcomes)
        self.assertEqual((code, count), (1, ["7", "1", "0"]))
        self.assertIn("a leak", said)

    def test_no_test_is_a_failure(self):
        code, count, said = self.shards_of({})
        self.assertEqual((code, count), (1, ["0", "1", "0"]))
        self.assertIn("not one test ran", said)


if __name__ == "__main__":
    unittest.main()
