#!/usr/bin/env python3
"""Runs one file of unittest tests, one line a test, and writes "PASSED FAILED SKIPPED" to a file.

    python3 tests/support/python_tests.py tests/system/some_test.py build/some.count
"""
import importlib.util
import pathlib
import sys
import time
import unittest


class Result(unittest.TextTestResult):
    passed = 0

    def startTest(self, test):
        self.started = time.monotonic()
        super().startTest(test)

    def addSuccess(self, test):
        self.passed += 1
        unittest.TestResult.addSuccess(self, test)
        self.stream.writeln("ok (%.1f s)" % (time.monotonic() - self.started))


def main():
    path, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    result = unittest.TextTestRunner(verbosity=2, resultclass=Result, stream=sys.stdout).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    if result.passed == 0 and failed == 0:  # all skipped: a program is missing, say
        print("not one test ran")
        failed = 1
    out.write_text("%d %d %d\n" % (result.passed + len(result.expectedFailures), failed, len(result.skipped)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
