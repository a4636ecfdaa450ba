// How a server divides its cores: copies = cores / tensor parallel degree, each copy on consecutive cores.

internal import Text

/// The groups of a server.
package struct GroupPlan: Equatable, Sendable {
    /// Cores per group, in the order of the cores.
    package let groups: [Range<Int>]

    /// Divides `cores` into groups of `degree`.
    ///
    /// - Throws: `ServerError` that names the valid degrees when they do not come out even.
    package init(cores: Range<Int>, degree: Int) throws(ServerError) {
        guard degree > 0, cores.count % degree == 0, !cores.isEmpty else {
            let valid = (1...max(cores.count, 1)).filter { cores.count % $0 == 0 }
            throw ServerError(
                "the tensor parallel degree \(degree) does not divide the \(cores.count) visible cores: set it to"
                    + " \(valid.alternatives)")
        }
        groups = stride(from: cores.lowerBound, to: cores.upperBound, by: degree).map { $0..<$0 + degree }
    }
}
