"""What programs are told: by a file, the environment and flags; what is wrong in it is named with its place."""
import os
import subprocess
import unittest

from wasl_world import WorldTest, binary, run_json


def run(*arguments, env=None):
    return subprocess.run(list(map(str, arguments)), capture_output=True, text=True, timeout=30,
                          env={**os.environ, **(env or {})})


class SettingsOfPrograms(WorldTest):
    def file(self, text, name="hub.toml"):
        path = self.world.folder / name
        path.write_text(text)
        return path

    def test_a_hub_and_an_office_go_by_a_file(self):
        world = self.world
        world.two_associations()
        benin = world.office("benin", "benin")
        benin.add("project", "reference=WTR-1")
        world.stop_hub()
        # Paths are taken from the file's folder.
        hub = self.file(f'data = "hub"\nlisten = "127.0.0.1:{world.port}"\n')
        log = open(world.folder / "hub.log", "ab")
        self.addCleanup(log.close)
        process = subprocess.Popen([binary("wasl-hub"), "serve", "--config", str(hub), "--json"], stdout=subprocess.PIPE, stderr=log)
        world.processes.append(process)
        self.assertIn(str(world.port), process.stdout.readline().decode())
        self.assertTrue(run_json([binary("wasl-hub"), "status", "--config", str(hub), "--json"])["serving"])
        office = self.file(f'data = "benin"\nurl = "{world.url}"\n', "office.toml")
        done = run_json([binary("wasl"), "sync", "--config", str(office), "--json"])
        self.assertEqual(done.document.get("equal"), True, done.document)
        # The environment names the file, or says it all; a flag wins over both.
        self.assertEqual(run(binary("wasl"), "status", env={"WASL_CONFIG": str(office)}).returncode, 0)
        self.assertEqual(run(binary("wasl-hub"), "key", env={"WASL_DATA": str(world.hub_folder)}).returncode, 0)
        lost = run(binary("wasl-hub"), "key", "--config", hub, "--data", world.folder / "nothing")
        self.assertIn("there is no network in", lost.stderr)

    def test_every_setting_is_explained_and_what_is_printed_is_a_file(self):
        for program in ("wasl-hub", "wasl"):
            printed = run(binary(program), "config")
            self.assertEqual(printed.returncode, 0, printed.stderr)
            again = run(binary(program), "config", "--config", self.file(printed.stdout))
            self.assertEqual(again.stdout, printed.stdout)
            document = run_json([binary(program), "config", "--json"])
            for setting in document["settings"]:
                name = setting["name"].rsplit(".", 1)[-1]
                self.assertRegex(printed.stdout, rf"(?m)^(# )?{name} = ")
                self.assertIn(setting["explanation"], printed.stdout)

    def test_what_is_wrong_is_named_with_its_place(self):
        for program in ("wasl-hub", "wasl"):
            path = self.file('data = 3\n\n[tls]\nnonsense = "x"\n')
            wrong = run_json([binary(program), "status", "--config", str(path), "--json"])
            self.assertEqual(wrong.code, 1)
            self.assertIn(f"{path}:1:8: data is a path in quotation marks", wrong.error["message"])
            self.assertIn(f"{path}:4:1: there is no setting 'tls.nonsense'", wrong.error["message"])
        torn = run_json([binary("wasl-hub"), "status", "--config", str(self.file("listen = ")), "--json"])
        self.assertIn("hub.toml:1:", torn.error["message"])
        self.assertEqual(run(binary("wasl-hub"), "status").returncode, 2)

    def test_plain_text_on_an_open_network_has_to_be_meant(self):
        world = self.world
        world.two_associations()
        serve = [binary("wasl-hub"), "serve", "--data", world.hub_folder, "--listen", "0.0.0.0:0"]
        refused = run(*serve)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("--plain-text-on-an-open-network", refused.stderr)
        # It gets as far as the folder, which another hub holds.
        self.assertIn("serves this folder already", run(*serve, "--plain-text-on-an-open-network").stderr)
        benin = world.office("benin", "benin")
        away = ["--url", "ws://192.0.2.1:7707"]
        self.assertIn("everybody on the way", benin.wasl("sync", *away).error["message"])
        self.assertIn("everybody on the way", run(binary("wasl"), "daemon", "--data", benin.folder, *away).stderr)


if __name__ == "__main__":
    unittest.main()
