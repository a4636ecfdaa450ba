// Which numbers of chips may work together is a property of the family: Inferentia takes any run, Trainium only
// single chips, rows, halves and the whole instance (AWS's scheduler extension and DRA driver name the same sets).

/// The chip groups that a family's runtime accepts.
package enum ChipGroups: Hashable, Sendable {
    /// Any run of consecutive chips (Inferentia).
    case anyRun
    /// Runs of one of these sizes that start at a multiple of the size (Trainium: 1, 4, 8, 16).
    case aligned(sizes: [Int])

    /// Trainium's groups: a chip, a row of four, a half of eight, all sixteen.
    package static let trainium = ChipGroups.aligned(sizes: [1, 4, 8, 16])
}
