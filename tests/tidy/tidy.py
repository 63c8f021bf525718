#!/usr/bin/env python3
"""Checks of the whole tree that no compiler makes. Prints `path:line: what is wrong` and exits 1 when there is any.

    python3 tests/tidy/tidy.py            # all checks
    python3 tests/tidy/tidy.py --report   # and the longest functions, which never fail

A check is a function from a Tree to problems; tidy_test.py feeds each of them small trees.
"""
import fnmatch
import pathlib
import posixpath
import re
import subprocess
import sys
from dataclasses import dataclass, field

TOP_FOLDERS = ("client", "server", "shared", "schema", "tests")
PURE_ROOMS = ("shared/model", "shared/authority", "shared/attachment", "shared/wire", "shared/ledger", "shared/bundle")
INPUTS = "tests/fuzz/corpus/"  # bytes, also where they look like text
LONG_FUNCTION_LINES = 70


@dataclass(frozen=True, order=True)
class Problem:
    path: str
    line: int
    text: str

    def __str__(self):
        return "%s:%d: %s" % (self.path, self.line, self.text)


@dataclass
class Tree:
    files: dict  # path with forward slashes -> text
    others: set = field(default_factory=set)  # paths of files that are not text

    def matching(self, *patterns):
        for path in sorted(self.files):
            if any(fnmatch.fnmatch(path, pattern) for pattern in patterns):
                yield path, self.files[path]

    def sources(self):
        return self.matching("*.cpp", "*.hpp")

    def exists(self, path):
        path = posixpath.normpath(path)
        everything = set(self.files) | self.others
        if any(mark in path for mark in "*?"):
            return any(fnmatch.fnmatch(one, path) for one in everything)
        return path == "." or path in everything or any(one.startswith(path + "/") for one in everything)


def read_tree(root):
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"],
                            capture_output=True, check=False)
    if listed.returncode == 0:
        paths = [one for one in listed.stdout.decode().split("\0") if one]
    else:  # an unpacked archive
        paths = [str(one.relative_to(root)) for one in root.rglob("*")
                 if one.is_file() and not one.relative_to(root).parts[0] in ("build", ".git", ".cache")]
    tree = Tree({})
    for path in paths:
        try:
            data = (root / path).read_bytes()
        except FileNotFoundError:  # deleted, not yet committed
            continue
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = None
        if text is None or path.startswith(INPUTS):
            tree.others.add(path)
        else:
            tree.files[path] = text
    return tree


_TOKENS = re.compile(
    r'R"(?P<mark>[^\s()\\]{0,16})\(.*?\)(?P=mark)"'  # raw string
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"  # not the ' of 1'000
    r"|//[^\n]*|/\*.*?\*/", re.DOTALL)


def bare(text):
    """C++ without what stands in comments and strings, line for line."""
    def blank(match):
        found = match.group(0)
        if found.startswith(("//", "/*")):
            return re.sub(r"[^\n]", " ", found)
        return '"' + re.sub(r"[^\n]", " ", found[1:-1]) + '"'
    return _TOKENS.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


# ── Rooms and includes ──

_ROOM = re.compile(r"\bwasl_room\s*\(\s*(\w+)([^)]*)\)")
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def rooms(tree):
    """Folder -> (name, names of the rooms it may include)."""
    found = {"schema": ("schema", set())}
    for path, text in tree.matching("*/CMakeLists.txt"):
        text = re.sub(r"#[^\n]*", "", text)
        for name, rest in _ROOM.findall(text):
            words, uses, taking = rest.split(), set(), False
            for word in words:
                if word in ("USES", "LIBRARIES"):
                    taking = word == "USES"
                elif taking:
                    uses.add(word)
            found[posixpath.dirname(path)] = (name, uses)
    return found


