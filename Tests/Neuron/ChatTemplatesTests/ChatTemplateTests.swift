import JSON
import SystemIO
import TestSupport
import Testing

@testable import ChatTemplates

@Suite("Chat templates", .timeLimit(.minutes(5)))
struct ChatTemplateTests {
    @Test("give the text that Jinja gives, and refuse what it refuses")
    func jinja() async throws {
        let peer = try PythonPeer("chat_templates.py", [])
        let lines = try await peer.lines()
        #expect(await peer.finish() == .exited(0))
        #expect(lines.count > 5000)
        var differing: [String] = []
        for line in lines {
            let json = try JSON(parsing: line)
            let template = try #require(json[0]?.string)
            let variables = (json[1]?.object ?? [:]).mapValues { TemplateValue($0) }
            var text: String?
            var refusal = ""
            do { text = try ChatTemplate(template).text(variables) } catch { refusal = "\(error)" }
            let expected = json[2]?.string
            let isSame =
                text.map { text in expected.map { text.isSame(as: $0) } ?? false } ?? (expected == nil)
            if !isSame {
                differing.append(
                    "\(template.prefix(80)) \(json[1]?.text().prefix(100) ?? ""): \(text ?? refusal), not \(expected ?? "refused")"
                )
            }
        }
        #expect(differing.isEmpty, "\(differing.count): \(differing.prefix(40).joined(separator: "\n"))")
    }

    private func refusal(_ template: String) -> String {
        do {
            return "gives " + (try ChatTemplate(template).text([:]))
        } catch { return "\(error)" }
    }

    @Test(
        "what a template may cost is bounded",
        arguments: [
            ("{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}", "steps"),
            ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "calls stand in more than"),
            ("{% set x = 'x' * 10000000 %}{{ x ~ x }}", "longer than"),
            ("{{ 'x' * 9223372036854775807 }}", "longer than"),
            ("{{ range(1000000000) | length }}", "range has more than"),
            (
                "{% set ns = namespace(t='x') %}{% for i in range(60) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}",
                "longer"
            ),
            ("{{ [1, 2, 3] * 9000000 }}", "more than"),
            ("{{ 9223372036854775807 + 1 }}", "too large"),
            ("{{ (0 - 9223372036854775807 - 1) // (0 - 1) }}", "too large"),
            ("{{ '' | replace('', 'x' * 1000) | indent(2000) }}", "width"),
        ])
    func bounds(template: String, problem: String) {
        #expect(refusal(template).contains(problem), "\(refusal(template).prefix(200))")
    }

    @Test("expressions and statements stand in each other only so deep")
    func depth() {
        let deep = String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000)
        #expect(refusal("{{ \(deep) }}").contains("expressions stand in more than"))
        let minus = String(repeating: "-", count: 5000)
        #expect(refusal("{{ \(minus)1 }}").contains("expressions stand in more than"))
        let blocks =
            String(repeating: "{% if 1 %}", count: 5000) + String(repeating: "{% endif %}", count: 5000)
        #expect(refusal(blocks).contains("statements stand in more than"))
        let chain = "{{ 1" + String(repeating: " + 1", count: 5000) + " }}"
        #expect(refusal(chain).contains("calls stand in more than"))
    }

    @Test(
        "a template that is not one is refused with the line",
        arguments: [
            ("a\n{{ 1", "line 2 of the chat template: a mark has no end"),
            ("{% if 1 %}", "if has no end"), ("{% endif %}", "endif closes nothing"),
            ("{% for a in [1] %}{% endif %}", "endif does not close for"),
            ("{% include 'x' %}", "include is not known"),
            ("{{ 1 | nothing }}", "filter nothing is not known"),
            ("{{ 1 is nothing }}", "test nothing is not known"), ("{{ 'a }}", "a text has no end"),
            ("{{ ] }}", "] closes nothing"), ("{{ 1 2 }}", "too much before 2"),
            ("{# a", "a comment has no end"),
            ("{{ $ }}", "$ is no sign"), ("{{ x.y }}", "x has no value, so no y"),
            ("\n\n{{ raise_exception('no') }}", "line 3 of the chat template: the template refuses this: no"),
        ])
    func refusals(template: String, problem: String) {
        #expect(refusal(template).contains(problem), "\(refusal(template))")
    }
}
