"""The generators: what they read, what they refuse, and that --check fails where the output differs."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unicodedata
import unittest
from unittest import mock

from loading import ROOT, script

import protofile

messages = script("generate-messages")
decompositions = script("generate-decompositions")
HEAD = 'syntax = "proto3";\n\npackage p;\n\n'


def parse(text):
    return protofile.Parser(HEAD + text, "a.proto").file()


class ProtoFiles(unittest.TestCase):
    def test_comments_right_before_a_declaration_are_its_documentation(self):
        file = protofile.Parser(
            '// The file.\n// It says.\n\nsyntax = "proto3";\n\n// The package.\n// swift: API\npackage p;\n\n'
            "// Belongs to nothing.\n\n// A message.\n// Two lines.\nmessage M {\n  // swift: b\n  // A field.\n"
            "  string a = 1;\n}\n", "a.proto").file()
        self.assertEqual(file.header, ["The file.", "It says."])
        self.assertEqual((file.doc, file.swift), (["The package."], "API"))
        self.assertEqual(file.messages[0].doc, ["A message.", "Two lines."])
        self.assertEqual((file.messages[0].fields[0].doc, file.messages[0].fields[0].swift), (["A field."], "b"))

    def test_what_is_not_understood_is_refused_with_its_line(self):
        for text, expected in [
            ("message M { group G = 1 {} }", "a.proto:5: found '{', expected ;"),
            ("message M {\n  string a = 1 [deprecated = true];\n}", "a.proto:6: cannot read '[deprecate'"),
            ("message M { string a = 1; } // behind", "a.proto:5: a comment stands before"),
            ("message M { map<int32, string> a = 1; }", "a.proto:5: found 'int32', expected string"),
            ("enum E { A = 1; }", "a.proto:5: the values of E do not count from 0"),
            ("extend M {}", "a.proto:5: found 'extend', expected package or import"),
            ("message M {", "a.proto:5: found 'the end'"),
        ]:
            with self.subTest(text), self.assertRaises(protofile.ProtoError) as caught:
                parse(text)
            self.assertIn(expected, str(caught.exception))
        with self.assertRaises(protofile.ProtoError):
            protofile.Parser('syntax = "proto2";\n', "a.proto").file()

    def test_names(self):
        for name, expected in [
            ("pod_uid", "podUID"), ("device_ids", "deviceIDs"), ("ID", "id"), ("deviceIDs", "deviceIDs"),
            ("available_deviceIDs", "availableDeviceIDs"), ("NOT_SERVING", "notServing"), ("List", "list"),
        ]:
            self.assertEqual(messages.camel(name), expected)


class Generating(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.proto = self.root / "Sources/Floor/Module/Proto/a.proto"
        self.proto.parent.mkdir(parents=True)
        self.proto.write_text("// Why.\n\n" + HEAD + "// A message.\nmessage M {\n  // A field.\n  string a = 1;\n}\n")
        self.swift = self.root / "Sources/Floor/Module/Generated/AMessages.swift"

    def run_main(self, *arguments):
        errors = io.StringIO()
        with (mock.patch.object(messages, "ROOT", self.root), mock.patch.object(sys, "argv", ["x", *arguments]),
              contextlib.redirect_stderr(errors)):
            return messages.main(), errors.getvalue()

    def test_writes_what_a_check_then_accepts(self):
        self.assertEqual(self.run_main("--check")[0], 1)
        self.assertEqual(self.run_main(), (0, ""))
        self.assertEqual(self.run_main("--check"), (0, ""))
        self.assertIn("try wire.field(1, &a)", self.swift.read_text())

    def test_a_check_fails_where_the_output_differs_and_writes_nothing(self):
        self.run_main()
        text = self.swift.read_text() + "// by hand\n"
        self.swift.write_text(text)
        status, errors = self.run_main("--check")
        self.assertEqual(status, 1)
        self.assertIn("Generated/AMessages.swift differs", errors)
        self.assertEqual(self.swift.read_text(), text)

    def test_a_file_that_nothing_makes_is_found_and_removed(self):
        self.run_main()
        other = self.swift.with_name("Old.swift")
        other.write_text("// left over\n")
        self.assertIn("Old.swift is made by no .proto file", self.run_main("--check")[1])
        self.run_main()
        self.assertFalse(other.exists())

    def test_a_field_without_a_comment_or_code_is_refused(self):
        for text, expected in [
            ("// M.\nmessage M { string a = 1; }", "M.a has no comment"),
            ("message M {}", "M has no comment"),
            ("// M.\nmessage M {\n  // A.\n  optional bool a = 1;\n}", "no code for a optional bool: M.a"),
            ("// M.\nmessage M {\n  // A.\n  Other a = 1;\n}", "there is no Other for M.a"),
        ]:
            self.proto.write_text("// Why.\n\n" + HEAD + text)
            with self.subTest(text), self.assertRaises(protofile.ProtoError) as caught:
                self.run_main()
            self.assertIn(expected, str(caught.exception))

    def test_the_repository_is_up_to_date(self):
        with mock.patch.object(sys, "argv", ["x", "--check"]):
            self.assertEqual((messages.main(), decompositions.main()), (0, 0))


class Decompositions(unittest.TestCase):
    def test_are_those_that_this_python_knows(self):
        # What Unicode has once decomposed it decomposes so for ever; younger versions have more characters.
        for code, *parts in decompositions.entries(decompositions.CANONICAL):
            self.assertEqual(unicodedata.decomposition(chr(code)), " ".join(f"{part:04X}" for part in parts))

    def test_for_compatibility_are_those_that_this_python_knows(self):
        for code, *parts in decompositions.entries(decompositions.COMPATIBILITY):
            text = "".join(chr(part) for part in parts)
            self.assertEqual(unicodedata.normalize("NFKD", chr(code)), unicodedata.normalize("NFD", text))

    def test_leave_out_only_what_is_younger(self):
        known = {code for code, *_ in decompositions.entries(decompositions.CANONICAL)}
        more = {
            code for code in range(sys.maxunicode + 1)
            if (mapping := unicodedata.decomposition(chr(code))) and not mapping.startswith("<")} - known
        self.assertEqual({code for code in more if code < 0x105C9 or unicodedata.unidata_version < "15"} - {0x11938}, set())


if __name__ == "__main__":
    unittest.main()
