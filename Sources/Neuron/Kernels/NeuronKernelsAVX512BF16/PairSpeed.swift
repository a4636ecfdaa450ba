// AMD's CPUs (Zen 4) take a VDPBF16PS in the time of a fused multiply-add, and so twice as many numbers. Intel's of Sapphire
// and Emerald Rapids take four times as long for it, and half as many numbers: there BF16 numbers are multiplied faster in
// single precision, to the same bits. No flag of CPUID tells them apart, so the first use tries both for some microseconds.

import KernelTemplates
import NeuronKernelsAVX512

/// What VDPBF16PS is worth on this CPU.
package enum PairSpeed {
    /// Whether it multiplies fewer numbers in a time than fused multiply-adds do.
    package static let isLess: Bool = {
        let kernels = AVX512Kernels()
        let (rows, depth, columns) = (kernels.triedRows, kernels.passDepth, kernels.panelColumns)
        // Zeros for both sides of both products, and room for the sums behind them.
        let count = (rows + columns) * depth
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: count + rows * columns) { buffer in
            buffer.initialize(repeating: 0)
            guard let a = buffer.baseAddress else { return false }
            let singles = fastest { kernels.tryPart(Singles.self, a, sums: a + count) }
            let pairs = fastest { kernels.tryPart(HardwarePairs.self, a, sums: a + count) }
            return pairs > singles
        }
    }()

    /// The shortest of some times: others on the machine, and a CPU that wakes up, only make them longer.
    private static func fastest(_ work: () -> Void) -> Duration {
        var shortest = Duration.seconds(1)
        for _ in 0..<8 {
            shortest = min(shortest, ContinuousClock().measure { for _ in 0..<16 { work() } })
        }
        return shortest
    }
}

extension AVX512Kernels {
    /// Rows of a tile.
    fileprivate var triedRows: Int { Vector.tileRows }

    /// A tile of rows times a panel of a pass's depth.
    ///
    /// - Parameters:
    ///   - a: the rows, and the panel behind them.
    ///   - sums: room for the result.
    @inline(never)
    fileprivate func tryPart<Arithmetic: ProductArithmetic>(
        _: Arithmetic.Type, _ a: UnsafePointer<Float>, sums: UnsafeMutablePointer<Float>
    ) {
        product(
            Arithmetic.self, a, rows: triedRows, depth: passDepth, aStride: passDepth,
            packed: a + triedRows * passDepth, columns: panelColumns, into: sums, cStride: panelColumns,
            finish: .none)
    }
}
