// What is asked of a dispatcher, and what comes of it.

package import Models

extension Dispatcher {
    /// Why a request was not answered.
    package enum Refusal: Error, Equatable {
        /// The queue is full; when to come back.
        case full(limit: Int, retryAfter: Duration)
        /// No group is there yet.
        case notReady
        /// No group was free in time.
        case expired(after: Duration)
        /// The client's own time is over.
        case deadline
        /// The caller has stopped waiting.
        case cancelled
        /// The vectors have numbers that are none.
        case notFinite
        /// The group could not compute; the sentence says why. nil: it holds no such model, which is a fault of the server,
        /// since the caller has checked the name.
        case failed(String?)
    }

    /// The answer to one request.
    package struct Prediction: Equatable, Sendable {
        /// One vector per text.
        package var embeddings: [[Float]]
        /// Ids per text.
        package var tokens: [Int]
        /// From arrival until a group took the first of its texts.
        package var queued: Duration
        /// From then until the last vector was there.
        package var computed: Duration
        /// Texts of the pass that its last text was in.
        package var batch: Int
        /// The first core of the group that computed it.
        package var core: Int
    }

    /// What a request asks.
    package struct Call: Sendable {
        /// The model's key.
        package var model: String
        package var texts: [TokenizedText]
        /// From 1, the highest; nil for the middle one.
        package var priority: Int?
        /// How long the client waits from now on; nil for ever.
        package var timeout: Duration?

        package init(model: String, texts: [TokenizedText], priority: Int? = nil, timeout: Duration? = nil) {
            self.model = model
            self.texts = texts
            self.priority = priority
            self.timeout = timeout
        }
    }
}