def check_arrows(tree):
    known = rooms(tree)

    def folder_of(path):
        folder = posixpath.dirname(path)
        while folder and folder not in known:
            folder = posixpath.dirname(folder)
        return folder or None

    for path, text in tree.sources():
        if path.startswith("tests/"):
            continue
        for match in _INCLUDE.finditer(text):
            target, line = match.group(2), line_of(text, match.start(1))
            top, target_top = path.split("/")[0], target.split("/")[0]
            if target_top not in TOP_FOLDERS:
                continue
            if (top == "client" and target_top == "server") or (top == "server" and target_top == "client"):
                yield Problem(path, line, "%s never includes %s" % (top, target_top))
                continue
            if top in ("shared", "schema") and target_top in ("client", "server"):
                yield Problem(path, line, "%s never includes %s" % (top, target_top))
                continue
            if target_top == "tests":
                yield Problem(path, line, "only tests include tests")
                continue
            here, there = folder_of(path), folder_of(target)
            if here is None or there is None or here == there:
                continue
            name, uses = known[here]
            if known[there][0] not in uses:
                yield Problem(path, line, "room %s may not include room %s (USES in %s/CMakeLists.txt)" %
                              (name, known[there][0], here))


def check_pure_rooms(tree):
    forbidden_headers = re.compile(r"boost/|sqlite3\.h$|sodium(\.h$|/)|thread$|mutex$|random$")
    forbidden_calls = re.compile(r"\bsystem_clock\s*::\s*now\b|\brandom_device\b|\bsteady_clock\s*::\s*now\b")
    for path, text in tree.sources():
        if not path.startswith(tuple(room + "/" for room in PURE_ROOMS)):
            continue
        for match in _INCLUDE.finditer(text):
            if match.group(1) == "<" and forbidden_headers.match(match.group(2)):
                yield Problem(path, line_of(text, match.start(1)), "a pure room never includes <%s>" % match.group(2))
        code = bare(text)
        for match in forbidden_calls.finditer(code):
            yield Problem(path, line_of(code, match.start()), "a pure room never asks for %s" % match.group(0))


def check_costly_headers(tree):
    """Headers that cost seconds a file stay in .cpp files; Beast stays in shared/net."""
    costly = re.compile(r"(nlohmann/json\.hpp$|CLI/|spdlog/|toml\+\+/|prometheus/|boost/beast)")
    for path, text in tree.sources():
        for match in _INCLUDE.finditer(text):
            target, line = match.group(2), line_of(text, match.start(1))
            if path.endswith(".hpp") and costly.match(target):
                yield Problem(path, line, "<%s> costs seconds a file: only in .cpp" % target)
            if target.startswith("boost/beast") and not path.startswith("shared/net/"):
                yield Problem(path, line, "Beast is for shared/net only")


# ── Words ──

def check_words(tree):
    unfinished = re.compile(r"\b(%s)\b" % "|".join(("FIX" "ME", "TO" "DO")))
    swallowed = re.compile(r"catch\s*\(\s*\.\.\.\s*\)\s*\{\s*\}")
    for path, text in tree.matching("*.cpp", "*.hpp", "*.py", "*.md", "*.cmake", "*CMakeLists.txt", "tests/*"):
        for match in unfinished.finditer(text):
            yield Problem(path, line_of(text, match.start()), "%s: finish it or open an issue" % match.group(0))
    for path, text in tree.sources():
        code = bare(text)
        for match in re.finditer(r"\bdetached\b", code):
            yield Problem(path, line_of(code, match.start()), "detached swallows exceptions: give a handler")
        for match in swallowed.finditer(code):
            yield Problem(path, line_of(code, match.start()), "an empty catch hides every error")


