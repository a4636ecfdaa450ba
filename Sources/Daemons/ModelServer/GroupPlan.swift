// How a server divides its cores: copies = cores / tensor parallel degree, each copy on consecutive cores.

/// The groups of a server.
package struct GroupPlan: Equatable, Sendable {
    /// Cores per group, in the order of the cores.
    package let groups: [Range<Int>]

    /// Divides `cores` into groups of `degree`.
    ///
    /// - Throws: `ServerError` that names the valid degrees when they do not come out even.
    package init(cores: Range<Int>, degree: Int) throws(ServerError) {
        guard degree > 0, cores.count % degree == 0, !cores.isEmpty else {
            let valid = (1...max(cores.count, 1)).filter { cores.count % $0 == 0 }.map(String.init)
            let list =
                valid.count > 1
                ? valid.dropLast().joined(separator: ", ") + " or " + valid[valid.count - 1] : valid[0]
            throw ServerError(
                "the tensor parallel degree \(degree) does not divide the \(cores.count) visible cores: set it to"
                    + " \(list)")
        }
        groups = stride(from: cores.lowerBound, to: cores.upperBound, by: degree).map { $0..<$0 + degree }
    }
}
