// Faults on request: whoever tries what a model server does when a core fails writes the fault's name beside the core in the
// chip's file, and the next execution on that core fails with it, once. It is the same file that a container has at
// /dev/neuronN, so it works wherever a fake chip does.

/// How an execution, or a load, fails.
package enum ExecutionFault: String, CaseIterable, Sendable {
    /// The core does not come to an end: the execution fails after NEURON_RT_EXEC_TIMEOUT.
    case hang
    /// Device memory has an error that cannot be corrected.
    case memoryError = "memory-error"
    /// The core's own memory has one.
    case coreMemoryError = "core-memory-error"
    /// A transfer is aborted.
    case transferAbort = "transfer-abort"
    /// A collective hangs.
    case collectives
    /// Numbers among the results are none.
    case numericalError = "numerical-error"
    /// The core hangs until it is reset: everything after it fails as well, until the cores are opened anew.
    case coreReset = "core-reset"
    /// The next load finds no memory.
    case outOfMemory = "out-of-memory"
}

extension FakeChipFile {
    /// Octets for a core's fault: a name and zeros.
    package static let faultSize = 32

    /// Where a core's fault is written, 0 to 63.
    package static func faultOffset(ofCore core: Int) -> Int { 2_048 + faultSize * core }

    /// What to write there; nil takes a fault back.
    package static func entry(of fault: ExecutionFault?) -> [UInt8] {
        let name = Array((fault?.rawValue ?? "").utf8)
        return name + [UInt8](repeating: 0, count: faultSize - name.count)
    }

    /// The fault that is written there; nil for none, and for what is no fault.
    package static func fault(_ entry: some Sequence<UInt8>) -> ExecutionFault? {
        ExecutionFault(rawValue: String(decoding: entry.prefix(faultSize).prefix { $0 != 0 }, as: UTF8.self))
    }
}