def check_database_words(tree):
    """What poolers or distributed kinds of PostgreSQL lack, or give to another session (server/README.md)."""
    lacking = re.compile(
        r"\b(pg_(try_)?advisory\w*|LISTEN|NOTIFY|pg_notify|(?:SMALL|BIG)?SERIAL|nextval|SEQUENCE|TRIGGER|EXCLUDE|DEFERRABLE|INHERITS"
        r"|LOCK TABLE|TEMP|TEMPORARY|WITH HOLD|ctid|CREATE (?:OR REPLACE )?FUNCTION|GENERATED|TABLESAMPLE|DISCARD)\b"
        r'|\("SET (?!LOCAL\b)[A-Za-z_]+|\("(?:PREPARE|DEALLOCATE|LOAD) ')
    for path, text in tree.matching("server/store/postgres_*.cpp", "server/migration/postgres_*.cpp"):
        code = _TOKENS.sub(lambda one: re.sub(r"[^\n]", " ", one[0]) if one[0].startswith(("//", "/*")) else one[0], text)
        for match in lacking.finditer(code):
            yield Problem(path, line_of(code, match.start()), "not every PostgreSQL has this for us: %s" % match.group(0).strip('("'))


def check_whitespace(tree):
    for path, text in sorted(tree.files.items()):
        if path == "LICENSE":
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip():
                yield Problem(path, number, "whitespace at the end of the line")


def check_merges(tree):
    """A merge that was committed before it was finished."""
    marks = re.compile(r"^(<{7}|>{7}) ", re.MULTILINE)
    for path, text in sorted(tree.files.items()):
        for match in marks.finditer(text):
            yield Problem(path, line_of(text, match.start()), "left over from a merge")


def check_machine_paths(tree):
    folders = "|".join(("work", "home", "root", "tmp", "Users"))
    absolute = re.compile(r"(?<![\w.$}/-])/(%s)(/|\b)" % folders)
    for path, text in sorted(tree.files.items()):
        for match in absolute.finditer(text):
            yield Problem(path, line_of(text, match.start()), "%s: a path of one machine" % match.group(0))


# ── Documents and lists ──

_LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
_CODE = re.compile(r"`([^`\n]+)`")


def check_documents(tree):
    """Every path that a document names exists: link targets, and `code` that begins with a top folder."""
    for path, text in tree.matching("*.md"):
        folder = posixpath.dirname(path)
        for match in _LINK.finditer(text):
            target = match.group(1)
            if "://" in target or target.startswith("mailto:"):
                continue
            if not tree.exists(posixpath.join(folder, target)):
                yield Problem(path, line_of(text, match.start()), "link to %s, which does not exist" % target)
        for match in _CODE.finditer(text):
            for word in match.group(1).split():
                word = word.rstrip(".,;:")
                if not word.startswith(tuple(top + "/" for top in TOP_FOLDERS)):
                    continue
                # Names to be filled in and spaces such as section/<id> are no paths.
                if re.search(r"[<>{}$#=]|\b[A-Z]{2,}\b(?!\.md)", word) or word.count("/") > 8:
                    continue
                if not (tree.exists(word) or tree.exists(posixpath.join(folder, word))):
                    yield Problem(path, line_of(text, match.start()), "%s does not exist" % word)


def check_tests_are_built(tree):
    """A test file in a folder that no wasl_tests() names would never run."""
    text = tree.files.get("tests/CMakeLists.txt", "")
    folders = {"tests/" + name for name in re.findall(r"^\s*wasl_tests\s*\(\s*(\w+)", text, re.MULTILINE)}
    for path, _ in tree.matching("tests/*_test.cpp"):
        if posixpath.dirname(path) not in folders:
            yield Problem(path, 1, "is in no folder that tests/CMakeLists.txt builds, so it never runs")
    for path, _ in tree.matching("tests/*_test.py"):
        if path.count("/") != 2:
            yield Problem(path, 1, "tests/run looks for Python tests one folder below tests/")


# ── Coroutines ──

_BLOCK_WORDS = {"else", "do", "try", "mutable", "noexcept", "const", "override", "final"}


def _word_before(code, at):
    match = re.search(r"(\w+)\s*$", code[max(0, at - 80):at])
    return match.group(1) if match else ""


