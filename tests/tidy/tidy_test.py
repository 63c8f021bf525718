#!/usr/bin/env python3
"""Each check of tidy.py on small trees: what it must find, and what it must leave alone."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import tidy  # noqa: E402


def found(check, files):
    return ["%s:%d" % (one.path, one.line) for one in check(tidy.Tree(files))]


ROOMS = {
    "shared/base/CMakeLists.txt": "wasl_room(base)\n",
    "shared/model/CMakeLists.txt": "wasl_room(model USES base LIBRARIES json)\n",
    "shared/net/CMakeLists.txt": "# wasl_room(other USES model)\nwasl_room(net USES base)\n",
    "client/cli/CMakeLists.txt": "wasl_room(cli\n  USES base model\n  LIBRARIES CLI11)\n",
}


class Arrows(unittest.TestCase):
    def check(self, path, include):
        return found(tidy.check_arrows, {**ROOMS, path: '#pragma once\n#include "%s"\n' % include})

    def test_a_room_includes_itself_and_what_it_uses(self):
        self.assertEqual(self.check("shared/model/a.hpp", "shared/model/b.hpp"), [])
        self.assertEqual(self.check("shared/model/a.hpp", "shared/base/b.hpp"), [])
        self.assertEqual(self.check("client/cli/deep/a.cpp", "shared/model/b.hpp"), [])

    def test_a_room_includes_nothing_else(self):
        self.assertEqual(self.check("shared/base/a.hpp", "shared/model/b.hpp"), ["shared/base/a.hpp:2"])
        self.assertEqual(self.check("shared/net/a.hpp", "shared/model/b.hpp"), ["shared/net/a.hpp:2"])

    def test_libraries_are_no_rooms(self):
        self.assertEqual(tidy.rooms(tidy.Tree(ROOMS))["shared/model"], ("model", {"base"}))

    def test_client_and_server_never_meet(self):
        self.assertEqual(self.check("client/cli/a.cpp", "server/hub/b.hpp"), ["client/cli/a.cpp:2"])
        self.assertEqual(self.check("server/hub/a.cpp", "client/cli/b.hpp"), ["server/hub/a.cpp:2"])
        self.assertEqual(self.check("shared/base/a.cpp", "client/cli/b.hpp"), ["shared/base/a.cpp:2"])

    def test_only_tests_include_tests(self):
        self.assertEqual(self.check("client/cli/a.cpp", "tests/support/b.hpp"), ["client/cli/a.cpp:2"])
        self.assertEqual(self.check("tests/unit/a_test.cpp", "tests/support/b.hpp"), [])


class PureRooms(unittest.TestCase):
    def check(self, path, text):
        return found(tidy.check_pure_rooms, {path: text})

    def test_no_sockets_database_keys_or_threads(self):
        for header in ("boost/asio.hpp", "sqlite3.h", "sodium.h", "thread"):
            self.assertEqual(self.check("shared/wire/a.cpp", "#include <%s>\n" % header), ["shared/wire/a.cpp:1"])
            self.assertEqual(self.check("shared/net/a.cpp", "#include <%s>\n" % header), [])

    def test_the_time_is_not_asked_but_may_be_spoken_of(self):
        self.assertEqual(self.check("shared/model/a.cpp", "\nauto t = system_clock::now();"), ["shared/model/a.cpp:2"])
        self.assertEqual(self.check("shared/model/a.cpp", "// not system_clock::now()\n"), [])

    def test_other_headers_are_free(self):
        self.assertEqual(self.check("shared/model/a.cpp", "#include <zstd.h>\n#include <string>\n"), [])


class CostlyHeaders(unittest.TestCase):
    def check(self, path, header):
        return found(tidy.check_costly_headers, {path: "#include <%s>\n" % header})

    def test_only_in_cpp(self):
        self.assertEqual(self.check("a.hpp", "nlohmann/json.hpp"), ["a.hpp:1"])
        self.assertEqual(self.check("a.hpp", "nlohmann/json_fwd.hpp"), [])
        self.assertEqual(self.check("a.cpp", "CLI/CLI.hpp"), [])

    def test_beast_only_in_net(self):
        self.assertEqual(self.check("server/a.cpp", "boost/beast/core.hpp"), ["server/a.cpp:1"])
        self.assertEqual(self.check("shared/net/a.cpp", "boost/beast/core.hpp"), [])


class Words(unittest.TestCase):
    def check(self, text, path="a.cpp"):
        return found(tidy.check_words, {path: text})

    def test_unfinished(self):
        self.assertEqual(self.check("\n// FIX" "ME later\n"), ["a.cpp:2"])
        self.assertEqual(self.check("TO" "DO\n", "README.md"), ["README.md:1"])
        self.assertEqual(self.check("TODOS ISTODO\n"), [])

    def test_detached(self):
        self.assertEqual(self.check("co_spawn(x, y, detached);"), ["a.cpp:1"])
        self.assertEqual(self.check("crypto_sign_detached(x); // detached\n"), [])

    def test_empty_catch(self):
        self.assertEqual(self.check("try { f(); } catch (...) {\n}"), ["a.cpp:1"])
        self.assertEqual(self.check("try { f(); } catch (...) { log(); }"), [])


class DatabaseWords(unittest.TestCase):
    def check(self, text, path="server/store/postgres_rows.cpp"):
        return found(tidy.check_database_words, {path: text})

    def test_what_another_session_would_have(self):
        for sql in ("SELECT pg_advisory_lock(1)", "LISTEN news", "SET statement_timeout = 5", "PREPARE a AS SELECT 1",
                    "CREATE TEMP TABLE a()", "SELECT nextval('a')", "CREATE TABLE a(b BIGSERIAL)"):
            self.assertEqual(self.check('\nrun("%s");\n' % sql), ["server/store/postgres_rows.cpp:2"], sql)

    def test_what_is_of_the_transaction_or_no_sql(self):
        self.assertEqual(self.check('run("SET LOCAL a = 1"); run("UPDATE a SET b = 1"); // no TRIGGER here\n'), [])
        self.assertEqual(self.check('run("LISTEN news");', "server/store/other.cpp"), [])


class Texts(unittest.TestCase):
    def test_whitespace(self):
        self.assertEqual(found(tidy.check_whitespace, {"a.md": "one\ntwo \n\tthree\n"}), ["a.md:2"])

    def test_merges(self):
        self.assertEqual(found(tidy.check_merges, {"a.md": "one\n" + "<" * 7 + " HEAD\n<<<<<<<\n"}), ["a.md:2"])

    def test_machine_paths(self):
        for folder in ("work", "home", "tmp"):
            self.assertEqual(found(tidy.check_machine_paths, {"a.sh": "cd /%s/x" % folder}), ["a.sh:1"])
        self.assertEqual(found(tidy.check_machine_paths, {"a.md": "https://fcm.ca/home/a and ${DIR}/tmp/x"}), [])


class Documents(unittest.TestCase):
    def check(self, text, path="README.md"):
        return found(tidy.check_documents, {"shared/base/limits.hpp": "", path: text})

    def test_paths_exist(self):
        self.assertEqual(self.check("`shared/base/limits.hpp` and `shared/base/` and `shared/*/limits.hpp`"), [])
        self.assertEqual(self.check("\nsee `shared/base/gone.hpp`"), ["README.md:2"])

    def test_links_are_relative_to_their_page(self):
        self.assertEqual(self.check("[a](base/limits.hpp#x) [b](https://example.org/x) [c](#here)", "shared/README.md"),
                         [])
        self.assertEqual(self.check("[a](base/gone.hpp)", "shared/README.md"), ["shared/README.md:1"])

    def test_names_to_fill_in_are_no_paths(self):
        self.assertEqual(self.check("`schema/registers/NAME.json` `tests/<name>` `section/africa`"), [])


class TestsAreBuilt(unittest.TestCase):
    def test_folder_must_be_listed(self):
        files = {"tests/CMakeLists.txt": "function(wasl_tests name)\nwasl_tests(unit a b)\n",
                 "tests/unit/a_test.cpp": "", "tests/lost/a_test.cpp": "", "tests/support/a.cpp": ""}
        self.assertEqual(found(tidy.check_tests_are_built, files), ["tests/lost/a_test.cpp:1"])


class Awaits(unittest.TestCase):
    def check(self, statement):
        return found(tidy.check_awaits, {"a.cpp": "awaitable<void> f(X x) {\n" + statement + "\n}\n"})

    def test_named_on_the_line_before(self):
        self.assertEqual(self.check("Event event{1};\nauto r = co_await g(std::move(event));"), [])
        self.assertEqual(self.check("auto h = [self](int x) { return x; };\nco_await g(h);"), [])
        self.assertEqual(self.check("const int n = a ? 1 : 2;\nco_await g(n);"), [])
        self.assertEqual(self.check("int v = list[index]; co_await g(list[index]);"), [])

    def test_braced_temporary(self):
        self.assertEqual(self.check("co_await g(Event{1});"), ["a.cpp:2"])
        self.assertEqual(self.check("co_await g({1, 2});"), ["a.cpp:2"])
        self.assertEqual(self.check("auto r = Event{co_await g()};"), ["a.cpp:2"])

    def test_capturing_lambda(self):
        self.assertEqual(self.check("co_await g([self](int x) { return x; });"), ["a.cpp:2"])
        self.assertEqual(self.check("co_await g([&] { return 1; });"), ["a.cpp:2"])

    def test_conditional(self):
        self.assertEqual(self.check("co_await g(a ? b : c);"), ["a.cpp:2"])
        self.assertEqual(self.check("auto v = co_await g() ? 1 : 2;"), ["a.cpp:2"])

    def test_blocks_are_no_temporaries(self):
        self.assertEqual(self.check("if (co_await g(x)) {\n  h(a ? b : c);\n}"), [])
        self.assertEqual(self.check("for (;;) {\n  auto r = co_await g();\n}"), [])
        self.assertEqual(self.check("try {\n  co_await g();\n} catch (const E& e) {\n}"), [])
        self.assertEqual(self.check("auto run = [](X self) -> awaitable<void> {\n  co_await g();\n};"), [])
        self.assertEqual(self.check("auto run = [](X self) mutable {\n  co_await g();\n};"), [])

    def test_comments_do_not_count(self):
        self.assertEqual(self.check("co_await g();  // why? {1}\n"), [])


class LongFunctions(unittest.TestCase):
    def test_found_with_their_length(self):
        body = "  x();\n" * 100
        tree = tidy.Tree({"a.cpp": "int f(int a) {\n" + body + "}\nvoid g() {\n  x();\n}\n"})
        self.assertEqual(tidy.long_functions(tree), [(102, "a.cpp", 1, "f")])


class ThisTree(unittest.TestCase):
    def test_is_read_with_its_programs(self):
        root = pathlib.Path(__file__).resolve().parents[2]
        self.assertIn("CMakeLists.txt", tidy.read_tree(root).files)


if __name__ == "__main__":
    unittest.main()
