#!/usr/bin/python3
"""A real S3 server for tests: OpenStack Swift with its S3 interface, all of it in one process. It checks signatures.

    /usr/bin/python3 tests/support/s3_server.py FOLDER PORT     # Debian's python3-swift; says "ready" when it listens

What it stores stays in FOLDER: killed and started again it has what it had. Listens on loopback only.
The access key is wasl:tester, its secret "testing"; the bucket "wasl" is there."""
import json
import os
import pathlib
import sys

import eventlet

eventlet.patcher.monkey_patch()

from swift.common import utils  # noqa: E402: Swift wants to be loaded patched

folder, port = pathlib.Path(sys.argv[1]).absolute(), int(sys.argv[2])
utils.SWIFT_CONF_FILE = str(folder / "swift.conf")
utils.HASH_PATH_SUFFIX, utils.HASH_PATH_PREFIX = b"tests", b""

from eventlet import wsgi  # noqa: E402
from swift.account.server import AccountController  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.storage_policy import POLICIES  # noqa: E402
from swift.common.wsgi import SwiftHttpProtocol, loadapp  # noqa: E402
from swift.container.server import ContainerController  # noqa: E402
from swift.obj.server import ObjectController  # noqa: E402

PROXY = """[DEFAULT]
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors s3api tempauth proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:tempauth]
use = egg:swift#tempauth
user_wasl_tester = testing .admin
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:s3api]
use = egg:swift#s3api
location = eu-west-1
"""


class Quiet:
    """No line a request."""

    def debug(self, *_): pass

    def write(self, *_): pass

    def flush(self): pass


class Memory:
    """What memcached is to Swift."""

    def __init__(self): self.values = {}

    def get(self, key, *_, **__): return self.values.get(key)

    def set(self, key, value, *_, **__): self.values[key] = value

    def delete(self, key, *_, **__): self.values.pop(key, None)


def serve(app, socket):
    eventlet.spawn_n(wsgi.server, socket, app, Quiet(), protocol=SwiftHttpProtocol, log_output=False)


def main():
    (folder / "devices" / "sda").mkdir(parents=True, exist_ok=True)
    (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = tests\n")
    (folder / "proxy.conf").write_text(PROXY.format(folder=folder))
    at = {kind: eventlet.listen(("127.0.0.1", 0)) for kind in ("account", "container", "object")}
    for kind, socket in at.items():
        ring = RingBuilder(2, 1, 0)
        ring.add_dev({"id": 0, "region": 1, "zone": 1, "weight": 1, "ip": "127.0.0.1", "port": socket.getsockname()[1],
                      "device": "sda"})
        ring.rebalance(seed=1)
        ring.get_ring().save(str(folder / f"{kind}.ring.gz"))
    for policy in POLICIES:
        policy.load_ring(str(folder))
    own = {"devices": str(folder / "devices"), "swift_dir": str(folder), "mount_check": "false"}
    serve(AccountController(own), at["account"])
    serve(ContainerController(own), at["container"])
    serve(ObjectController(own), at["object"])
    proxy = loadapp(str(folder / "proxy.conf"), global_conf={"log_level": "ERROR"})
    socket = eventlet.listen(("127.0.0.1", port))
    print(json.dumps({"ready": socket.getsockname()[1], "process": os.getpid()}), flush=True)
    memory = Memory()
    wsgi.server(socket, lambda env, start: proxy({**env, "swift.cache": memory}, start), Quiet(), protocol=SwiftHttpProtocol, log_output=False)


if __name__ == "__main__":
    main()
