// MPNet's attention counts how far two tokens are from each other (as T5's does: Raffel et al., 2020): near distances one by one,
// far ones together, in steps that grow with the distance, and from a limit on all alike.

import Glibc

/// What a distance counts as.
package enum DistanceBuckets {
    /// Numbers of buckets that are known.
    package static let counts = 32...32
    /// From this distance on all are alike.
    private static let limit: Float = 128

    /// The bucket of a distance.
    ///
    /// - Parameters:
    ///   - distance: from the token that looks to the one that is looked at; negative for one before it.
    ///   - count: of buckets: one half for each direction.
    package static func bucket(_ distance: Int, count: Int) -> Int {
        let half = count / 2
        let near = half / 2
        let first = distance > 0 ? half : 0
        let length = abs(distance)
        guard length >= near else { return first + length }
        let steps = logf(Float(length) / Float(near)) / logf(limit / Float(near)) * Float(half - near)
        return first + min(near + Int(steps), half - 1)
    }
}
