"""Root keys, statements carried by hand, a log key that changes while offices sleep."""
import json
import os
import stat
import subprocess
import unittest

from wasl_world import WorldTest, binary, run_json


class Roots(WorldTest):
    def root(self, *arguments, code=0):
        answer = run_json([binary("wasl-hub"), "root", *map(str, arguments), "--json"])
        self.assertEqual(answer.code, code, answer.document)
        return answer.document

    def make_root(self, name):
        path = self.world.folder / (name + ".key")
        made = self.root("make", "--out", path, "--plain", "--words", name)
        return path, made["public"]

    def draft(self, *arguments):
        path = self.world.folder / ("next-%d.statement" % len(list(self.world.folder.glob("next-*"))))
        self.root("statement", "--data", self.world.hub_folder, "--out", path, *arguments)
        return path

    def found_by_two_of_three(self):
        keys = [self.make_root(name) for name in ("anna", "bashir", "chen")]
        self.world.hub("init", "--name", "World network", "--threshold", "2",
                       *[word for _, public in keys for word in ("--root", public)])
        first = self.world.hub_folder / "first.statement"
        waiting = run_json([binary("wasl-hub"), "status", "--data", str(self.world.hub_folder), "--json"])
        self.assertEqual(waiting.code, 1)
        self.assertIn("root place", waiting.error["hint"])
        self.assertFalse(self.root("sign", first, "--key", keys[0][0])["complete"])
        self.assertEqual(self.root("place", first, "--data", self.world.hub_folder, code=1)["error"]["code"],
                         "unauthorised")
        self.assertTrue(self.root("sign", first, "--key", keys[2][0])["complete"])
        self.assertEqual(self.root("place", first, "--data", self.world.hub_folder)["number"], 1)
        self.world.start_hub()
        self.world.organisation("benin")
        return keys

    def rotate(self, *signers):
        key = self.root("log-key", "--data", self.world.hub_folder)["public"]
        path = self.draft("--log-key", key)
        for signer in signers:
            self.root("sign", path, "--key", signer)
        self.root("place", path, "--data", self.world.hub_folder)
        return key

    def test_a_root_key_is_sealed_for_its_owner_alone(self):
        words = self.world.folder / "words"
        words.write_text("correct horse battery\n")
        path = self.world.folder / "sealed.key"
        made = self.root("make", "--out", path, "--passphrase-file", words)
        self.assertTrue(made["sealed"])
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(self.root("make", "--out", path, "--plain", code=1)["error"]["code"], "conflict")
        no_terminal = subprocess.run([binary("wasl-hub"), "root", "make", "--out", str(path) + "2", "--json"],
                                     stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True)
        self.assertEqual(no_terminal.returncode, 1)
        self.assertIn("--passphrase-file", json.loads(no_terminal.stdout)["error"]["hint"])

    def test_a_log_key_changes_twice_while_an_office_sleeps(self):
        keys = self.found_by_two_of_three()
        awake = self.world.office("awake", "benin")
        asleep = self.world.office("asleep", "benin")
        daemon = awake.daemon()
        invitation = self.world.invite("benin")
        for number in range(2):
            new = self.rotate(keys[0][0], keys[1][0])
            self.assertEqual(self.world.hub("status")["log_key"], new)
            awake.add("need", "title=Wells %d" % number)
        self.assertIsNone(daemon.poll(), "the daemon's session went on")
        daemon.terminate()
        daemon.wait(20)
        asleep.add("need", "title=While asleep")
        self.sync_all(asleep, awake, asleep)
        self.assertEqual(asleep.fingerprint(), awake.fingerprint())
        self.assertEqual(asleep.value("SELECT count(*) FROM need"), 3)
        for office in (awake, asleep):
            self.assertEqual(office.ok("verify")["problems"], [])
            self.assertNotIn("evidence", "".join(office.ok("verify")["statements"]))
        self.world.stop_hub()
        self.world.start_hub()
        late = self.world.folder / "late"
        answer = run_json([binary("wasl"), "join", "--data", str(late), "--json", invitation])
        self.assertEqual(answer.code, 0, answer.document)
        self.assertIs(awake.sync()["equal"], True)

    def test_statements_need_the_roots_before_them_too(self):
        keys = self.found_by_two_of_three()
        _, new = self.make_root("dede")
        path = self.draft("--remove-root", keys[2][1], "--add-root", new, "--threshold", "1")
        shown = self.root("sign", path, "--key", self.world.folder / "dede.key")
        self.assertTrue(shown["roots"]["complete"])
        self.assertFalse(shown["roots_before"]["complete"])
        self.assertTrue(any("removes the root key " + keys[2][1][:12] in line for line in shown["changes"]), shown)
        self.root("place", path, "--data", self.world.hub_folder, code=1)
        stranger, _ = self.make_root("stranger")
        self.assertEqual(self.root("sign", path, "--key", stranger, code=1)["error"]["code"], "unauthorised")
        self.root("sign", path, "--key", keys[0][0])
        self.assertTrue(self.root("sign", path, "--key", keys[2][0])["complete"])
        self.assertEqual(self.root("place", path, "--data", self.world.hub_folder)["number"], 2)
        self.assertEqual(self.world.hub("status")["statement"]["threshold"], 1)

    def test_the_machine_says_which_keys_lie_on_it(self):
        self.world.init_hub()
        self.world.organisation("benin")
        office = self.world.office("benin", "benin")
        said = "\n".join(self.world.hub("status")["keys"])
        self.assertIn("A root key lies here", said)
        told = "\n".join(office.ok("verify")["statements"])
        self.assertIn("a root key lies on its machine", told)
        self.assertIn("a registrar's key lies on its machine", told)
        (self.world.hub_folder / "keys" / "root.key").rename(self.world.folder / "root.key")
        office.sync()
        self.assertNotIn("A root key lies here", "\n".join(self.world.hub("status")["keys"]))
        self.assertNotIn("a root key lies", "\n".join(office.status()["keys"]))


if __name__ == "__main__":
    unittest.main()
