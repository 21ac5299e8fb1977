#!/usr/bin/env python3
"""Tests of tools/test_counts.py, which decides what `N passed, N failed` says."""

import json
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tools"))
import test_counts  # noqa: E402


def junit(*cases):
    return "<testsuite>" + "".join(
        f'<testcase name="t" status="{status}">{"<failure/>" if status == "fail" else ""}<system-out>{text}</system-out></testcase>'
        for status, text in cases) + "</testsuite>"


class Counts(unittest.TestCase):
    def test_a_doctest_executable_counts_by_its_cases(self):
        self.assertEqual(test_counts.junit(junit(
            ("run", "[doctest] test cases:  12 |  12 passed | 0 failed | 0 skipped"),
            ("fail", "[doctest] test cases:  5 |  3 passed | 2 failed | 0 skipped"))), (15, 2))

    def test_an_executable_that_fails_after_its_cases_passed_is_a_failure(self):
        self.assertEqual(test_counts.junit(junit(("fail", "[doctest] test cases: 4 | 4 passed | 0 failed | LeakSanitizer"))), (4, 1))

    def test_an_executable_that_dies_without_a_word_is_a_failure(self):
        self.assertEqual(test_counts.junit(junit(("fail", ""))), (0, 1))

    def test_a_script_counts_as_one_or_by_its_unittest_summary(self):
        self.assertEqual(test_counts.junit(junit(("run", "layers: ok"))), (1, 0))
        self.assertEqual(test_counts.junit(junit(("run", "\nRan 8 tests in 1.0s\n\nOK"))), (8, 0))
        self.assertEqual(test_counts.junit(junit(("fail", "\nRan 8 tests in 1.0s\n\nFAILED (failures=1, errors=2)"))), (5, 3))

    def test_plugins_count_by_their_tests(self):
        text = "plugins/chat/test.lua\n  ok    it says\n  FAIL  it edits\n  chat: 1 passed, 1 failed\n1 passed, 1 failed\n"
        self.assertEqual(test_counts.junit(junit(("fail", text))), (1, 1))
        self.assertEqual(test_counts.junit(junit(("fail", "3 passed, 0 failed\n LeakSanitizer"))), (3, 1))

    def test_vitest_counts_files_that_do_not_load(self):
        report = {"numPassedTests": 7, "numFailedTests": 1, "testResults": [
            {"status": "passed", "assertionResults": [{}]}, {"status": "failed", "assertionResults": []},
            {"status": "failed", "assertionResults": [{}]}]}
        self.assertEqual(test_counts.vitest(json.dumps(report)), (7, 2))

    def test_node_test_counts_in_either_reporter(self):
        self.assertEqual(test_counts.text_output("# pass 5\n# fail 1\n# cancelled 1\n"), (5, 2))
        self.assertEqual(test_counts.text_output("\x1b[34mℹ pass 3\x1b[39m\n\x1b[34mℹ fail 0\x1b[39m\n"), (3, 0))

    def test_a_last_line_of_ours_counts(self):
        self.assertEqual(test_counts.text_output("1 passed, 0 failed\n...\n20 passed, 1 failed\n"), (20, 1))

    def test_a_runner_that_says_nothing_is_a_failure(self):
        self.assertEqual(test_counts.text_output("Segmentation fault\n"), (0, 1))


if __name__ == "__main__":
    unittest.main()
