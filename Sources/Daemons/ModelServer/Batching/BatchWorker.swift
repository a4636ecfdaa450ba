// What computes a pass: a group of cores, or a script in a test.

package import Models
internal import NeuronRuntime

/// Computes one pass at a time.
package protocol BatchWorker: AnyObject, Sendable {
    /// Its cores, as the container counts them.
    var cores: Range<Int> { get }

    /// Embeds texts, all in one pass where the program takes them.
    func compute(_ texts: [TokenizedText], model: String) async -> PassResult
}

/// What has come of a pass.
package enum PassResult: Equatable, Sendable {
    /// A vector for each text; nil for one whose numbers are none.
    case vectors([[Float]?])
    /// It could not be computed; the sentence says why. nil: there is no such model, which is a fault of the server.
    case failed(String?)
    /// The cores come back with a new process only; the sentence says why.
    case lost(String)
}

extension NeuronCoreGroup: BatchWorker {
    /// Embeds on the pool's threads; the numbers are looked at there.
    package func compute(_ texts: [TokenizedText], model: String) async -> PassResult {
        let before = failure
        if let vectors = await embed(texts, model: model) {
            return .vectors(vectors.map { $0.allSatisfy(\.isFinite) ? $0 : nil })
        }
        if failure?.status == .unrecoverable, let failure { return .lost(failure.description) }
        return .failed(failure == before ? nil : failure?.description)
    }
}
