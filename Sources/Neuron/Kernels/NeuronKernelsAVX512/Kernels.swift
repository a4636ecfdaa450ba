// 512-bit vectors and twice as many registers: x86-64-v4, that is Skylake-SP (2017), Zen 4, and newer.

public import KernelTemplates

extension SIMD16<Int32>: KernelIntegers {}

extension SIMD16<Float>: KernelVector {
    /// As many integers, sixteen.
    public typealias Integers = SIMD16<Int32>

    /// Eight rows.
    @inlinable @inline(__always) public static var tileRows: Int { 8 }
    /// Three vectors.
    @inlinable @inline(__always) public static var tileVectors: Int { 3 }

    /// Fused: one instruction.
    @inlinable @inline(__always)
    public func adding(_ a: Self, times b: Self) -> Self { addingProduct(a, b) }
}

/// The kernels in these instructions.
package struct AVX512Kernels: Kernels {
    /// Sixteen lanes: one AVX-512 register.
    public typealias Vector = SIMD16<Float>

    /// The CPU must have the instructions, or the first call ends the process with SIGILL.
    package init() {}
}
