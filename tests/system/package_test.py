"""The Debian packages: what is in them, that lintian has nothing to say, and that they come and go in a clean root."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from wasl_world import ROOT, binary

BUILD = pathlib.Path(os.environ.get("WASL_BUILD", ROOT / "build" / "release"))
PROGRAMS = ("wasl", "wasl-hub")


def run(*arguments, timeout=300, **options):
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, text=True, **options)
    if done.returncode != 0:
        raise AssertionError(f"{arguments} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


class Pages(unittest.TestCase):
    """What the programs print about themselves."""

    def test_man_has_nothing_to_say_of_the_pages(self):
        for program in PROGRAMS:
            page = run(binary(program), "manual")
            said = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", "-"], input=page, text=True,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60, check=True,
                                  env=dict(os.environ, LC_ALL="C.UTF-8", MANWIDTH="100")).stderr
            self.assertEqual(said, "", program)

    def completed(self, program, line):
        """What bash offers at the end of a line."""
        script = r'''
          source <("$1" completion bash)
          COMP_WORDS=($2 ''); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
          [[ $2 == *' ' ]] || { COMP_CWORD=$((COMP_CWORD - 1)); }
          "_${3//-/_}"; printf '%s\n' "${COMPREPLY[@]}"'''
        return run("bash", "-c", script, "bash", binary(program), line, program).split()

    def test_bash_finishes_words(self):
        self.assertEqual(self.completed("wasl", "wasl budg"), ["budget"])
        self.assertEqual(self.completed("wasl", "wasl bundle "), ["export", "import", "inspect", "-h", "--help"])
        self.assertEqual(self.completed("wasl", "wasl budget --metered "), ["yes", "auto", "no"])
        self.assertEqual(self.completed("wasl", "wasl join --language "), [])  # bash offers files then
        self.assertIn("--space", self.completed("wasl", "wasl list project --data office --sp"))
        self.assertEqual(self.completed("wasl-hub", "wasl-hub revoke --reason c"), ["compromised"])

    def test_fish_and_zsh_take_their_scripts(self):
        with tempfile.TemporaryDirectory() as folder:
            for program in PROGRAMS:
                zsh = pathlib.Path(folder, "_" + program)
                zsh.write_text(run(binary(program), "completion", "zsh"))
                run("zsh", "--no-exec", str(zsh))
                fish = pathlib.Path(folder, program + ".fish")
                fish.write_text(run(binary(program), "completion", "fish"))
                offered = run("fish", "--no-config", "--command",
                              f"source {fish}; complete -C '{program} bundle '", env=dict(os.environ, HOME=folder))
                self.assertIn("inspect", offered, program)
            offered = run("fish", "--no-config", "--command",
                          f"source {folder}/wasl.fish; complete -C 'wasl budget --metered '",
                          env=dict(os.environ, HOME=folder))
            self.assertEqual([line.split("\t")[0] for line in offered.splitlines()], ["auto", "no", "yes"])


@unittest.skipUnless(os.geteuid() == 0, "needs root: packages are installed in a folder of their own")
class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="wasl-packages-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        run("cpack", "--config", str(BUILD / "CPackConfig.cmake"), "-B", str(cls.folder))
        cls.files = {name: next(cls.folder.glob(f"{name}_*.deb")) for name in PROGRAMS}

    def test_lintian_has_nothing_to_say(self):
        said = run("lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0",
                   *map(str, self.files.values()))
        self.assertEqual([line for line in said.splitlines() if line[:2] in ("E:", "W:")], [])

    def test_each_holds_its_program_and_nothing_of_the_other(self):
        for name, file in self.files.items():
            inside = {line.split()[5] for line in run("dpkg-deb", "--contents", str(file)).splitlines()}
            for path in (f"./usr/bin/{name}", f"./usr/share/man/man1/{name}.1.gz",
                         f"./usr/share/bash-completion/completions/{name}", f"./lib/systemd/system/{name}.service",
                         f"./etc/{name}/{'hub' if name == 'wasl-hub' else 'wasl'}.toml"):
                self.assertIn(path, inside)
            self.assertEqual("./usr/lib/wasl/wasl-text" in inside, name == "wasl")
            other = PROGRAMS[1 - PROGRAMS.index(name)]
            self.assertNotIn(f"./usr/bin/{other}", inside)

    def test_they_come_and_go_in_a_clean_root(self):
        root = self.folder / "root"
        depends = ", ".join(run("dpkg-deb", "--field", str(file), "Depends").strip() for file in self.files.values())
        needed = sorted({one.split()[0] for one in depends.split(", ")})
        run("mmdebstrap", "--variant=apt", "--mode=root", "--include=" + ",".join(needed), "bookworm", str(root),
            timeout=600)
        for file in self.files.values():
            shutil.copy(file, root / "var/tmp")
        inside = dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C.UTF-8", PATH="/usr/sbin:/usr/bin:/sbin:/bin")
        before = self.installed(root)
        # Refuses what the control file does not name.
        run("chroot", str(root), "dpkg", "--install", *(f"/var/tmp/{file.name}" for file in self.files.values()), env=inside)
        for program in PROGRAMS:
            self.assertRegex(run("chroot", str(root), program, "--version"), rf"^{program} \d+\.\d+")
        # The first things that a secretariat does: with the service's own user, folder and settings.
        data = "/var/lib/wasl-hub"
        run("chroot", str(root), "install", "-d", "-o", "wasl-hub", "-g", "wasl-hub", "-m", "0700", data)
        run("chroot", str(root), "setpriv", "--reuid=wasl-hub", "--regid=wasl-hub", "--clear-groups",
            "wasl-hub", "init", "--config", "/etc/wasl-hub/hub.toml", "--data", data, "--name", "Trial", env=inside)
        run("chroot", str(root), "dpkg", "--purge", *PROGRAMS, env=inside)
        left = [path for path in ("usr/bin/wasl", "usr/bin/wasl-hub", "usr/share/doc/wasl", "etc/wasl-hub/hub.toml",
                                  "lib/systemd/system/wasl.service") if (root / path).exists()]
        self.assertEqual(left, [])
        self.assertTrue((root / "var/lib/wasl-hub/hub.db").exists(), "a network's data outlives its program")
        self.assertFalse(set(PROGRAMS) & self.installed(root))
        self.assertLessEqual(before, self.installed(root))

    @staticmethod
    def installed(root):
        listed = run("dpkg-query", "--admindir", str(root / "var/lib/dpkg"), "--show",
                     "--showformat", "${Package} ${db:Status-Status}\n")
        return {line.split()[0] for line in listed.splitlines() if line.endswith(" installed")}


if __name__ == "__main__":
    unittest.main()
