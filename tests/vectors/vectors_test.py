"""The vectors agree with a second reading of the protocol, and that reading notices a change."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent


class Vectors(unittest.TestCase):
    def test_agree_with_the_second_reading(self):
        run = subprocess.run([sys.executable, HERE / "check.py"], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_a_changed_hash_is_noticed(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / "vectors"
            shutil.copytree(HERE, copy)
            file = copy / "hashes.json"
            text = file.read_text(encoding="utf-8")
            at = text.index('"hash": "') + len('"hash": "')
            file.write_text(text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1:], encoding="utf-8")
            run = subprocess.run([sys.executable, copy / "check.py"], capture_output=True, text=True)
            self.assertEqual(run.returncode, 1)


if __name__ == "__main__":
    unittest.main()