def _statement_around(code, at):
    """The statement with the co_await at `at`. @return its text and whether it stands in a braced temporary."""
    begin, braced = at, False
    while begin > 0:
        mark = code[begin - 1]
        if mark in ";}":
            break
        if mark == "{":
            word = _word_before(code, begin - 1)
            braced = bool(word) and word not in _BLOCK_WORDS
            break
        begin -= 1
    end, parens, braces = at, 0, 0
    while end < len(code):
        mark = code[end]
        if mark in "([":
            parens += 1
        elif mark in ")]":
            parens -= 1
        elif mark == "{":
            if braces == 0 and parens < 0 and code[:end].rstrip().endswith(")"):
                break  # the block of an if, for or while whose condition awaits
            braces += 1
        elif mark == "}":
            if braces == 0:
                break
            braces -= 1
        elif mark == ";" and braces == 0 and parens <= 0:
            break
        end += 1
    return code[begin:end], braced


def check_awaits(tree):
    """g++ 12 destroys twice what these three forms make in a statement with co_await."""
    lambda_with_captures = re.compile(r"(?<![\w\])])\s*\[[^\]\[]+\]\s*[({]")
    temporary = re.compile(r"(?:[\w>(,=]|\breturn)\s*\{")
    for path, text in tree.sources():
        code = bare(text)
        if "co_await" not in code:
            continue
        code = re.sub(r"^[ \t]*#[^\n]*", lambda found: " " * len(found.group(0)), code, flags=re.MULTILINE)
        for match in re.finditer(r"\bco_await\b", code):
            statement, braced = _statement_around(code, match.start())
            line = line_of(code, match.start())
            if braced or temporary.search(statement):
                yield Problem(path, line, "a braced temporary beside co_await: name it on the line before")
            if lambda_with_captures.search(" " + statement):
                yield Problem(path, line, "a capturing lambda beside co_await: name it on the line before")
            if "?" in statement:
                yield Problem(path, line, "?: beside co_await: name its result on the line before")


# ── Functions, reported only ──

_FUNCTION = re.compile(r"^(?!\s*(?:namespace|class|struct|enum|union|extern)\b)[^\n;{}#]*\b(~?\w+)\s*\([^;{}]*\)"
                       r"[^;{}()]*(?::[^;]*?)?\{[ \t]*\n", re.MULTILINE)


def long_functions(tree):
    """(lines, path, line, name), longest first. By indentation, so good enough to look at, not to fail on."""
    out = []
    for path, text in tree.sources():
        code = bare(text)
        for match in _FUNCTION.finditer(code):
            if match.group(1) in ("if", "for", "while", "switch", "catch", "TEST", "TEST_F"):
                continue
            depth, at = 1, match.end()
            while at < len(code) and depth:
                depth += {"{": 1, "}": -1}.get(code[at], 0)
                at += 1
            first = line_of(code, match.start(1))
            lines = line_of(code, at) - first + 1
            if lines > LONG_FUNCTION_LINES:
                out.append((lines, path, first, match.group(1)))
    return sorted(out, reverse=True)


CHECKS = (check_arrows, check_pure_rooms, check_costly_headers, check_words, check_database_words, check_whitespace, check_merges,
          check_machine_paths, check_documents, check_tests_are_built, check_awaits)


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    tree = read_tree(root)
    failed = 0
    for check in CHECKS:
        problems = sorted(set(check(tree)))
        for problem in problems:
            print(problem)
        failed += bool(problems)
        print("%-22s %s" % (check.__name__.removeprefix("check_").replace("_", " "),
                            "%d to mend" % len(problems) if problems else "ok"))
    long = long_functions(tree)
    print("functions above %d lines: %d" % (LONG_FUNCTION_LINES, len(long)))
    if "--report" in sys.argv[1:]:
        for lines, path, line, name in long:
            print("  %4d  %s:%d %s" % (lines, path, line, name))
    print("tidy: %d passed, %d failed" % (len(CHECKS) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
