// The Neuron runtime of a machine with NeuronCores: AWS's library behind the seam. A process has one, and a core belongs to
// the process from the opening on.

internal import Glibc
package import NeuronRuntime
import SystemIO

/// AWS's runtime.
package final class LibNRT: NeuronRuntime {
    package var version: String { "libnrt \(session.library.version)" }
    package let visibleCores: Range<Int>
    private let session: NRTSession
    private let instance: InstanceInformation

    /// The one instance of the process.
    private static let isOpen = Lock(false)

    /// Opens the library and, with it, the cores that the environment names.
    ///
    /// - Parameters:
    ///   - library: the file; nil for where AWS's packages put it.
    ///   - selection: what the environment says, which the library reads by itself.
    /// - Throws: `NRTError`: `.resource` where another process has the cores, `.invalid` for a second instance.
    package init(library path: String? = nil, selection: CoreSelection) throws(NRTError) {
        let library = try NRTLibrary(path: path)
        let isFirst = Self.isOpen.withLock { isOpen in
            defer { isOpen = true }
            return !isOpen
        }
        guard isFirst else {
            throw NRTError(
                .invalid, "open \(library.path)", problem: "this process has opened it already",
                mend: "give each server a process of its own")
        }
        do throws(NRTError) {
            // No framework, without versions.
            try library.check(library.functions.open(1, "", ""), "open the cores")
            var count: UInt32 = 0
            try library.check(library.functions.visibleCores(&count), "count the cores")
            // The library counts the process's cores from 0, whatever their numbers in the container are.
            let first = if case .cores(let cores) = selection { cores.lowerBound } else { 0 }
            visibleCores = first..<first + Int(count)
            instance = Self.instance(library)
        } catch {
            Self.isOpen.withLock { $0 = false }
            throw error
        }
        session = NRTSession(library, firstCore: visibleCores.lowerBound) {
            Self.isOpen.withLock { $0 = false }
        }
    }

    package func split(_ groups: [Range<Int>]) -> [any NeuronCores] {
        groups.map { NRTCores($0.clamped(to: visibleCores), instance: instance, session: session) }
    }

    package func close() { session.close() }

    /// Families by libnrt's numbers.
    private static let families = [
        1: "inf1", 2: "trn1", 3: "trn1", 4: "inf2", 5: "trn2", 6: "trn2", 7: "inf2", 8: "trn2", 9: "trn2",
        10: "trn2", 11: "trn2", 12: "trn2", 13: "trn2", 14: "trn3", 15: "trn3",
    ]

    private static func instance(_ library: NRTLibrary) -> InstanceInformation {
        // Family and size, then 16 and 8 characters.
        var octets = [UInt8](repeating: 0, count: 32)
        guard library.functions.instance(&octets, octets.count) == 0 else {
            return InstanceInformation(family: "", architecture: "")
        }
        let family = octets.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
        let name = String(decoding: octets[8..<24].prefix { $0 != 0 }, as: UTF8.self)
        return InstanceInformation(family: families[Int(family)] ?? "", architecture: name)
    }
}

/// What everything of an opened library shares, and its end.
final class NRTSession: Sendable {
    let library: NRTLibrary
    /// The container's number of the library's core 0.
    let firstCore: Int
    private let end: Lock<(@Sendable () -> Void)?>

    init(_ library: NRTLibrary, firstCore: Int, end: @escaping @Sendable () -> Void) {
        self.library = library
        self.firstCore = firstCore
        self.end = Lock(end)
    }

    deinit { close() }

    /// Whether `close` has been called.
    var isClosed: Bool { end.withLock { $0 == nil } }

    /// Gives the cores back. What is loaded is gone.
    func close() {
        let end = end.withLock { end in
            defer { end = nil }
            return end
        }
        guard let end else { return }
        library.functions.close()
        end()
    }

    /// The library's number of a core.
    func number(_ core: Int) -> Int32 { Int32(truncatingIfNeeded: core - firstCore) }
}
