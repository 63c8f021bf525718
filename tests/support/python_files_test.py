"""python_files.py with files that pass, fail, skip and break."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).with_name("python_files.py")
FILE = """
import unittest


class Test(unittest.TestCase):
    def test_one(self):
        %s

    def test_two(self):
        pass
"""


class PythonFilesTest(unittest.TestCase):
    def run_files(self, **bodies):
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for name, body in bodies.items():
                paths.append(pathlib.Path(folder, name + "_test.py"))
                paths[-1].write_text(FILE % body if body is not None else "import nothing_of_this_name")
            out = pathlib.Path(folder, "out")
            done = subprocess.run([sys.executable, SCRIPT, out, "--jobs", "2", *paths], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=60)
            lines = [line.split() for line in out.read_text().splitlines()]
            counts = {pathlib.Path(line[3]).stem[:-5]: tuple(map(int, line[:3])) for line in lines}
            return done.returncode, counts, done.stdout.decode()

    def test_all_pass(self):
        code, counts, _ = self.run_files(a="pass", b="pass", c="pass")
        self.assertEqual((code, counts), (0, {"a": (2, 0, 0), "b": (2, 0, 0), "c": (2, 0, 0)}))

    def test_what_fails_is_counted_and_shown(self):
        code, counts, shown = self.run_files(good="pass", bad="self.fail('in words')", shy="self.skipTest('why')")
        self.assertEqual((code, counts), (1, {"good": (2, 0, 0), "bad": (1, 1, 0), "shy": (1, 0, 1)}))
        self.assertIn("in words", shown)

    def test_a_file_that_cannot_be_loaded_counts_as_a_failure(self):
        code, counts, shown = self.run_files(good="pass", broken=None)
        self.assertEqual((code, counts), (1, {"good": (2, 0, 0), "broken": (0, 1, 0)}))
        self.assertIn("nothing_of_this_name", shown)


if __name__ == "__main__":
    unittest.main()
