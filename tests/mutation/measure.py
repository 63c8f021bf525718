#!/usr/bin/env python3
"""Changes one place of the merge or authority code at a time and asks whether a test notices. See tests/mutation/run.

Each mutant is compiled alone and linked before the rooms' libraries, so that it is taken instead of the real one.
"""
import argparse
import json
import os
import pathlib
import random
import resource
import shlex
import subprocess
import sys
import tempfile
import time

from mutants import mutants_of

BUILD = pathlib.Path("build/debug")
WORK = BUILD / "mutation"
SOURCES = ("shared/model/record_state.cpp", "shared/authority/authorise.cpp", "shared/authority/authority_state.cpp",
           "shared/authority/acts.cpp", "shared/authority/statement.cpp", "shared/authority/invitation.cpp")
EQUIVALENT = pathlib.Path(__file__).parent / "equivalent.txt"
LEAST_SCORE = 80
# One random network of judge_network_test is enough, and takes as long as all the rest.
SURROUNDINGS = dict(os.environ, RC_PARAMS="seed=1 max_success=100", GTEST_FILTER="-*RandomNetwork*/1:*RandomNetwork*/2")
MEMORY_BYTES = 2 << 30  # a loop without an end is not to take the machine with it


def equivalents():
    """Mutants that no test can tell from the original, each with its reason: path, `-` line, `+` line, words."""
    out = set()
    for block in EQUIVALENT.read_text(encoding="utf-8").split("\n\n"):
        lines = [line.strip() for line in block.strip().split("\n") if not line.startswith("#")]
        if len(lines) > 3 and lines[1].startswith("- ") and lines[2].startswith("+ "):
            out.add((lines[0], lines[1][2:].strip(), lines[2][2:].strip()))
        elif lines and lines != [""]:
            sys.exit("%s: a block is path, - line, + line and the reason: %s" % (EQUIVALENT, lines[0]))
    return out


class Program:
    """wasl_mutation with one source exchanged."""

    def __init__(self):
        entries = json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8"))
        self.compilers = {os.path.relpath(entry["file"]): entry["command"] for entry in entries}
        commands = subprocess.run(["ninja", "-C", str(BUILD), "-t", "commands", "wasl_mutation"], check=True,
                                  capture_output=True, text=True).stdout.splitlines()
        self.linker = commands[-1]
        WORK.mkdir(exist_ok=True)

    def build(self, path, text):
        """@return whether it compiles"""
        source, made, program = (WORK / name for name in ("mutant.cpp", "mutant.o", "program"))
        source.write_text(text, encoding="utf-8")
        command = [one for one in shlex.split(self.compilers[path]) if one not in ("ccache", "-Werror")]
        command[command.index("-o") + 1] = str(made.absolute())
        command[command.index("-c") + 1] = str(source.absolute())
        if subprocess.run(command + ["-w"], cwd=BUILD, capture_output=True, check=False).returncode != 0:
            return False
        link = self.linker.replace("-o bin/wasl_mutation", "-o mutation/program mutation/mutant.o")
        subprocess.run(link, shell=True, cwd=BUILD, check=True, capture_output=True)
        return program.exists()

    @staticmethod
    def passes(seconds):
        def bounded():
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # Hubs and offices in memory where there is a folder for it; a crash leaves them behind.
        with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
            try:
                return subprocess.run([str(WORK / "program"), "--gtest_fail_fast"], timeout=seconds, check=False,
                                      capture_output=True, preexec_fn=bounded,
                                      env=dict(SURROUNDINGS, TMPDIR=folder)).returncode == 0
            except subprocess.TimeoutExpired:
                return False


def chosen(options):
    known = equivalents()
    every = [mutant for path in SOURCES if options.file in path
             for mutant in mutants_of(path, pathlib.Path(path).read_text(encoding="utf-8"))]
    real = [mutant for mutant in every if mutant.change not in known]
    print("%d mutants, %d more are known to be equivalent; seed %d" % (len(real), len(every) - len(real), options.seed))
    random.Random(options.seed).shuffle(real)
    return real[:options.sample]


def main():
    parser = argparse.ArgumentParser(description="Mutation score of merge and authority.")
    parser.add_argument("--seconds", type=float, default=900, help="stop after this time (900)")
    parser.add_argument("--sample", type=int, help="at most so many mutants")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="which of them")
    parser.add_argument("--file", default="", help="only sources with this in their path")
    options = parser.parse_args()
    program = Program()
    started = time.monotonic()
    first = SOURCES[0]
    if not program.build(first, pathlib.Path(first).read_text(encoding="utf-8")) or not program.passes(600):
        sys.exit("the tests fail without any mutant: build/debug/bin/wasl_mutation")
    patience = 10 + 5 * (time.monotonic() - started)
    killed, survived = {}, {}
    for mutant in chosen(options):
        if time.monotonic() - started > options.seconds:
            break
        lines = pathlib.Path(mutant.path).read_text(encoding="utf-8").split("\n")
        lines[mutant.line - 1] = mutant.now
        if not program.build(mutant.path, "\n".join(lines)):
            continue
        lives = program.passes(patience)
        (survived if lives else killed).setdefault(mutant.path, []).append(mutant)
        if lives:
            print("survived %s" % mutant, flush=True)
    return report(killed, survived)


def report(killed, survived):
    print("%-40s %7s %9s %7s" % ("file", "killed", "survived", "score"))
    for path in sorted(set(killed) | set(survived)):
        dead, alive = len(killed.get(path, [])), len(survived.get(path, []))
        print("%-40s %7d %9d %6.1f%%" % (path, dead, alive, 100.0 * dead / (dead + alive)))
    dead, alive = sum(map(len, killed.values())), sum(map(len, survived.values()))
    score = 100.0 * dead / max(1, dead + alive)
    print("mutation score: %.1f%% of %d, at least %d%%" % (score, dead + alive, LEAST_SCORE))
    return 0 if score >= LEAST_SCORE else 1


if __name__ == "__main__":
    sys.exit(main())
