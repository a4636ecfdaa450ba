// 512-bit vectors with dot products of BF16 pairs: Cooper Lake, Sapphire Rapids, Zen 4, and newer.

internal import CKernels
public import KernelTemplates
import NeuronKernelsAVX512

/// Pairs of BF16 in VDPBF16PS.
public enum HardwarePairs: ProductArithmetic {
    /// Adds two products to each sum, the pair's second first, each rounded.
    @usableFromInline
    enum PairProduct: VectorProduct {
        @inline(__always)
        @usableFromInline
        static func add<Vector: KernelVector>(_ sum: Vector, _ a: Vector, _ b: Vector) -> Vector {
            #if arch(x86_64)
                // This module has no other vector.
                let result = ganglion_add_pair_products(
                    unsafeBitCast(sum, to: SIMD16<Float>.self), unsafeBitCast(a, to: SIMD16<Float>.self),
                    unsafeBitCast(b, to: SIMD16<Float>.self))
                return unsafeBitCast(result, to: Vector.self)
            #else
                return sum.adding(a.upperHalves, times: b.upperHalves)
                    .adding(a.lowerHalves, times: b.lowerHalves)
            #endif
        }
    }

    /// A pair in the place of one float.
    @inline(__always) public static var operandFloats: Int { 1 }
    /// A pair.
    @inline(__always) public static var depthOfStep: Int { 2 }

    /// See `ProductArithmetic`.
    @inline(__always)
    public static func add<Tile: RegisterTile>(
        _ a: UnsafePointer<Float>, stride: Int, times line: Tile.Line, to tile: inout Tile
    ) {
        tile.add(a, stride: stride, times: line, PairProduct.self)
    }

    /// See `ProductArithmetic`.
    @inline(__always)
    public static func round(_ a: UnsafePointer<Float>, count: Int, into out: UnsafeMutablePointer<Float>) {
        let halves = UnsafeMutableRawPointer(out).assumingMemoryBound(to: UInt16.self)
        for index in 0..<count { halves[index] = BFloat16.bits(of: a[index]) }
        if count % 2 == 1 { halves[count] = 0 }
    }
}

/// The kernels in these instructions.
package struct AVX512BF16Kernels: Kernels {
    /// Sixteen lanes: one AVX-512 register.
    public typealias Vector = SIMD16<Float>
    /// In one instruction.
    public typealias Pairs = HardwarePairs

    /// See `Kernels`.
    public let widensPairs: Bool

    /// The CPU must have the instructions, or the first call ends the process with SIGILL.
    ///
    /// - Parameter widensPairs: what is faster on this CPU where nothing else is said.
    package init(widensPairs: Bool = PairSpeed.isLess) { self.widensPairs = widensPairs }
}
