import ModelErrors
import NeuronProgram
import NeuronRuntime
import Testing

@testable import Models

@Suite("What an encoder takes and gives")
struct EncoderSignatureTests {
    private typealias Tensor = TensorInformation

    private static func torch(_ type: TensorType = .int64, names: [String]) -> [TensorInformation] {
        names.map { Tensor($0, .input, type, shape: [2, 4]) }
    }

    private static let texts = [
        TokenizedText(ids: [101, 7, 102], types: [0, 0, 1]), TokenizedText(ids: [101, 102]),
        TokenizedText(ids: [1, 2, 3, 4]),
    ]

    @Test("texts one behind the other, ended by a zero")
    func packed() throws {
        let signature = try EncoderSignature(
            ["input_ids", "text_lengths", "token_type_ids"].map { Tensor($0, .input, .int32, shape: [6]) },
            [Tensor("last_hidden_state", .output, .float32, shape: [6, 48])], hidden: 48, subject: "tiny")
        #expect(signature.layout == .packed(tokens: 6))
        #expect(signature.fitting(Self.texts[...]) == 2)
        #expect(signature.fitting(Self.texts[2...]) == 1)
        #expect(signature.firstRows(Self.texts[..<2]) == [0, 3])
        let octets = signature.octets(Self.texts[..<2])
        #expect(octets["input_ids"]?.count == 20)
        #expect(
            octets["token_type_ids"] == [UInt8](repeating: 0, count: 8) + [1]
                + [UInt8](repeating: 0, count: 11))
        #expect(octets["text_lengths"] == [3, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test(
        "a rectangle with a mask, by the names of transformers and of torch",
        arguments: [
            ["input_ids", "attention_mask", "token_type_ids"], ["input0", "input1", "input2"],
            ["INPUT_IDS", "attention_mask"], ["input_0", "input_1"],
        ])
    func padded(names: [String]) throws {
        let signature = try EncoderSignature(
            Self.torch(names: names).reversed(), [Tensor("output0", .output, .bfloat16, shape: [2, 4, 48])],
            hidden: 48, subject: "tiny")
        #expect(signature.layout == .padded(texts: 2, tokens: 4))
        #expect(signature.fitting(Self.texts[...]) == 2)
        #expect(signature.fitting([TokenizedText(ids: [1, 2, 3, 4, 5])]) == 0)
        #expect(signature.firstRows(Self.texts[..<2]) == [0, 4])
        let octets = signature.octets(Self.texts[..<1])
        func numbers(_ name: String) -> [Int64]? {
            octets[name].map { octets in
                octets.withUnsafeBytes { bytes in
                    stride(from: 0, to: bytes.count, by: 8).map {
                        bytes.loadUnaligned(fromByteOffset: $0, as: Int64.self)
                    }
                }
            }
        }
        #expect(numbers(names[0]) == [101, 7, 102, 0, 0, 0, 0, 0])
        // The row without a text has one token to attend to.
        #expect(numbers(names[1]) == [1, 1, 1, 0, 1, 0, 0, 0])
        if names.count == 3 { #expect(numbers(names[2]) == [0, 0, 1, 0, 0, 0, 0, 0]) }
    }

    @Test(
        "what is not known is refused with the list of what is there",
        arguments: [
            (["tokens"], [2, 4, 48], "has no input_ids of int32 or int64"),
            (["input_ids"], [2, 4, 48], "has no attention_mask like its input_ids"),
            (["input_ids", "attention_mask"], [2, 4, 47], "gives no hidden states of [2, 4, 48]"),
            (["input_ids", "attention_mask", "pixels"], [2, 4, 48], "wants pixels, which is not known"),
        ])
    func refusals(names: [String], output: [Int], problem: String) {
        do throws(ModelError) {
            _ = try EncoderSignature(
                Self.torch(names: names), [Tensor("out", .output, .float32, shape: output)], hidden: 48,
                subject: "m")
            Issue.record("it is taken")
        } catch {
            #expect(error.problem.hasPrefix(problem + "; it has input \(names[0]) int64 [2, 4]"))
        }
    }
}
