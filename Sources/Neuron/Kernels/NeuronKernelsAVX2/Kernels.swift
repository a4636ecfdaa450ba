// 256-bit vectors and fused multiply-add: x86-64-v3, that is Haswell (2013), Zen, and newer.

public import KernelTemplates

extension SIMD8<Int32>: KernelIntegers {}

extension SIMD8<Float>: KernelVector {
    /// As many integers, eight.
    public typealias Integers = SIMD8<Int32>

    /// Six rows.
    @inlinable @inline(__always) public static var tileRows: Int { 6 }
    /// Two vectors.
    @inlinable @inline(__always) public static var tileVectors: Int { 2 }

    /// Fused: one instruction.
    @inlinable @inline(__always)
    public func adding(_ a: Self, times b: Self) -> Self { addingProduct(a, b) }
}

/// The kernels in these instructions.
package struct AVX2Kernels: Kernels {
    /// Eight lanes: one AVX register.
    public typealias Vector = SIMD8<Float>

    /// The CPU must have the instructions, or the first call ends the process with SIGILL.
    package init() {}
}
