// The answer to a prediction. A batch of embeddings is tens of thousands of numbers, and going through a JSON value would
// cost more than computing them.

internal import JSON

extension Dispatcher.Prediction {
    /// The JSON document. Times are in milliseconds.
    func body(model: String, usesInstances: Bool) -> [UInt8] {
        // A number between -1 and 1 mostly has 11 characters and a comma.
        let numbers = embeddings.reduce(0) { $0 + $1.count }
        var writer = JSONWriter(capacity: 13 * numbers + 256)
        writer.object { writer in
            writer.key(usesInstances ? "predictions" : "embeddings")
            writer.array { writer in
                for embedding in embeddings {
                    writer.array { for value in embedding { $0.value(value) } }
                }
            }
            writer.member("model", model)
            writer.key("tokens")
            writer.array { for count in tokens { $0.value(count) } }
            writer.member("batch", batch)
            writer.member("core", core)
            writer.key("timings")
            writer.object { writer in
                writer.member("queue_ms", milliseconds(queued))
                writer.member("compute_ms", milliseconds(computed))
            }
        }
        writer.endLine()
        return writer.bytes
    }
}

/// Three digits after the point.
private func milliseconds(_ duration: Duration) -> Double {
    let parts = duration.components
    return (Double(parts.seconds) * 1e6 + (Double(parts.attoseconds) / 1e12).rounded()) / 1e3
}
