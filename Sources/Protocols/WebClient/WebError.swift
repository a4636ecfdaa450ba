// Why a download or a call did not come to its end. The sentence shows URL and status, never a credential.

/// A request that was not answered as it should have been.
package struct WebError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What happened.
    package enum Cause: Sendable, Equatable {
        /// The server answered with a status that is no success, and perhaps with words.
        case status(Int, String)
        /// No answer, or not the whole of it; one sentence.
        case connection(String)
        /// The proxy `HOST:PORT` does not let through to a server; the status with which it said so.
        case proxy(String, status: Int)
        /// Nothing was sent, since what is configured does not allow it; one sentence.
        case unsent(String)
        /// A redirection that is not followed; one sentence.
        case redirect(String)
        /// More octets than may come.
        case tooLarge(limit: Int)
        /// An answer that makes no sense; one sentence.
        case answer(String)
        /// The task was cancelled.
        case cancelled
    }

    /// Method and URL, as they may be shown.
    package let subject: String
    /// What happened.
    package let cause: Cause
    /// How long the server wants to be left alone; nil where it says nothing.
    package let retryAfter: Duration?
    /// The fields of the answer that callers look at; empty where there is no answer.
    package let fields: [String: String]

    /// An error.
    package init(
        _ subject: String, _ cause: Cause, retryAfter: Duration? = nil, fields: [String: String] = [:]
    ) {
        self.subject = subject
        self.cause = cause
        self.retryAfter = retryAfter
        self.fields = fields
    }

    /// The status; nil where there is none.
    package var status: Int? { if case .status(let status, _) = cause { status } else { nil } }

    /// Whether the same request may be answered a moment later.
    package var isTransient: Bool {
        switch cause {
        case .status(let status, _), .proxy(_, let status):
            [408, 425, 429, 500, 502, 503, 504, 509].contains(status)
        case .connection: true
        case .redirect, .tooLarge, .answer, .cancelled, .unsent: false
        }
    }

    /// One sentence.
    package var description: String {
        switch cause {
        case .status(let status, let words):
            "\(subject) was answered with \(status)" + (words.isEmpty ? "" : ": \(words)")
        case .connection(let why): "\(subject) failed: \(why)"
        case .proxy(let proxy, let status):
            "\(subject) failed: the proxy \(proxy) does not let through to it (\(status))"
                + (status == 407 ? ": name USER:PASSWORD@ in the proxy's URL" : "")
        case .unsent(let why): "\(subject) was not sent: \(why)"
        case .redirect(let why): "\(subject) was redirected, and that is not followed: \(why)"
        case .tooLarge(let limit): "\(subject) gives more than \(limit) octets"
        case .answer(let why): "\(subject) was answered with what cannot be used: \(why)"
        case .cancelled: "\(subject) was given up"
        }
    }
}
