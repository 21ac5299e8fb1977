#!/usr/bin/env python3
"""Adds up what the test runners said: prints "PASSED FAILED" for one runner's report.

    tools/test_counts.py junit FILE    ctest --output-junit: a doctest or unittest executable and `playhead test` count
                                       by their test cases, any other test as one
    tools/test_counts.py vitest FILE   vitest --reporter=json
    tools/test_counts.py text FILE     the output of node --test, vitest, or one that ends "N passed, N failed"

A report that is missing or says nothing is one failure: a runner that died must not look like a runner with no tests.
"""

import json
import re
import sys
import xml.etree.ElementTree

ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def case_counts(text, passed_as_one):
    """What a test executable printed, or one for the whole when it printed no summary (it crashed, or is a script)."""
    found = re.findall(r"test cases:\s*\d+\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed", text)
    if found:
        passed, failed = (sum(int(pair[i]) for pair in found) for i in (0, 1))
        return passed, failed if passed_as_one else max(failed, 1)  # all cases passed, then it crashed or leaked
    ran = re.search(r"^Ran (\d+) tests? in", text, re.MULTILINE)
    if ran:
        bad = sum(int(n) for n in re.findall(r"(?:failures|errors)=(\d+)", text))
        return int(ran[1]) - bad, bad
    said = re.findall(r"^(\d+) passed, (\d+) failed", text, re.MULTILINE)
    if said:
        passed, failed = int(said[-1][0]), int(said[-1][1])
        return passed, failed if passed_as_one else max(failed, 1)
    return (1, 0) if passed_as_one else (0, 1)


def junit(text):
    passed = failed = 0
    for case in xml.etree.ElementTree.fromstring(text).iter("testcase"):
        if case.get("status") in ("disabled", "notrun") and case.find("skipped") is not None:
            continue
        p, f = case_counts(case.findtext("system-out") or "", case.get("status") == "run" and case.find("failure") is None)
        passed, failed = passed + p, failed + f
    return passed, failed


def vitest(text):
    report = json.loads(text)
    # A file that does not even load has no tests of its own, only a failed suite.
    broken = sum(1 for file in report["testResults"] if file["status"] == "failed" and not file["assertionResults"])
    return report["numPassedTests"], report["numFailedTests"] + broken


def text_output(text):
    text = ESCAPES.sub("", text)
    said = re.findall(r"^(\d+) passed, (\d+) failed\s*$", text, re.MULTILINE)
    if said:
        return int(said[-1][0]), int(said[-1][1])
    node = {word: sum(map(int, re.findall(rf"^(?:#|ℹ) {word} (\d+)\s*$", text, re.MULTILINE)))
            for word in ("pass", "fail", "cancelled")}
    if sum(node.values()):
        return node["pass"], node["fail"] + node["cancelled"]
    line = re.findall(r"^\s*Tests\s+(.*)\(\d+\)\s*$", text, re.MULTILINE)
    if line:
        return tuple(sum(int(n) for n in re.findall(rf"(\d+) {word}", " ".join(line))) for word in ("passed", "failed"))
    return 0, 1


def main(arguments):
    try:
        kind, path = arguments[1:]
        with open(path, encoding="utf-8", errors="replace") as file:
            passed, failed = {"junit": junit, "vitest": vitest, "text": text_output}[kind](file.read())
    except (OSError, KeyError, ValueError, xml.etree.ElementTree.ParseError) as problem:
        print(f"test_counts: {problem}", file=sys.stderr)
        passed, failed = 0, 1
    print(passed, failed)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
