"""`wasl-hub doctor` and `wasl doctor`: what is wrong is found, said in words, and ends with 1."""
import os
import subprocess
import unittest

from tls_test import make_certificate
from wasl_world import MovedClocks, WorldTest, binary, run_json


class Doctors(WorldTest, MovedClocks):
    def hub_doctor(self, *more):
        return run_json([binary("wasl-hub"), "doctor", "--data", str(self.world.hub_folder), "--json", *map(str, more)])

    def found(self, answer, check):
        return [one for one in answer["findings"] if one["check"] == check]

    def health(self, answer, check):
        return [one["health"] for one in self.found(answer, check)]

    def setUp(self):
        super().setUp()
        self.world.two_associations()
        self.benin = self.world.office("benin", "benin")

    def test_a_hub_in_order_and_what_a_trial_has(self):
        for serving in (True, False):
            answer = self.hub_doctor()
            self.assertEqual((answer.code, answer["health"]), (0, "warn"), answer.document)
            for check in ("room", "disk", "permissions", "database", "versions"):
                self.assertEqual(self.health(answer, check), ["ok"], answer.document)
            self.assertEqual(self.health(answer, "link"), ["ok" if serving else "warn"])
            # Root, registrar and administrator are here: it is a trial.
            self.assertEqual(self.health(answer, "keys"), ["ok", "warn", "warn", "warn"])
            if serving:
                self.world.stop_hub()
        words = subprocess.run([binary("wasl-hub"), "doctor", "--data", self.world.hub_folder], capture_output=True, text=True)
        self.assertIn("warn  link: no hub serves this folder now\n", words.stdout)

    def test_what_is_wrong_at_the_hub(self):
        folder = self.world.hub_folder
        os.chmod(folder / "keys" / "log.key", 0o644)
        answer = self.hub_doctor()
        self.assertEqual((answer.code, self.health(answer, "permissions")), (1, ["fail"]))
        self.assertIn("log.key", self.found(answer, "permissions")[0]["words"])
        os.chmod(folder / "keys" / "log.key", 0o600)
        self.world.stop_hub()
        (folder / "keys" / "log.key").rename(folder / "away.key")
        answer = self.hub_doctor()
        self.assertEqual((answer.code, self.health(answer, "hub")), (1, ["fail"]))
        (folder / "away.key").rename(folder / "keys" / "log.key")
        with open(folder / "hub.db", "r+b") as file:
            for page in range(2, 20):
                file.seek(page * 4096)
                file.write(b"\x5a" * 900)
        answer = self.hub_doctor()
        self.assertEqual((answer.code, self.health(answer, "database")), (1, ["fail"]))
        missing = run_json([binary("wasl-hub"), "doctor", "--data", str(self.world.folder / "none"), "--json"])
        self.assertEqual((missing.code, missing["health"]), (1, "fail"))

    def test_a_clock_that_stands_before_the_last_entry(self):
        self.world.stop_hub()
        self.move_clocks()
        self.set_clock("-2d")
        answer = self.hub_doctor()
        self.assertEqual((answer.code, self.health(answer, "hub")), (1, ["fail"]))
        self.assertIn("clock", self.found(answer, "hub")[0]["words"])

    def test_certificates_that_end(self):
        self.world.stop_hub()
        certificate = make_certificate(self.world.folder, "hub")
        tls = ["--tls-cert", certificate[0], "--tls-key", certificate[1]]
        url = self.world.start_hub(more=tls)
        answer = self.hub_doctor(*tls)
        self.assertEqual((self.health(answer, "certificate"), self.health(answer, "link")), (["ok"], ["ok"]), answer.document)
        proxy = self.hub_doctor("--tls-proxy-cert", certificate[0])
        self.assertIn(self.health(proxy, "certificate"), (["ok"], ["warn"]))
        # The office goes by the pin, or by what it is made to trust.
        pinned = self.benin.wasl("doctor", "--url", url)
        self.assertEqual((self.health(pinned, "link"), self.health(pinned, "certificate")), (["ok"], ["ok"]), pinned.document)
        trusted = self.benin.wasl("doctor", "--url", url.split("#")[0], env={**os.environ, "SSL_CERT_FILE": str(certificate[0])})
        self.assertEqual(self.health(trusted, "link"), ["ok"], trusted.document)
        self.assertIn("valid for", self.found(trusted, "certificate")[0]["words"])

    def test_an_office_in_order_and_what_is_wrong_there(self):
        benin = self.benin
        answer = benin.wasl("doctor", "--url", self.world.url)
        self.assertEqual(answer.code, 0, answer.document)
        for check in ("disk", "permissions", "replica", "identity", "keys", "sync", "link", "daemon", "versions"):
            self.assertEqual(self.health(answer, check), ["ok"], answer.document)
        self.world.stop_hub()
        self.assertEqual(self.health(benin.wasl("doctor", "--url", self.world.url), "link"), ["fail"])
        os.chmod(benin.folder / "identity.db", 0o644)
        answer = benin.wasl("doctor")
        self.assertEqual((answer.code, self.health(answer, "permissions")), (1, ["fail"]))
        os.chmod(benin.folder / "identity.db", 0o600)
        with open(benin.folder / "replica.db", "r+b") as file:
            for page in range(2, 20):
                file.seek(page * 4096)
                file.write(b"\x5a" * 900)
        answer = benin.wasl("doctor")
        self.assertEqual((answer.code, self.health(answer, "replica")), (1, ["fail"]))


if __name__ == "__main__":
    unittest.main()
