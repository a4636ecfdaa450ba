import SystemIO
import TestSupport
import Testing

@testable import EndToEnd

@Suite("The suite's results")
struct ResultFormatTests {
    private static let nasty =
        "5 < 6 & \"quoted\" 'too' ]]> \\ # \u{1b}[31m\u{7} \u{fffe} ümläut 🧠\nsecond\tline"
    private static let results = [
        CaseResult("first", "it works", .passed, took: .milliseconds(1_234)),
        CaseResult("second", nasty, .failed(nasty, details: ["pod a", nasty]), took: .seconds(61)),
        CaseResult("third", "it is #1", .skipped("no kubelet # here")),
    ]

    @Test("text has a line for each case, then what was left out")
    func text() {
        let results = [Self.results[0], Self.results[2]]
        #expect(
            ResultFormat.text.document(results) == """
                passed   first  1.234 s
                2 cases: 1 passed, 0 failed, 1 left out
                left out: third (no kubelet # here)

                """)
        #expect(
            ResultFormat.text.document(Self.results).contains("FAILED   second  61.000 s\n         5 < 6"))
    }

    @Test("TAP has the plan, a line for each case, and a YAML block for a failure")
    func tap() {
        let lines = ResultFormat.tap.document(Self.results).split(separator: "\n").map(String.init)
        #expect(lines[0...2] == ["TAP version 14", "1..3", "ok 1 - first: it works"])
        #expect(lines[3].hasPrefix("not ok 2 - second: 5 < 6 ") && lines[3].contains("\\\\ \\# "))
        #expect(lines[4] == "  ---" && lines[5].hasPrefix("  message: \"5 < 6 & \\\"quoted\\\""))
        #expect(lines[5].contains("\\x1b[31m\\x07") && lines[5].hasSuffix("\\nsecond\\tline\""))
        #expect(lines[6...7] == ["  details:", "    - \"pod a\""] && lines[9] == "  ...")
        #expect(lines[10] == "ok 3 - third: it is \\#1 # SKIP no kubelet \\# here")
        #expect(lines[11...] == ["# left out: third (no kubelet # here)"])
    }

    @Test("JUnit's XML is well-formed and says the same, whatever a message holds")
    func junit() async throws {
        let path = Scratch.path(".xml")
        try Files.write(path, Array(ResultFormat.junit.document(Self.results).utf8))
        let script = """
            import sys, xml.etree.ElementTree as tree
            suite = tree.parse(sys.argv[1]).getroot()
            assert suite.tag == 'testsuite' and suite.get('name') == 'ganglion-e2e', suite.attrib
            numbers = [suite.get(name) for name in ('tests', 'failures', 'errors', 'skipped', 'time')]
            assert numbers == ['3', '1', '0', '1', '62.234'], numbers
            names = [(case.get('classname'), case.get('name'), case.get('time'), [child.tag for child in case]) for case in suite]
            assert names == [('ganglion-e2e', 'first', '1.234', []), ('ganglion-e2e', 'second', '61.000', ['failure']),
                ('ganglion-e2e', 'third', '0.000', ['skipped'])], names
            nasty = '5 < 6 & "quoted" \\'too\\' ]]> \\\\ # \\ufffd[31m\\ufffd \\ufffd \\u00fcml\\u00e4ut \\U0001f9e0\\nsecond\\tline'
            failure = suite[1][0]
            assert failure.get('message') == nasty, ascii(failure.get('message'))
            assert failure.text == nasty + '\\npod a\\n' + nasty, ascii(failure.text)
            assert suite[2][0].get('message') == 'no kubelet # here'
            """
        let check = try await Output.of(Tools.python, ["-c", script, path], in: Scratch.directory)
        #expect(check.status == .exited(0), "\(check.standardError)")
    }
}
