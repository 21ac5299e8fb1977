#!/usr/bin/env python3
"""Tests of check.py: each rule, broken once in a small tree of its own, and kept once."""

import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check  # noqa: E402


class Layers(unittest.TestCase):
    def found(self, name, text):
        """What the check says about a tree whose only file is `name`."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "engine").mkdir()
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
            return [(line, what) for _, line, what in check.check(root)]

    def refuses(self, name, text, words, line=1):
        found = self.found(name, text)
        self.assertEqual(len(found), 1, f"{name}: {text!r} gave {found}")
        self.assertEqual(found[0][0], line)
        self.assertIn(words, found[0][1])

    def accepts(self, name, text):
        self.assertEqual(self.found(name, text), [])

    def test_an_include_may_point_down(self):
        self.accepts("engine/room/a.cpp", '#include "core/time.hpp"\n#include "room/a.hpp"\n#include <vector>\n')

    def test_an_include_may_not_point_up(self):
        self.refuses("engine/room/a.cpp", '#include "core/time.hpp"\n#include "session/a.hpp"\n', "below it", line=2)

    def test_neighbours_on_one_level_do_not_include_each_other(self):
        self.refuses("engine/net/a.cpp", '#include "store/a.hpp"\n', "below it")

    def test_the_transports_do_not_know_each_other(self):
        self.refuses("engine/net/http/a.cpp", '#include "net/websocket/codec.hpp"\n', "do not know each other")
        self.accepts("engine/net/http/a.cpp", '#include "net/http/b.hpp"\n')
        self.accepts("engine/net/http/a.hpp", '#include "net/tls/session.hpp"\n')
        self.refuses("engine/net/tls/a.cpp", '#include "net/http/server.hpp"\n', "do not know each other")

    def test_an_upward_include_in_angle_brackets_is_seen_too(self):
        self.refuses("engine/core/a.hpp", "#include <app/a.hpp>\n", "below it")

    def test_an_include_is_written_from_the_engine_folder(self):
        self.refuses("engine/room/a.cpp", '#include "a.hpp"\n', "written from engine/")

    def test_only_replication_includes_generated_code(self):
        self.refuses("engine/session/a.cpp", '#include "schemas/client_generated.h"\n', "generated")
        self.accepts("engine/replication/a.cpp", '#include "schemas/client_generated.h"\n')

    def test_only_replication_includes_flatbuffers(self):
        self.refuses("engine/net/a.cpp", "#include <flatbuffers/flatbuffers.h>\n", "FlatBuffers")

    def test_only_plugin_includes_lua(self):
        self.refuses("engine/app/a.cpp", "#include <lua.hpp>\n", "Lua")
        self.accepts("engine/plugin/a.cpp", "#include <lua.hpp>\n")

    def test_only_net_includes_enet(self):
        self.refuses("engine/session/a.cpp", "#include <enet/enet.h>\n", "ENet")

    def test_only_tls_includes_openssl(self):
        self.refuses("engine/net/http/a.cpp", "#include <openssl/ssl.h>\n", "OpenSSL")
        self.refuses("engine/net/http/a.cpp", "#include <boost/asio/ssl/stream.hpp>\n", "OpenSSL")
        self.accepts("engine/net/tls/a.cpp", "#include <openssl/ssl.h>\n")
        self.refuses("engine/net/tls/a.hpp", "#include <openssl/ssl.h>\n", "contract")

    def test_only_seal_includes_libsodium(self):
        self.refuses("engine/session/a.cpp", "#include <sodium.h>\n", "libsodium")
        self.accepts("engine/seal/a.cpp", "#include <sodium/utils.h>\n")
        self.refuses("engine/seal/a.hpp", "#include <sodium.h>\n", "contract")

    def test_what_is_carried_knows_nothing_of_keys(self):
        self.refuses("engine/plugin/a.cpp", '#include "seal/key.hpp"\n', "keys")
        self.refuses("engine/room/a.cpp", '#include "seal/key.hpp"\n', "below it")
        self.accepts("engine/session/a.cpp", '#include "seal/key.hpp"\n')
        self.accepts("engine/seal/a.cpp", '#include "seal/key.hpp"\n')

    def test_a_header_hands_no_third_party_on(self):
        self.refuses("engine/net/a.hpp", "#include <boost/beast/http.hpp>\n", "contract")
        self.refuses("engine/plugin/a.hpp", "#include <lua.h>\n", "contract")
        self.refuses("engine/replication/a.hpp", "#include <flatbuffers/flatbuffers.h>\n", "contract")
        self.accepts("engine/net/a.cpp", "#include <boost/beast/http.hpp>\n")

    def test_the_pure_layers_include_no_asio_thread_file_or_logger(self):
        for header in ("boost/asio/post.hpp", "thread", "mutex", "fstream", "filesystem", "spdlog/spdlog.h", "sys/stat.h"):
            self.refuses("engine/plugin/a.cpp", f"#include <{header}>\n", "pure")
            self.accepts("engine/session/a.cpp", f"#include <{header}>\n")

    def test_the_pure_layers_name_no_clock(self):
        self.refuses("engine/room/a.cpp", "int a;\nauto t = std::chrono::steady_clock::now();\n", "never asks", line=2)

    def test_durations_are_no_clock_and_comments_may_speak_of_one(self):
        self.accepts("engine/room/a.cpp", "#include <chrono>\n/* no\nsteady_clock */ int a; // system_clock\n")

    def test_a_folder_that_is_no_layer_is_named(self):
        self.refuses("engine/misc/a.cpp", "int a;\n", "no layer", line=0)

    def test_tests_of_a_layer_look_no_higher_than_the_layer(self):
        self.refuses("tests/room/a_test.cpp", '#include "session/a.hpp"\n', "stands above")
        self.accepts("tests/session/a_test.cpp", '#include "room/a.hpp"\n')


if __name__ == "__main__":
    unittest.main()
