// Why a model cannot be had from where it is. The sentence names the URI as it may be shown, the status where there was one,
// and the mend.

internal import Glibc
package import SystemIO
package import WebClient

/// A model that could not be fetched.
package struct ModelSourceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of fault it is.
    package enum Kind: String, Sendable {
        /// The URI is none that is known.
        case location
        /// The store answered that it does not give it.
        case refused
        /// The store did not answer, or broke off, more often than is tried.
        case unreachable
        /// What came is not what was meant.
        case checksum
        /// What came cannot be unpacked safely.
        case archive
        /// The disk, or the cache's limit, is too small.
        case space
        /// The file system refused.
        case disk
        /// It was given up.
        case cancelled
    }

    /// The URI, as it may be shown.
    package let uri: String
    /// What kind of fault it is.
    package let kind: Kind
    /// What is wrong.
    package let problem: String
    /// What to do; empty where nothing can be said.
    package let mend: String
    /// The status of HTTP; nil where there was none.
    package let status: Int?

    /// An error.
    package init(_ uri: String, _ kind: Kind, _ problem: String, mend: String = "", status: Int? = nil) {
        self.uri = uri
        self.kind = kind
        self.problem = problem
        self.mend = mend
        self.status = status
    }

    /// One sentence.
    package var description: String {
        "cannot fetch the model \(uri): \(problem)" + (mend.isEmpty ? "" : ": \(mend)")
    }

    /// A fault of the file system.
    package init(_ uri: String, _ error: SystemError) {
        let isFull = [ENOSPC, EDQUOT, EFBIG].contains(error.code)
        self.init(
            uri, isFull ? .space : .disk, error.description,
            mend: isFull ? "make the volume of the model cache larger, or its limit smaller" : "")
    }

    /// A fault of the way to the store, or its refusal.
    package init(_ uri: String, _ error: WebError) {
        let kind: Kind =
            switch error.cause {
            case .status(let status, _), .proxy(_, let status):
                status >= 500 || status == 429 ? .unreachable : .refused
            case .connection: .unreachable
            case .redirect, .tooLarge, .answer, .unsent: .refused
            case .cancelled: .cancelled
            }
        let mend =
            switch error.status {
            case 401, 403: "look at the credentials and at what they may read"
            case 404: "look at the URI"
            default: ""
            }
        self.init(uri, kind, error.description, mend: mend, status: error.status)
    }
}
