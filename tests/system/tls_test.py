"""TLS with the real programs: a hub with a certificate of its own, one behind a proxy, and somebody in between."""
import datetime
import ipaddress
import os
import pathlib
import re
import socket
import ssl
import subprocess
import threading
import time
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wasl_world import WorldTest, binary, until


def make_certificate(folder, name):
    """Self-signed, for 127.0.0.1. @return the two files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.utcnow()
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256()))
    files = pathlib.Path(folder) / f"{name}.pem", pathlib.Path(folder) / f"{name}.key"
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption()))
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return files


class Proxy:
    """Ends TLS with its own certificate and passes the bytes on, to plain TCP or to TLS that it does not check."""

    def __init__(self, certificate, port, upstream_tls=False):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*map(str, certificate))
        self.upstream = ssl._create_unverified_context() if upstream_tls else None
        self.to, self.listener = port, socket.create_server(("127.0.0.1", 0))
        self.port, self.links = self.listener.getsockname()[1], 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(raw,), daemon=True).start()

    def carry(self, raw):
        try:
            near = self.context.wrap_socket(raw, server_side=True)
            far = socket.create_connection(("127.0.0.1", self.to))
            if self.upstream:
                far = self.upstream.wrap_socket(far)
            self.links += 1
            with near, far:
                back = threading.Thread(target=self.pass_on, args=(far, near), daemon=True)
                back.start()
                self.pass_on(near, far)
                back.join(30)
        except OSError:
            pass

    @staticmethod
    def pass_on(source, to):
        try:
            while data := source.recv(65536):
                to.sendall(data)
        except OSError:
            pass
        for one in (source, to):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # else the thread that waits in accept() keeps the port
        except OSError:
            pass
        self.listener.close()


class TlsTest(WorldTest):
    def log(self):
        return (self.world.folder / "hub.log").read_text()

    def start(self, *options):
        world = self.world
        world.hub("init", "--name", "World network")
        url = world.start_hub(more=options)
        world.organisation("africa", "section")
        world.organisation("benin", parent="africa")
        return url

    def sync(self, office, url=None, **options):
        return office.wasl("sync", *(["--url", url] if url else []), **options)

    def test_a_hub_with_a_certificate_of_its_own(self):
        certificate = make_certificate(self.world.folder, "hub")
        url = self.start("--tls-cert", certificate[0], "--tls-key", certificate[1])
        self.assertRegex(url, r"^wss://127\.0\.0\.1:\d+#pin=[A-Za-z0-9_-]{43}$")
        # The invitation holds the address with the pin: nothing else has to be said or installed.
        benin = self.world.office("benin", "benin")
        benin.add("project", "reference=WTR-1")
        self.assertEqual(self.sync(benin).document["equal"], True)
        self.assertTrue((benin.folder / "link.memory").stat().st_mode & 0o077 == 0)

        other = url.split("#")[0] + "#pin=" + "A" * 43
        refused = self.sync(benin, other)
        self.assertEqual(refused.error["code"], "no_link")
        self.assertIn("another certificate", refused.error["message"])
        unpinned = self.sync(benin, url.split("#")[0])
        self.assertIn("does not trust", unpinned.error["message"])
        trusted = self.sync(benin, url.split("#")[0], env={**os.environ, "SSL_CERT_FILE": str(certificate[0])})
        self.assertEqual(trusted.document.get("equal"), True, trusted.document)
        plain = self.sync(benin, url.split("#")[0].replace("wss", "ws"))
        self.assertIn("wss://", plain.error["message"])

    def test_only_tls_1_3(self):
        certificate = make_certificate(self.world.folder, "hub")
        self.start("--tls-cert", certificate[0], "--tls-key", certificate[1])
        context = ssl._create_unverified_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.assertRaises(ssl.SSLError):
            context.wrap_socket(socket.create_connection(("127.0.0.1", self.world.port)))

    def test_a_renewed_certificate_is_shown_and_nobody_is_cut(self):
        certificate = make_certificate(self.world.folder, "hub")
        url = self.start("--tls-cert", certificate[0], "--tls-key", certificate[1])
        benin = self.world.office("benin", "benin")
        daemon = subprocess.Popen([binary("wasl"), "daemon", "--data", str(benin.folder)], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        self.world.processes.append(daemon)
        self.assertTrue(until(lambda: '"live"' in self.log() or "live=1" in self.log()), self.log())
        closed = self.log().count("session.closed")
        time.sleep(1.1)  # file times in whole seconds would hide the change
        make_certificate(self.world.folder, "hub")
        self.assertTrue(until(lambda: "hub.certificate" in self.log()), self.log())
        self.assertEqual(self.log().count("session.closed"), closed)
        self.assertIn("another certificate", self.sync(benin).error["message"])
        benin.add("project", "reference=NOW-1")
        self.assertTrue(until(lambda: benin.status()["unsent"] == 0), self.log())
        # Half of a renewal: what cannot be used is said, and the one before goes on.
        certificate[0].write_text("nothing")
        self.assertTrue(until(lambda: "holds no certificate" in self.log()), self.log())
        self.assertIn("another certificate", self.sync(benin, url).error["message"])

    def test_whoever_stands_between_gains_nothing(self):
        certificate = make_certificate(self.world.folder, "hub")
        url = self.start("--tls-cert", certificate[0], "--tls-key", certificate[1])
        benin = self.world.office("benin", "benin")
        forged = make_certificate(self.world.folder, "forged")
        proxy = Proxy(forged, self.world.port, upstream_tls=True)
        self.addCleanup(proxy.close)
        between = f"wss://127.0.0.1:{proxy.port}"
        self.assertIn("another certificate", self.sync(benin, between + "#" + url.split("#")[1]).error["message"])
        # Even an office whose machine was made to trust the forged certificate: the hello is bound to the
        # connection that it was made for.
        fooled = self.sync(benin, between, env={**os.environ, "SSL_CERT_FILE": str(forged[0])})
        self.assertEqual(fooled.error["code"], "unauthorised", fooled.document)
        self.assertIn("another connection", fooled.error["message"])
        self.assertGreater(proxy.links, 0)

    def test_a_proxy_that_ends_tls(self):
        shown = make_certificate(self.world.folder, "proxy")
        self.start("--tls-proxy-cert", shown[0])
        proxy = Proxy(shown, self.world.port)
        self.addCleanup(proxy.close)
        benin = self.world.office("benin", "benin")
        benin.add("project", "reference=WTR-1")
        url = f"wss://127.0.0.1:{proxy.port}"
        trusting = {**os.environ, "SSL_CERT_FILE": str(shown[0])}
        first = self.sync(benin, url, env=trusting)
        self.assertEqual(first.document.get("equal"), True, first.document)
        links = proxy.links
        self.assertEqual(self.sync(benin, url, env=trusting).document["equal"], True)
        self.assertEqual(proxy.links, links + 1, "it is remembered that this hub stands behind a proxy")
        # The same proxy with another certificate than the hub was told of.
        forged = make_certificate(self.world.folder, "forged")
        other = Proxy(forged, self.world.port)
        self.addCleanup(other.close)
        fooled = self.sync(benin, f"wss://127.0.0.1:{other.port}", env={**os.environ, "SSL_CERT_FILE": str(forged[0])})
        self.assertEqual(fooled.error["code"], "unauthorised", fooled.document)
        # One day the hub ends TLS itself under the same address: what was remembered is no trap.
        proxy.close()
        self.world.stop_hub()
        self.world.start_hub(port=proxy.port, more=["--tls-cert", shown[0], "--tls-key", shown[1]])
        self.assertEqual(self.sync(benin, url, env=trusting).document.get("equal"), True)

    def test_wrong_options_are_named(self):
        certificate = make_certificate(self.world.folder, "hub")
        self.world.hub("init", "--name", "World network")
        serve = [binary("wasl-hub"), "serve", "--data", str(self.world.hub_folder), "--listen", "127.0.0.1:0"]
        for options, words in (
                (["--tls-cert", certificate[0]], "needs its key"),
                (["--tls-cert", certificate[0], "--tls-key", "/none"], "there is no key file"),
                (["--tls-cert", certificate[1], "--tls-key", certificate[1]], "holds no certificate"),
                (["--tls-cert", certificate[0], "--tls-key", certificate[1], "--tls-proxy-cert", certificate[0]],
                 "either here or at a proxy")):
            done = subprocess.run([*serve, *map(str, options)], capture_output=True, timeout=20)
            self.assertEqual(done.returncode, 1)
            self.assertIn(words, done.stderr.decode())


if __name__ == "__main__":
    unittest.main()
