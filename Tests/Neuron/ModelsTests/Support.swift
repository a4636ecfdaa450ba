// Places that several suites need: the real model, golden values, directories and fake devices that go away again.

import FakeChip
import Glibc
import JSON
import SystemIO
import TestSupport

@testable import Models

/// The package's root.
let packageRoot = Repository.root

/// all-MiniLM-L6-v2, nil where it has not been downloaded.
let realModelDirectory: String? = {
    let named = getenv("GANGLION_MODEL_DIR").map { String(cString: $0) }
    let directory = named ?? packageRoot + "/.cache/models/all-MiniLM-L6-v2"
    return Files.exists(directory + "/model.safetensors") ? directory : nil
}()

/// What the independent reference says about a text.
struct GoldenText: Sendable, CustomStringConvertible {
    let text: String
    let ids: [Int32]
    let embedding: [Float]

    var description: String { text.isEmpty ? "(empty)" : String(text.prefix(40)) }

    /// Tests/Fixtures/text/minilm.json, or the file that GANGLION_GOLDEN_TEXTS names.
    static let all: [GoldenText] = {
        let path = getenv("GANGLION_GOLDEN_TEXTS").map { String(cString: $0) }
        guard let bytes = try? Files.read(path ?? Fixtures.path("text/minilm.json"), limit: 1 << 26),
            let cases = try? JSON(parsing: bytes).array
        else { return [] }
        return cases.map { entry in
            GoldenText(
                text: entry["text"]?.string ?? "",
                ids: (entry["ids"]?.array ?? []).map { Int32($0.int ?? -1) },
                embedding: halves(entry["embedding"]?.string ?? ""))
        }
    }()

    /// Hexadecimal big-endian float16.
    private static func halves(_ text: String) -> [Float] {
        let digits = Array(text.utf8)
        return stride(from: 0, to: digits.count - 3, by: 4).map { start in
            let bits = UInt16(String(decoding: digits[start..<start + 4], as: UTF8.self), radix: 16) ?? 0
            let fraction = Float(bits & 0x3ff)
            let exponent = Int(bits >> 10 & 0x1f)
            let magnitude =
                exponent == 0
                ? fraction * 0x1p-24
                : Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1_024)
            return bits & 0x8000 == 0 ? magnitude : -magnitude
        }
    }
}

/// The cosine of the angle between two vectors of any length.
func cosine(_ first: [Float], _ second: [Float]) -> Double {
    func dot(_ a: [Float], _ b: [Float]) -> Double {
        zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    return dot(first, second) / (dot(first, first) * dot(second, second)).squareRoot()
}

extension TemporaryDirectory {
    /// Makes `neuron0`, `neuron1` ... as the fake device writes them.
    func addChips(_ count: Int, first: Int = 0, cores: Int = 2, memory: Int = 34_359_738_368) throws {
        for chip in 0..<count {
            try Files.write(
                path + "/neuron\(chip)",
                FakeChipFile(index: first + chip, cores: cores, memory: memory).octets)
        }
    }
}

extension ModelHead {
    /// How a model that makes vectors pools; nil for other heads.
    var pooling: Pooling? {
        if case .embedding(let head) = self { head.pooling } else { nil }
    }
}
