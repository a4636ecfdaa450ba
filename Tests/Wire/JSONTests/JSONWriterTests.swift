import JSON
import Testing

@Suite("Writing JSON into octets")
struct JSONWriterTests {
    private func text(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test("puts commas between members and elements, whatever they are")
    func structure() {
        let written = text { writer in
            writer.object { writer in
                writer.key("none")
                writer.array { _ in }
                writer.key("lists")
                writer.array { writer in
                    for numbers in [[1, 2], [], [3]] {
                        writer.array { for number in numbers { $0.value(number) } }
                    }
                }
                writer.member("text", "a")
                writer.member("half", 0.5)
                writer.member("count", 7)
                writer.key("nested")
                writer.object { writer in
                    writer.key("yes")
                    writer.value(true)
                    writer.key("nothing")
                    writer.null()
                }
            }
        }
        #expect(
            written
                == #"{"none":[],"lists":[[1,2],[],[3]],"text":"a","half":0.5,"count":7,"nested":{"yes":true,"nothing":null}}"#
        )
    }

    @Test(
        "a string is read back as it was",
        arguments: [
            "", "plain", "\"quoted\\\"", "a\nb\r\tc", "\u{0}\u{1f}\u{7f}", "café \u{1F9E0}", "/slash/",
        ])
    func strings(text original: String) throws {
        let written = text { $0.value(original) }
        #expect(try JSON(parsing: written) == .string(original))
        #expect(written == JSON.string(original).text())
    }

    @Test("numbers have the fewest digits that mean them, and what is no number is null")
    func numbers() {
        let written = text { writer in
            writer.array { writer in
                for number: Float in [0, 0.1, -1.5e-7, 16_777_216, .infinity, .nan] { writer.value(number) }
                for number: Double in [0.1, 1e300, -.infinity] { writer.value(number) }
                writer.value(Int.min)
            }
        }
        #expect(written == "[0.0,0.1,-1.5e-07,16777216.0,null,null,0.1,1e+300,null,-9223372036854775808]")
    }

    @Test("numbers of single precision are written as the library describes them, whatever their size")
    func shortestDecimals() {
        var numbers: [Float] = [0, 1, 9, 10, 0.001, 123_456.5, 1e-4, 1e-5, .leastNonzeroMagnitude]
        // Powers of two, whose neighbours are at unequal distances, and ends that lie half way between two decimals.
        for exponent in -20...30 {
            let power = Float(sign: .plus, exponent: exponent, significand: 1)
            numbers += [power.nextDown, power, power.nextUp, power * 1.019_531_25]
        }
        var pattern = Float(0x1p-15).bitPattern
        while pattern < Float(0x1p25).bitPattern {
            numbers.append(Float(bitPattern: pattern))
            pattern += 10_007
        }
        for number in numbers.flatMap({ [$0, -$0] }) {
            let written = text { $0.value(number) }
            guard written != number.description else { continue }
            Issue.record("\(number.description) is written \(written)")
        }
    }
}
