// What AWS says a chip can do, by generation: from its hardware pages (SDK 2.32) and its announcement of Inf2. It is for
// choosing and comparing; nothing here is measured.

/// The published figures of one chip; nil where none is published.
package struct ChipPerformance: Equatable, Sendable {
    /// Device memory bandwidth in GB/s.
    package let memoryBandwidth: Int
    /// INT8 TOPS.
    package let int8: Double?
    /// FP8 TFLOPS (configurable FP8 on NeuronCore-v2, MXFP8 on Trainium3).
    package let fp8: Double?
    /// BF16 and FP16 TFLOPS, dense.
    package let bf16: Double
    /// TF32 TFLOPS.
    package let tf32: Double?
    /// FP32 TFLOPS.
    package let fp32: Double?
    /// NeuronLink bandwidth of a chip in GB/s; for Inferentia2 as announced, where the SDK's page has 192 GiB/s.
    package let linkBandwidth: Int
}

extension NeuronFamily {
    /// What a chip of the family can do.
    package var performance: ChipPerformance {
        switch self {
        case .inferentia:
            ChipPerformance(
                memoryBandwidth: 50, int8: 128, fp8: nil, bf16: 64, tf32: nil, fp32: nil, linkBandwidth: 32)
        case .inferentia2:
            ChipPerformance(
                memoryBandwidth: 820, int8: 380, fp8: 190, bf16: 190, tf32: 190, fp32: 47.5,
                linkBandwidth: 384)
        case .trainium1:
            ChipPerformance(
                memoryBandwidth: 820, int8: 380, fp8: 190, bf16: 190, tf32: 190, fp32: 47.5,
                linkBandwidth: 384)
        case .trainium2:
            ChipPerformance(
                memoryBandwidth: 2_900, int8: nil, fp8: 1_299, bf16: 667, tf32: nil, fp32: nil,
                linkBandwidth: 1_024)
        case .trainium3:
            ChipPerformance(
                memoryBandwidth: 4_900, int8: nil, fp8: 2_517, bf16: 671, tf32: nil, fp32: nil,
                linkBandwidth: 2_048)
        }
    }

    /// Device memory that one core can use for itself, in octets: cores of an Inferentia chip share all of it.
    package var memoryPerCore: UInt64 {
        self == .inferentia
            ? memoryPerChip : memoryPerChip / UInt64(physicalCoresPerChip / defaultLogicalCoreSize)
    }
}
