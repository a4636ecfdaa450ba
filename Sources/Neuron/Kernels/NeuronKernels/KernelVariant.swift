// Picks the kernels that this CPU can run. The kernel's list in /proc/cpuinfo is asked rather than CPUID, because it
// leaves out what the operating system has not enabled, and needs no C.

import Glibc
package import KernelTemplates
import NeuronKernelsAVX2
import NeuronKernelsAVX512
import NeuronKernelsAVX512BF16
import NeuronKernelsBaseline

/// The kernels that were compiled.
package enum KernelVariant: String, CaseIterable, Sendable {
    /// 128-bit vectors; runs everywhere.
    case baseline
    /// 256-bit vectors and fused multiply-add; x86-64-v3, that is Haswell (2013), Zen, and newer.
    case avx2
    /// 512-bit vectors and 32 registers; x86-64-v4, that is Skylake-SP (2017), Zen 4, and newer.
    case avx512
    /// The same with dot products of BF16 pairs: Cooper Lake (2020), Sapphire Rapids, Zen 4, and newer.
    case avx512bf16

    /// The fastest that this CPU can run.
    package static let best = allCases.last(where: \.isSupported) ?? .baseline

    /// The kernels; where the CPU does not support them, a call ends the process with SIGILL.
    package var kernels: any Kernels {
        switch self {
        case .baseline: BaselineKernels()
        case .avx2: AVX2Kernels()
        case .avx512: AVX512Kernels()
        case .avx512bf16: AVX512BF16Kernels()
        }
    }

    /// Whether this CPU can run them.
    package var isSupported: Bool {
        switch self {
        case .baseline: true
        case .avx2: processorFlags.isSuperset(of: ["avx2", "fma"])
        case .avx512:
            processorFlags.isSuperset(of: ["avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl"])
        case .avx512bf16: Self.avx512.isSupported && processorFlags.contains("avx512_bf16")
        }
    }
}

/// The flags of the first processor; empty where there is no such list.
private let processorFlags: Set<Substring> = readProcessorFlags()

private func readProcessorFlags() -> Set<Substring> {
    guard let file = fopen("/proc/cpuinfo", "re") else { return [] }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 16_384)
    while fgets(&line, Int32(line.count), file) != nil {
        let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        if text.hasPrefix("flags") {
            return Set(text.split { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == ":" })
        }
    }
    return []
}
