"""Syncs through proxies that break WebSockets, each in its own way: they go by HTTP POSTs, chosen by themselves, lose and
repeat nothing, and the status says so and why."""
import base64
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tls_test import make_certificate
from wasl_world import Office, World, WorldTest, binary, until

PAGE = b"<html><body>Your administrator has decided.</body></html>"
HOP = (b"upgrade", b"connection", b"sec-websocket-key", b"sec-websocket-version", b"sec-websocket-protocol")


def page(status):
    return b"HTTP/1.1 %d X\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % (status, len(PAGE)) + PAGE


class Gone(Exception):
    pass


def read_message(stream):
    """One HTTP message with its body: (head, body)."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            raise Gone()
        head += line
    size = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return head, stream.read(int(size.group(1))) if size else b""


class Proxy:
    """An HTTP proxy that understands no WebSocket. `upgrade` says what becomes of one; `post(number)` of the POSTs:
    None, "lose" the answer, or "twice"."""

    def __init__(self, port, upgrade, post=lambda number: None, certificate=None, keeps=True):
        self.to, self.upgrade, self.post, self.keeps = port, upgrade, post, keeps
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*map(str, certificate))
        self.upgrades = self.posts = self.lost = self.twice = 0
        self.heads, self.held = [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}/wasl"

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(near,), daemon=True).start()

    def serve(self, near):
        try:
            if self.context:
                near = self.context.wrap_socket(near, server_side=True)
            stream = near.makefile("rb")
            while True:
                head, body = read_message(stream)
                if head.startswith(b"POST "):
                    answer = self.carry(head, body)
                    if answer is None:
                        break
                    near.sendall(answer)
                    if not self.keeps:
                        break
                elif re.search(rb"(?i)\r\nupgrade: *websocket", head):
                    self.upgrades += 1
                    if not self.on_upgrade(near, head):
                        break
                else:
                    near.sendall(page(404))
        except (Gone, OSError):
            pass
        finally:
            near.close()

    def on_upgrade(self, near, head):
        """@return whether the connection goes on."""
        if isinstance(self.upgrade, int):
            near.sendall(page(self.upgrade))
            return True
        if self.upgrade == "pass":  # as far as the hub's answer
            near.sendall(self.ask(head, b""))
            return False
        if self.upgrade == "strip":
            lines = [line for line in head.split(b"\r\n")
                     if line.split(b":")[0].lower() not in HOP]
            near.sendall(self.ask(b"\r\n".join(lines), b""))
            return False
        if self.upgrade in ("opens", "opens and hangs"):  # lets the answer through and nothing behind it
            with socket.create_connection(("127.0.0.1", self.to)) as far:
                far.sendall(head)
                near.sendall(read_message(far.makefile("rb"))[0])
        if self.upgrade in ("hang", "opens and hangs"):
            self.held.append(near.dup())
            while near.recv(4096):
                pass
        return False

    def ask(self, head, body):
        with socket.create_connection(("127.0.0.1", self.to)) as far:
            far.sendall(head + body)
            return b"".join(read_message(far.makefile("rb")))

    def carry(self, head, body):
        self.posts += 1
        self.heads.append(head)
        fate = self.post(self.posts)
        answer = self.ask(head, body)
        if fate == "twice":
            self.twice += 1
            again = self.ask(head, body)
            assert again.split(b"\r\n\r\n", 1)[1] == answer.split(b"\r\n\r\n", 1)[1]
        if fate == "lose":
            self.lost += 1
            return None
        return answer

    def close(self):
        self.listener.close()
        for one in self.held:
            one.close()


class Post(WorldTest):
    def proxy(self, *arguments, **options):
        proxy = Proxy(self.world.port, *arguments, **options)
        self.addCleanup(proxy.close)
        return proxy

    def sync(self, office, url, **options):
        answer = office.wasl("sync", "--url", url, **options)
        self.assertEqual(answer.code, 0, answer.document)
        self.assertIs(answer["equal"], True, answer.document)
        return answer.document

    def carrier(self, office):
        return office.status()["link"]["carrier"]

    def words(self, office):
        return subprocess.run([binary("wasl"), "status", "--data", str(office.folder)], capture_output=True,
                              text=True, check=True).stdout

    def goes_through(self, upgrade, why, seconds=10):
        """One office behind such a proxy, one not: both write, both hold the same in the end."""
        self.world.two_associations()
        near, far = (self.world.office(name, "benin") for name in ("near", "far"))
        proxy = self.proxy(upgrade)
        id = far.add("project", "title.en=Wells", "reference=W-1")
        far.sync()
        near.add("project", "title.en=Roads")
        began = time.monotonic()
        done = self.sync(near, proxy.url)
        took = time.monotonic() - began
        print(f"{upgrade}: {took:.1f} s, {proxy.posts} POSTs", end=" ... ", flush=True)
        self.assertLess(took, seconds)
        self.assertEqual(done["carrier"], "posts")
        self.assertGreater(proxy.upgrades, 0)
        self.assertGreater(proxy.posts, 1)
        carrier = self.carrier(near)
        self.assertEqual(carrier["by"], "posts")
        self.assertIn(why, carrier["why"])
        self.assertIn(why, self.words(near))
        # Two edits of one field: both are kept.
        near.set("project", id, "reference=W-near")
        far.set("project", id, "reference=W-far")
        far.sync()
        self.sync(near, proxy.url)
        self.assertEqual(len(near.conflicts()), 1)
        until_when = self.carrier(near)["until"]
        self.assert_whole(near, far)
        return proxy, until_when

    def test_a_refusal_of_the_upgrade(self):
        proxy, until_when = self.goes_through(403, "HTTP 403")
        self.assertEqual(proxy.upgrades, 1)  # the second sync knew better
        self.assertIsNotNone(until_when)

    def test_a_proxy_that_cannot_reach_the_upgrade(self):
        proxy, until_when = self.goes_through(502, "HTTP 502")
        self.assertEqual(proxy.upgrades, 2)  # once may be chance
        self.assertIsNotNone(until_when)

    def test_a_page_in_its_place(self):
        self.goes_through(200, "HTTP 200")

    def test_headers_that_are_taken_out(self):
        self.goes_through("strip", "HTTP 404")

    def test_an_upgrade_that_is_swallowed(self):
        self.goes_through("hang", "nobody answered", seconds=25)

    def test_a_connection_that_is_cut_at_the_upgrade(self):
        self.goes_through("cut", "cut at the upgrade")

    def test_a_connection_that_is_cut_behind_the_upgrade(self):
        self.goes_through("opens", "cut at the upgrade")

    def test_a_link_on_which_nothing_comes(self):
        self.goes_through("opens and hangs", "nobody answered", seconds=40)

    def test_the_hubs_own_refusal_is_no_broken_proxy(self):
        self.world.two_associations()
        office = self.world.office("a", "benin")
        other = World()
        self.addCleanup(other.close)
        other.init_hub("Another network")
        proxy = Proxy(other.port, "pass")
        self.addCleanup(proxy.close)
        answer = office.wasl("sync", "--url", proxy.url)
        self.assertEqual(answer.error["code"], "wrong_network", answer.document)
        self.assertEqual((proxy.upgrades, proxy.posts), (1, 0))

    def test_lost_answers_and_repeated_posts(self):
        self.world.two_associations()
        near, far = (self.world.office(name, "benin") for name in ("near", "far"))
        # The first one opens the session: that it may be lost is for the next sync.
        fates = {2: "lose", 3: "twice", 4: "lose", 5: "lose", 6: "twice", 7: "lose"}
        proxy = self.proxy(403, post=lambda number: fates.get(number))
        for n in range(300):
            for office in (near, far):
                office.sql(("INSERT INTO project(title) VALUES(?)", (f"{office.name} {n} " + os.urandom(400).hex(),)))
        far.sync()
        self.sync(near, proxy.url, timeout=120)
        print(f"{proxy.posts} POSTs, {proxy.lost} lost, {proxy.twice} twice", end=" ... ", flush=True)
        self.assertGreaterEqual(min(proxy.lost, proxy.twice), 1)
        self.assertEqual(near.value("SELECT count(*) FROM project"), 600)
        self.assert_whole(near, far)

    def test_a_lost_welcome_is_mended_by_the_next_sync(self):
        self.world.two_associations()
        office = self.world.office("near", "benin")
        proxy = self.proxy(403, post=lambda number: "lose" if number == 1 else None)
        office.add("project", "title.en=Roads")
        self.assertEqual(office.wasl("sync", "--url", proxy.url).error["code"], "no_link")
        self.sync(office, proxy.url)
        self.assert_whole(office)

    def test_a_large_backlog_both_ways(self):
        self.world.two_associations()
        near, far = (self.world.office(name, "benin") for name in ("near", "far"))
        proxy = self.proxy(403, keeps=False)
        rows = 10_000
        for office in (near, far):
            office.sql(*[("INSERT INTO project(title, reference) VALUES(?, ?)",
                          (f"{office.name} {n} " + os.urandom(40).hex(), f"{office.name}-{n}")) for n in range(rows)])
            self.assertIs(far.sync()["equal"], True)
        done = self.sync(near, proxy.url, timeout=300)
        print(f"{proxy.posts} POSTs, {done['sent']['bytes']} bytes up, {done['received']['bytes']} down", end=" ... ")
        self.assertGreater(min(done["sent"]["bytes"], done["received"]["bytes"]), 500_000)
        self.assertGreater(proxy.posts, 8)
        self.assertEqual(near.value("SELECT count(*) FROM project"), 2 * rows)
        self.assert_whole(near, far)

    def test_an_address_that_asks_for_posts(self):
        self.world.two_associations()
        office = self.world.office("a", "benin")
        office.add("project", "title.en=Roads")
        self.assertEqual(self.sync(office, self.world.url.replace("ws:", "http:"))["carrier"], "posts")
        self.assertIn("begins with http", self.carrier(office)["why"])
        self.assertIn("begins with http", self.words(office))
        self.assertEqual(self.sync(office, self.world.url)["carrier"], "websocket")
        self.assertEqual(self.carrier(office)["by"], "websocket")
        fresh = self.world.office("fresh", "togo")
        self.sync(fresh, self.world.url.replace("ws:", "http:"))

    def test_joining_behind_such_a_proxy(self):
        self.world.two_associations()
        proxy = self.proxy(403)
        office = Office(self.world, "near")
        office.ok("join", self.world.invite("benin"), "--url", proxy.url)
        self.assertGreater(proxy.posts, 2)
        self.assert_whole(office)

    def test_a_session_belongs_to_who_knows_its_name(self):
        self.world.two_associations()
        office = self.world.office("near", "benin")
        proxy = self.proxy(403)
        self.sync(office, proxy.url)
        for name, status in (("0" * 32, 404), ("", 404), ("x", 404)):
            head = (f"POST /wasl HTTP/1.1\r\nHost: x\r\nContent-Type: application/wasl.1\r\nWasl-Session: {name}\r\n"
                    "Wasl-Number: 1\r\nContent-Length: 0\r\n\r\n").encode()
            answer = proxy.ask(head, b"")
            self.assertIn(b"HTTP/1.1 %d" % status, answer)
            self.assertEqual(json.loads(answer.split(b"\r\n\r\n", 1)[1])["error"]["code"], "not_found")
        # The hello of another session is of no use again.
        first = next(head for head in proxy.heads if b"Wasl-Session" not in head)
        self.assertNotIn(b"Wasl-Number", first)

    def test_tls_at_the_hub(self):
        world = self.world
        certificate = make_certificate(world.folder, "hub")
        world.hub("init", "--name", "World network")
        url = world.start_hub(more=("--tls-cert", certificate[0], "--tls-key", certificate[1]))
        world.organisation("africa", "section")
        world.organisation("benin", parent="africa")
        office = world.office("benin", "benin")
        office.add("project", "reference=WTR-1")
        self.assertEqual(self.sync(office, url.replace("wss:", "https:"))["carrier"], "posts")

    def test_tls_that_ends_at_the_proxy(self):
        world = self.world
        certificate = make_certificate(world.folder, "proxy")
        world.hub("init", "--name", "World network")
        world.start_hub(more=("--tls-proxy-cert", certificate[0]))
        world.organisation("africa", "section")
        world.organisation("benin", parent="africa")
        office = world.office("benin", "benin")
        office.add("project", "reference=WTR-1")
        proxy = self.proxy(403, certificate=certificate)
        key = x509.load_pem_x509_certificate(certificate[0].read_bytes()).public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        digest = hashes.Hash(hashes.SHA256())
        digest.update(key)
        pin = base64.urlsafe_b64encode(digest.finalize()).decode().rstrip("=")
        url = f"wss://127.0.0.1:{proxy.port}/wasl#pin={pin}"
        self.assertEqual(self.sync(office, url)["carrier"], "posts")
        office.add("project", "reference=WTR-2")
        self.sync(office, url)
        self.assertEqual(proxy.upgrades, 1)
        # Whoever ends TLS with another certificate gets hellos that the hub takes from nobody.
        other = self.proxy(403, certificate=make_certificate(world.folder, "other"))
        refused = office.wasl("sync", "--url", f"https://127.0.0.1:{other.port}/wasl")
        self.assertEqual(refused.error["code"], "no_link")

    def test_a_daemon_polls_and_sends_at_once(self):
        self.world.two_associations()
        near, far = (self.world.office(name, "benin") for name in ("near", "far"))
        proxy = self.proxy(403)
        with open(near.folder / "daemon.log", "ab") as log:
            daemon = subprocess.Popen([binary("wasl"), "daemon", "--data", str(near.folder), "--url", proxy.url,
                                       "--poll", "3"], stdout=subprocess.DEVNULL, stderr=log)
        self.world.processes.append(daemon)
        self.assertTrue(until(lambda: "session.polls" in (near.folder / "daemon.log").read_text()))
        far.add("project", "title.en=Far")
        far.sync()
        self.assertTrue(until(lambda: near.value("SELECT count(*) FROM project") == 1, 10))
        near.sql(("INSERT INTO project(title) VALUES('Near')",))
        began = time.monotonic()
        self.assertTrue(until(lambda: far.sync() and far.value("SELECT count(*) FROM project") == 2, 10))
        self.assertLess(time.monotonic() - began, 3)
        self.assertEqual(proxy.upgrades, 1)
        daemon.terminate()
        self.assertEqual(daemon.wait(20), 0)
        self.assert_whole(near, far)

    def test_the_hub_stops_in_between(self):
        self.world.two_associations()
        near, far = (self.world.office(name, "benin") for name in ("near", "far"))
        began = time.monotonic()
        hung = []

        def stop(number):
            if number == 2 and not hung:
                hung.append(True)
                self.world.stop_hub()
                self.world.start_hub()
        proxy = self.proxy(403, post=stop)
        near.add("project", "title.en=Roads")
        answer = near.wasl("sync", "--url", proxy.url)
        if answer.code != 0:
            self.assertEqual(answer.error["code"], "no_link", answer.document)
        self.assertLess(time.monotonic() - began, 50)
        self.sync(near, proxy.url)
        self.assert_whole(near, far)


if __name__ == "__main__":
    unittest.main()
