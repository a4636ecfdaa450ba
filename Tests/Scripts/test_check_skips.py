"""A test that is skipped must not go unnoticed: scripts/check-skips and scripts/run-tests fail, with its name."""
import json
import os
import pathlib
import stat
import subprocess
import tempfile
import unittest

from loading import ROOT, script

check_skips = script("check-skips")


def event(kind, test, text=""):
    """A record as Swift Testing writes it."""
    messages = [{"symbol": "skip", "text": text}] if text else []
    payload = {"kind": kind, "testID": test, "messages": messages, "instant": {"absolute": 0, "since1970": 0}}
    return json.dumps({"kind": "event", "payload": payload, "version": 0})


STREAM = [
    json.dumps({"kind": "test", "payload": {"id": "M.S/one()/S.swift:3:6", "kind": "function"}, "version": 0}),
    event("testStarted", "M.S/one()/S.swift:3:6"),
    event("testEnded", "M.S/one()/S.swift:3:6"),
    event("testSkipped", "M.S/two()/S.swift:9:6", 'Test "two" skipped: "no tool"'),
    event("testSkipped", "M.Other", "Suite Other skipped"),
]


class CheckSkips(unittest.TestCase):
    def test_finds_tests_and_suites_by_name(self):
        self.assertEqual(
            check_skips.skipped(STREAM),
            {"M.S/two()": 'Test "two" skipped: "no tool"', "M.Other": "Suite Other skipped"})

    def test_the_list_names_a_test_or_a_suite_around_it(self):
        for names, expected in [({"M.S/two()"}, True), ({"M.S"}, True), ({"M.S/tw"}, False), ({"M"}, False), (set(), False)]:
            self.assertEqual(check_skips.is_allowed("M.S/two()", names), expected, names)

    def test_every_line_of_the_list_says_why(self):
        with self.assertRaises(ValueError):
            check_skips.allowed("M.S/two()\n")
        with self.assertRaises(ValueError):
            check_skips.allowed("M.S/two(): \n")
        self.assertEqual(check_skips.allowed("# a comment\n\nM.S/two(): there is none here\n"), {"M.S/two()"})

    def test_the_list_of_the_repository_can_be_read(self):
        self.assertTrue(check_skips.allowed(check_skips.ALLOWED.read_text()))


class RunTests(unittest.TestCase):
    """run-tests with a `swift` that runs nothing and writes events."""

    def run_tests(self, lines, status=0):
        with tempfile.TemporaryDirectory() as folder:
            events = pathlib.Path(folder, "events")
            events.write_text("".join(line + "\n" for line in lines))
            swift = pathlib.Path(folder, "swift")
            swift.write_text(f'#!/bin/bash\ncp "{events}" "$4"\nexit {status}\n')
            swift.chmod(swift.stat().st_mode | stat.S_IXUSR)
            return subprocess.run(
                [ROOT / "scripts/run-tests"], env=os.environ | {"SWIFT": str(swift)}, capture_output=True, text=True)

    def test_fails_with_the_name_of_a_test_that_was_skipped(self):
        result = self.run_tests(STREAM)
        self.assertEqual(result.returncode, 1)
        self.assertIn("M.S/two() was skipped", result.stderr)
        self.assertIn("M.Other was skipped", result.stderr)

    def test_passes_where_all_tests_ran(self):
        result = self.run_tests(STREAM[:3])
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_fails_as_the_tests_do(self):
        self.assertEqual(self.run_tests(STREAM[:3], status=7).returncode, 7)


if __name__ == "__main__":
    unittest.main()
