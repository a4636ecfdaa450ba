// 128-bit vectors: SSE2 or NEON, which every CPU has.

public import KernelTemplates

extension SIMD4<Int32>: KernelIntegers {}

extension SIMD4<Float>: KernelVector {
    /// As many integers, four.
    public typealias Integers = SIMD4<Int32>

    /// Six rows.
    @inlinable @inline(__always) public static var tileRows: Int { 6 }
    /// Two vectors.
    @inlinable @inline(__always) public static var tileVectors: Int { 2 }

    /// Fused on ARM; a product and a sum on x86.
    @inlinable @inline(__always)
    public func adding(_ a: Self, times b: Self) -> Self {
        #if arch(arm64)
            addingProduct(a, b)
        #else
            // SSE2 has no such instruction, and `addingProduct` would be a call into libm for each lane.
            self + a * b
        #endif
    }
}

/// The kernels in these instructions.
package struct BaselineKernels: Kernels {
    /// Four lanes: one SSE or NEON register.
    public typealias Vector = SIMD4<Float>

    /// The CPU must have the instructions, or the first call ends the process with SIGILL.
    package init() {}
}
