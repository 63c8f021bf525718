"""A real S3 server for the tests beside this file: tests/support/s3_server.py, on a port of its own, with what it stores in a
temporary folder."""
import http.client
import json
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest
import urllib.parse

SERVER = pathlib.Path(__file__).parents[1] / "support" / "s3_server.py"
PYTHON = "/usr/bin/python3"  # Debian's, which has Swift
KEY = ("wasl:tester", "testing")
BUCKET, REGION = "wasl", "eu-west-1"
HAS_SWIFT = subprocess.run([PYTHON, "-c", "import swift"], capture_output=True).returncode == 0


class S3Store:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="wasl-s3-"))
        self.port, self.process = 0, None
        self.start()
        self._native("PUT", "")  # the bucket

    def start(self):
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen([PYTHON, str(SERVER), str(self.folder / "data"), str(self.port)],
                                        stdout=subprocess.PIPE, stderr=log)
        log.close()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("the S3 server did not start:\n" + (self.folder / "log").read_text())
        self.port = json.loads(line)["ready"]

    def stop(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        self.process.wait(20)
        self.process.stdout.close()

    def close(self):
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.folder)

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def settings(self, key_file, prefix, **more):
        lines = {"endpoint": self.endpoint, "region": REGION, "bucket": BUCKET, "prefix": prefix, "key_file": str(key_file),
                 **more}
        return "[s3]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in lines.items())

    # ── Behind the S3 interface's back, by Swift's own
    def _native(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", "/auth/v1.0", headers={"X-Auth-User": KEY[0], "X-Auth-Key": KEY[1]})
            answer = connection.getresponse()
            answer.read()
            connection.request(method, f"/v1/AUTH_wasl/{BUCKET}{path}", body,
                               {"X-Auth-Token": answer.headers["X-Auth-Token"]})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= 300:
                raise AssertionError(f"{method} {path}: {answer.status} {text}")
            return text
        finally:
            connection.close()

    def objects(self, prefix):
        """Name -> size."""
        listed = json.loads(self._native("GET", "?format=json&prefix=" + urllib.parse.quote(prefix)))
        return {one["name"]: one["bytes"] for one in listed}

    def get(self, name):
        return self._native("GET", "/" + name)

    def put(self, name, content):
        self._native("PUT", "/" + name, content)

    def remove(self, name):
        self._native("DELETE", "/" + name)


@unittest.skipUnless(HAS_SWIFT, "python3-swift is not installed")
class S3Test(unittest.TestCase):
    """The store lives as long as the class; each test has a prefix of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.store = S3Store()
        cls.addClassCleanup(cls.store.close)

    def setUp(self):
        super().setUp()
        self.prefix = self._testMethodName.replace("test_", "").replace("_", "-") + "/"

    def key_file(self, folder, secret=KEY[1]):
        path = folder / "s3.key"
        path.write_text(f"# made by a test\n{KEY[0]}\n{secret}\n")
        path.chmod(0o600)
        return path
