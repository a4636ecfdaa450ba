// The fake device as a whole: a process's cores, claimed as the driver gives them out.

import NeuronKernels
package import NeuronRuntime
import SystemIO

/// Computes on the CPU in the place of NeuronCores.
package final class FakeRuntime: NeuronRuntime {
    package let version: String
    package let visibleCores: Range<Int>
    private let claim: Lock<CoreClaim?>
    private let parts = Lock<[WeakClaim]>([])

    /// A runtime of cores that are claimed.
    package init(_ claim: CoreClaim) {
        visibleCores = claim.cores
        version =
            "fake, kernels \(KernelVariant.best.rawValue)"
            + (claim.settings.clock == nil ? "" : ", which computes nothing and takes the hardware's time")
        self.claim = Lock(claim)
    }

    package func split(_ groups: [Range<Int>]) -> [any NeuronCores] {
        guard let claim = claim.withLock({ $0 }) else { return [] }
        let own = claim.split(groups)
        parts.withLock { $0 = own.map(WeakClaim.init) }
        return own
    }

    package func close() {
        claim.withLock { claim in
            claim?.end()
            claim = nil
        }
        for part in parts.withLock({ $0 }) { part.claim?.end() }
    }
}

/// A claim that somebody else keeps.
private final class WeakClaim: @unchecked Sendable {
    // @unchecked: set once.
    private(set) weak var claim: CoreClaim?

    init(_ claim: CoreClaim) { self.claim = claim }
}
