// How the chips of an instance are linked. The orders within a row are the driver's, for what it prints; nothing may
// rely on them.

/// The shape of an instance's chip-to-chip links.
package enum ChipLinks: String, Hashable, Sendable {
    /// One chip.
    case single
    /// Neighbours in a row, ends open (inf2.24xlarge).
    case line
    /// Neighbours in a row, ends joined (inf2.48xlarge, inf1).
    case ring
    /// Four by four, rows and columns closed (Trainium1 and 2).
    case torus
    /// Every chip to every other through a switch (Trainium3).
    case allToAll = "all-to-all"

    /// For each chip those it is linked to.
    ///
    /// - Parameters:
    ///   - count: chips, 0 to 64; a torus has 16, any other count gets no links.
    ///   - family: Trainium2's driver lists a torus row in another order than Trainium1's.
    package func adjacency(count: Int, family: NeuronFamily) -> [[Int]] {
        let chips = 0..<max(0, min(count, 64))
        switch self {
        case .single: return chips.map { _ in [] }
        case .line: return chips.map { chip in [chip - 1, chip + 1].filter { chips.contains($0) } }
        case .ring:
            return chips.map { chip in
                let around = [(chip + chips.count - 1) % chips.count, (chip + 1) % chips.count]
                return Set(around).count == 2 ? around : around.prefix(1).filter { $0 != chip }
            }
        case .torus:
            guard count == 16 else { return chips.map { _ in [] } }
            if family == .trainium2 { return Self.trainium2Torus }
            // Up, left, down, right (neuron_dhal_v2.c).
            return chips.map { chip in
                let (row, column) = (chip / 4, chip % 4)
                return [
                    (row + 3) % 4 * 4 + column, row * 4 + (column + 3) % 4,
                    (row + 1) % 4 * 4 + column, row * 4 + (column + 1) % 4,
                ]
            }
        case .allToAll: return chips.map { chip in chips.filter { $0 != chip } }
        }
    }

    /// The same torus in the order in which the driver prints Trainium2's rows (neuron_dhal_v3.c).
    private static let trainium2Torus = [
        [12, 1, 3, 4], [0, 13, 5, 2], [14, 3, 1, 6], [2, 15, 7, 0],
        [8, 5, 7, 0], [4, 9, 1, 6], [10, 7, 5, 2], [6, 11, 3, 4],
        [4, 9, 11, 12], [8, 5, 13, 10], [6, 11, 9, 14], [10, 7, 15, 8],
        [0, 13, 15, 8], [12, 1, 9, 14], [2, 15, 13, 10], [14, 3, 11, 12],
    ]
}
