"""A hub's network moves from SQLite into PostgreSQL and back, with real work in it: held change sets, a withdrawn device, files'
names, the log of heads. Nothing is lost when the move is killed at any moment, and no office notices."""
import json
import pathlib
import signal
import subprocess
import time
import unittest

from postgres_server import PostgresTest
from wasl_world import World, binary, run_json, seeded

WRITES = 60


class Migration(PostgresTest):
    def worked_on(self):
        """A network with records of two associations, an office whose work is held, and one that was away."""
        world = World()
        self.addCleanup(world.close)
        world.two_associations()
        offices = [world.office("benin", "benin"), world.office("togo", "togo")]
        lost = world.office("lost", "togo")
        for number in range(WRITES):
            offices[number % 2].add("project", f"title=T{number}", "status=pipeline")
        for office in (*offices, *offices, lost):
            self.assertIs(office.sync()["equal"], True)
        device = lost.status()["device"]
        lost.add("project", "title=Found", "status=pipeline")
        world.hub("revoke", device, "--reason", "lost")
        lost.wasl("sync", "--url", world.url)
        self.assertEqual(world.hub("status")["quarantine"]["held"], 1)
        return world, offices

    def migrate(self, world, to):
        return run_json([binary("wasl-hub"), "migrate-store", "--data", str(world.hub_folder), "--json", "--to", to], timeout=120)

    def goes_on(self, world, offices):
        """What was there is there, and new work goes on."""
        world.start_hub()
        self.assertEqual(world.hub("status")["quarantine"]["held"], 1)
        offices[0].add("project", "title=Later", "status=pipeline")
        for office in (*offices, *offices):
            self.assertIs(office.sync()["equal"], True)
            self.assertEqual(office.ok("verify")["problems"], [])
        newcomer = world.office(f"newcomer{len(offices)}", "benin")
        self.assertIs(newcomer.sync()["equal"], True)
        self.assertEqual(newcomer.fingerprint(), offices[0].fingerprint())
        offices.append(newcomer)
        world.stop_hub()

    def proofs(self, world):
        """Positions, roots of heads and digests, as the hub says them."""
        status = world.hub("status")
        return status["heads"], {line["space"]: line["position"] for line in status["spaces"]}

    def test_there_and_back_with_everything(self):
        world, offices = self.worked_on()
        database = self.database("there")
        self.assertEqual(self.migrate(world, database).error["code"], "locked")  # it serves
        world.stop_hub()
        before = self.proofs(world)
        there = self.migrate(world, database)
        self.assertEqual(there.code, 0, there.document)
        self.assertEqual(self.proofs(world), before)
        self.assertFalse((world.hub_folder / "hub.db").exists())
        self.assertTrue(pathlib.Path(there["left"]).exists())
        self.goes_on(world, offices)
        grown = self.proofs(world)
        back = self.migrate(world, "sqlite")
        self.assertEqual(back.code, 0, back.document)
        self.assertEqual(self.proofs(world), grown)
        self.assertTrue((world.hub_folder / "hub.db").exists())
        self.goes_on(world, offices)
        self.assertEqual(self.migrate(world, "sqlite").error["code"], "conflict")  # there already
        # What was left is opened by nobody.
        left = run_json([binary("wasl-hub"), "status", "--data", str(world.hub_folder), "--json", "--store", database])
        self.assertEqual(left.error["code"], "conflict", left.document)
        self.assertIn("moved", left.error["message"])
        self.assertEqual(self.migrate(world, database).error["code"], "conflict")  # in use: kept until somebody drops it
        # And once more, into another: numbers of blocks that were made anew twice.
        self.assertEqual(self.migrate(world, self.database("again")).code, 0)
        self.goes_on(world, offices)

    def killed_again_and_again(self, world, to, seconds):
        """@return how often the move was cut off before it came to its end."""
        dice, kills = seeded(), 0
        while True:  # the first kill comes before anything has moved, later ones anywhere
            process = subprocess.Popen([binary("wasl-hub"), "migrate-store", "--data", str(world.hub_folder), "--json", "--to", to],
                                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            try:
                process.wait(None if kills >= 5 else dice.uniform(0.01, seconds) if kills else 0.01)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
            text = process.stdout.read().decode()
            process.stdout.close()
            if process.returncode != -signal.SIGKILL:
                done = json.loads(text)  # a kill behind the last step leaves nothing to be done
                self.assertTrue(process.returncode == 0 or done["error"]["code"] == "conflict", text)
                return kills
            kills += 1
            self.assertEqual(self.proofs(world), self.before)  # one of the two is in force, and whole

    def test_a_move_that_is_killed_leaves_a_whole_network_and_is_run_again(self):
        world, offices = self.worked_on()
        world.stop_hub()
        self.before = self.proofs(world)
        begun = time.time()
        self.assertEqual(self.migrate(world, self.database("timed")).code, 0)
        took = time.time() - begun
        self.assertEqual(self.migrate(world, "sqlite").code, 0)
        killed = self.killed_again_and_again(world, self.database("killed"), took)
        self.assertEqual(self.proofs(world), self.before)
        killed += self.killed_again_and_again(world, "sqlite", took)
        self.assertEqual(self.proofs(world), self.before)
        self.assertGreater(killed, 1)
        self.goes_on(world, offices)

    def test_a_store_that_does_not_prove_itself_is_not_moved(self):
        world, _ = self.worked_on()
        world.stop_hub()
        subprocess.run(["sqlite3", str(world.hub_folder / "hub.db"),
                        "UPDATE _wasl_entry SET hash = zeroblob(32) WHERE position = 3"], check=True)
        refused = self.migrate(world, self.database("damaged"))
        self.assertEqual(refused.error["code"], "corrupt", refused.document)
        self.assertFalse((world.hub_folder / "store").exists())
        self.assertEqual(self.migrate(world, "mysql://somewhere").error["code"], "invalid_value")


if __name__ == "__main__":
    unittest.main()
