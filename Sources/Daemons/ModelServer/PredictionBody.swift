// The answer to a prediction, written by hand: a batch of embeddings is tens of thousands of numbers, and going
// through a JSON value would cost more than computing them.

internal import JSON

extension Dispatcher.Prediction {
    /// The JSON document. Times are in milliseconds.
    func body(model: String, usesInstances: Bool) -> [UInt8] {
        var text = usesInstances ? "{\"predictions\":[" : "{\"embeddings\":["
        for (index, embedding) in embeddings.enumerated() {
            text += index > 0 ? ",[" : "["
            for (place, value) in embedding.enumerated() {
                if place > 0 { text += "," }
                text += value.isFinite ? value.description : "null"
            }
            text += "]"
        }
        text += "],\"model\":" + JSON.string(model).text()
        text += ",\"tokens\":\(tokens),\"batch\":\(batch),\"core\":\(core)"
        text +=
            ",\"timings\":{\"queue_ms\":\(milliseconds(queued)),\"compute_ms\":\(milliseconds(computed))}}\n"
        return Array(text.utf8)
    }
}

/// Three digits after the point.
private func milliseconds(_ duration: Duration) -> Double {
    let parts = duration.components
    return (Double(parts.seconds) * 1e6 + (Double(parts.attoseconds) / 1e12).rounded()) / 1e3
}
