"""The hub's operations port: what is counted is what happened, and whatever dashboard and alerts ask for is there."""
import json
import re
import shutil
import sqlite3
import subprocess
import time
import unittest
import urllib.error
import urllib.request

from wasl_world import ROOT, WorldTest, binary, run_json, until

OPERATIONS = ROOT / "server" / "operations"


class Metrics(WorldTest):
    def setUp(self):
        super().setUp()
        self.world.hub("init", "--name", "World network")
        self.start()
        self.world.organisation("africa", "section")
        self.world.organisation("benin", parent="africa")

    def start(self):
        self.world.start_hub(more=["--metrics-listen", "127.0.0.1:0"])
        log = (self.world.folder / "hub.log").read_text()
        self.port = int(re.findall(r"hub.operations port=(\d+)", log)[-1])

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(), error.headers

    def metrics(self):
        status, text, headers = self.get("/metrics")
        self.assertEqual(status, 200)
        self.assertIn("version=0.0.4", headers["Content-Type"])
        values = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                values[name] = float(value)
        return values

    def test_what_is_counted_is_what_happened(self):
        before = self.metrics()
        self.assertEqual(before["wasl_hub_sessions_opened_total"], 0)
        benin = self.world.office("benin", "benin")
        joined = self.metrics()
        for n in range(3):
            benin.add("project", f"reference=WTR-{n}")
        sent = benin.sync()["sent"]
        after = self.metrics()
        accepted = 'wasl_hub_change_sets_total{outcome="accepted",reason="none"}'
        self.assertEqual(after[accepted] - joined[accepted], 3)
        self.assertEqual(after["wasl_hub_sessions_opened_total"] - joined["wasl_hub_sessions_opened_total"], 1)
        received = 'wasl_hub_bytes_total{direction="received"}'
        self.assertEqual(after[received] - joined[received], sent["bytes"])
        self.assertGreater(after["wasl_hub_commit_seconds_count"], joined["wasl_hub_commit_seconds_count"])
        self.assertGreater(after["wasl_hub_commit_seconds_sum"], 0)
        status = self.world.hub("status").document
        for space in status["spaces"]:
            self.assertEqual(after[f'wasl_hub_log_position{{space="{space["space"]}"}}'], space["position"])
        self.assertEqual(after["wasl_hub_heads"], status["heads"])
        self.assertGreater(after["wasl_hub_database_bytes"], 4096)
        self.assertGreater(after["wasl_hub_free_bytes"], 0)

    def test_refusals_have_a_counter_for_each_kind(self):
        benin = self.world.office("benin", "benin")
        revoked = benin.status()["device"]
        benin.add("project", "reference=WTR-1")
        self.world.hub("revoke", revoked, "--reason", "lost")
        benin.wasl("sync", "--url", self.world.url)
        now = self.metrics()
        self.assertEqual(now['wasl_hub_change_sets_total{outcome="held",reason="revoked"}'], 1)
        # Another network's office is refused at the door.
        refused = {name: value for name, value in now.items() if name.startswith("wasl_hub_sessions_refused_total")}
        self.assertEqual(sum(refused.values()), 0)
        request = urllib.request.Request(f"http://127.0.0.1:{self.world.port}/wasl", headers={
            "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            "Sec-WebSocket-Version": "13", "Sec-WebSocket-Protocol": "wasl.1", "Wasl-Hello": "aGVsbG8"})
        with self.assertRaises(urllib.error.HTTPError) as door:
            urllib.request.urlopen(request, timeout=10)
        door.exception.close()
        after = {name: value for name, value in self.metrics().items() if name.startswith("wasl_hub_sessions_refused_total")}
        self.assertEqual(sum(after.values()), 1, after)

    def test_health_and_readiness(self):
        self.assertEqual(self.get("/healthz")[0], 200)
        self.assertEqual(self.get("/readyz")[:2], (200, "ready\n"))
        self.assertEqual(self.get("/wasl")[0], 404)
        benin = self.world.office("benin", "benin")
        daemon = benin.daemon()
        self.assertTrue(until(lambda: self.metrics()["wasl_hub_sessions_open"] == 1))
        self.world.stop_hub()
        self.assertEqual(self.world.hub_process.returncode, 0)
        self.assertIsNone(daemon.poll())
        with self.assertRaises(urllib.error.URLError):
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5)

    def test_the_port_is_for_this_machine(self):
        self.world.stop_hub()
        done = subprocess.run([binary("wasl-hub"), "serve", "--data", self.world.hub_folder, "--listen", "127.0.0.1:0",
                               "--metrics-listen", "0.0.0.0:0"], capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--plain-text-on-an-open-network", done.stderr)

    def test_dashboard_and_alerts_ask_for_what_there_is(self):
        exported = {re.sub(r"\{.*", "", name) for name in self.metrics()}
        dashboard = json.loads((OPERATIONS / "dashboard.json").read_text())
        asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        self.assertGreater(len(asked), 10)
        alerts = re.findall(r"(?m)^ +expr: (.*)$", (OPERATIONS / "alerts.yml").read_text())
        self.assertGreater(len(alerts), 5)
        for expression in asked + alerts:
            for name in re.findall(r"wasl_hub_\w+", expression):
                self.assertIn(name, exported, expression)
        if shutil.which("promtool"):
            done = subprocess.run(["promtool", "check", "rules", OPERATIONS / "alerts.yml"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class OperatorsView(WorldTest):
    """wasl-hub status: who fails to sync, since when and why."""

    def device(self, office):
        lines = self.world.hub("status")["devices"]
        return next(one for one in lines if office.status()["device"].startswith(one["key"]))

    def test_who_fails_to_sync_and_why(self):
        self.world.two_associations()
        benin, other = self.world.office("benin", "benin"), self.world.office("other", "benin")
        benin.sync()
        other.add("project", "reference=WTR-1")
        other.sync()
        self.assertTrue(until(lambda: self.device(benin)["session"] is not None))
        line = self.device(benin)
        self.assertRegex(line["program"], r"^wasl/\d+\.\d+\.\d+$")
        self.assertIsNone(line["failing"])
        self.assertEqual(self.device(other)["behind"], 0)
        self.assertGreater(line["behind"], 0)
        status = self.world.hub("status").document
        self.assertEqual(status["programs"], {line["program"]: 2})
        self.assertGreater(status["storage"]["database_bytes"], 4096)
        # A link that breaks in the middle: it fails, until it has been seen whole again.
        url, relay = self.world.relay("--cut-after-down", "300")
        benin.wasl("sync", "--url", url)
        self.assertTrue(until(lambda: self.device(benin)["failing"] is not None))
        failing = self.device(benin)["failing"]
        self.assertEqual((failing["code"], failing["times"] >= 1), ("no_link", True), failing)
        words = subprocess.run([binary("wasl-hub"), "status", "--data", self.world.hub_folder], capture_output=True, text=True).stdout
        self.assertIn("Fail to sync\n", words)
        # It is remembered by a hub that starts again.
        self.world.stop_hub()
        self.world.start_hub()
        self.assertEqual(self.device(benin)["failing"], failing)
        benin.sync()
        self.assertTrue(until(lambda: self.device(benin)["failing"] is None))
        self.assertEqual(self.device(benin)["behind"], 0)

    def test_what_waits_is_counted_by_reason(self):
        self.world.two_associations()
        benin = self.world.office("benin", "benin")
        benin.add("project", "reference=WTR-1")
        self.world.hub("revoke", benin.status()["device"], "--reason", "lost")
        benin.wasl("sync", "--url", self.world.url)
        waiting = self.world.hub("status")["quarantine"]
        self.assertEqual((waiting["held"], waiting["reasons"]), (1, {"revoked": 1}))
        self.assertIsNotNone(waiting["oldest"])
        self.assertEqual(waiting["by_age"], {"day": 1, "week": 0, "month": 0, "older": 0})

    def test_conflicts_are_counted_by_age_until_they_are_resolved(self):
        self.world.two_associations()
        benin, togo = self.world.office("benin", "benin"), self.world.office("togo", "togo")
        project = benin.add("project", "--space", "network", "title=Water", "reference=W-1")
        for office in (benin, togo):
            office.sync()
        self.assertEqual(self.world.hub("status")["conflicts"]["records"], 0)
        benin.set("project", project, "reference=W-2")
        togo.set("project", project, "reference=W-3")
        before = int(time.time() * 1000)
        for office in (benin, togo, benin):
            office.sync()
        found = self.world.hub("status")["conflicts"]
        self.assertEqual((found["records"], found["spaces"], found["by_age"]["day"]), (1, {"network": 1}, 1), found)
        self.assertLess(abs(found["oldest"] - before), 60_000)
        words = subprocess.run([binary("wasl-hub"), "status", "--data", self.world.hub_folder], capture_output=True, text=True).stdout
        self.assertIn("1 records are in conflict (1 of the last day", words)
        # A hub that never counted, as after an update of the program, counts at its start.
        self.world.stop_hub()
        with sqlite3.connect(self.world.hub_folder / "hub.db") as database:
            database.execute("DELETE FROM hub_conflict")
            database.execute("DELETE FROM _wasl_meta WHERE key = 'conflicts noted'")
        database.close()
        self.world.start_hub()
        self.assertEqual(self.world.hub("status")["conflicts"]["oldest"], found["oldest"])
        benin.ok("resolve", "project", project, "reference", "--value", "W-3")
        benin.sync()
        self.assertEqual(self.world.hub("status")["conflicts"]["records"], 0)


if __name__ == "__main__":
    unittest.main()
