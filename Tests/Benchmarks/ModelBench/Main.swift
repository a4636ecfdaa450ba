// What Tests/Benchmarks/model.py puts beside numpy and onnxruntime: each line of standard input is one measurement, each
// line of standard output its seconds, the least of some passes. Weights and matrices stay between lines, so that the
// others can have their turn in between.
//
//     product VARIANT ROWS COLUMNS DEPTH     C = A B in single precision, B packed before
//     encode MODEL BATCH TOKENS CORES        texts of so many tokens through a model on so many cores
//     load MODEL                             a folder or an artifact, until a core could compute
// The only argument is the device root, a fake one. Further:
//
//     variants                               the kernels that this CPU can run, in place of seconds

import FakeRuntime
import Glibc
import KernelTemplates
import Models
import NeuronKernels
import NeuronRuntime

/// A request that cannot be measured.
struct Unusable: Error, CustomStringConvertible {
    let description: String
}

/// The matrices of one product.
final class Product {
    private let kernels: any Kernels
    private let (rows, columns, depth): (Int, Int, Int)
    private let a: [Float]
    private var packed: [Float]
    private var c: [Float]

    init(_ variant: KernelVariant, rows: Int, columns: Int, depth: Int) {
        kernels = variant.kernels
        (self.rows, self.columns, self.depth) = (rows, columns, depth)
        a = (0..<rows * depth).map { Float($0 % 17) / 17 }
        let b = (0..<columns * depth).map { Float($0 % 19) / 19 }
        packed = [Float](repeating: 0, count: kernels.packedCount(columns: columns, depth: depth))
        c = [Float](repeating: 0, count: rows * columns)
        kernels.pack(
            b, columns: columns, depth: depth, columnStride: depth, depthStride: 1, into: &packed)
    }

    func run() {
        kernels.multiply(
            a, rows: rows, depth: depth, aStride: depth, packed: packed, columns: columns, into: &c,
            cStride: columns, finish: .none)
    }
}

/// Seconds of the fastest of some passes, as long as a fifth of a second lasts; the first does not count.
func least(_ body: () -> Void) -> Double {
    body()
    let clock = ContinuousClock()
    let end = clock.now + .milliseconds(200)
    var best = Double.infinity
    repeat {
        let time = clock.measure(body)
        best = min(best, Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18)
    } while clock.now < end
    return best
}

/// One measurement.
struct Bench {
    private var products: [[Substring]: Product] = [:]
    private var groups: [Int: NeuronCoreGroup] = [:]
    private var loaded: [Int: Set<Substring>] = [:]

    mutating func answer(_ line: String) async throws -> String {
        let words = line.split(separator: " ")
        switch words.first {
        case "variants":
            return KernelVariant.allCases.filter(\.isSupported).map(\.rawValue).joined(separator: " ")
        case "product" where words.count == 5:
            let sizes = words[2...].compactMap { Int($0) }
            guard let variant = KernelVariant(rawValue: String(words[1])), variant.isSupported,
                sizes.count == 3, sizes.allSatisfy({ (1...1 << 16).contains($0) })
            else { break }
            let product =
                products[words] ?? Product(variant, rows: sizes[0], columns: sizes[1], depth: sizes[2])
            products[words] = product
            return "\(least(product.run))"
        case "encode" where words.count == 5:
            guard let batch = Int(words[2]), let tokens = Int(words[3]), let cores = Int(words[4]) else {
                break
            }
            let group = try group(words[1], cores: cores)
            let measured = await group.measure(
                model: String(words[1]), batch: batch, tokens: tokens, passes: 9)
            guard let measured else { break }
            return "\(measured.milliseconds.fastest / 1e3)"
        case "load" where words.count == 2:
            return "\(least { load(words[1]) })"
        default: break
        }
        throw Unusable(description: "no such measurement: \(line)")
    }

    /// Loads a model as a server that starts does. Its cores are given back at once.
    private func load(_ path: Substring) {
        let model = try? ModelStore().model(at: String(path))
        guard let devices = try? NeuronDevices(root: CommandLine.arguments.dropFirst().first ?? "/dev"),
            let claim = try? devices.claim(.count(1)), let model
        else { return }
        try? NeuronCoreGroup(claim, pool: ComputePool(threads: 1)).load(model, as: "model")
    }

    /// Cores of fake chips with models on them, each under its path.
    private mutating func group(_ path: Substring, cores: Int) throws -> NeuronCoreGroup {
        let group: NeuronCoreGroup
        if let own = groups[cores] {
            group = own
        } else {
            let root = CommandLine.arguments.dropFirst().first ?? "/dev"
            group = NeuronCoreGroup(
                try NeuronDevices(root: root).claim(.count(cores)), pool: ComputePool(threads: 1))
            groups[cores] = group
        }
        if loaded[cores, default: []].insert(path).inserted {
            try group.load(try ModelStore().model(at: String(path)), as: String(path))
        }
        return group
    }
}

@main
struct Main {
    static func main() async {
        var bench = Bench()
        while let line = readLine() {
            do {
                print(try await bench.answer(line))
            } catch {
                let text = "model-bench: \(error)\n"
                _ = text.withCString { write(2, $0, strlen($0)) }
                exit(1)
            }
            fflush(nil)
        }
    }
}
