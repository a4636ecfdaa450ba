// Whether the initial events of a collection are asked for as a watch (WatchList) or as a list. Servers before 1.32, and
// what stands before a server, may refuse the query, answer it with anything at all, or keep the end mark for themselves.

/// What is known about a server's WatchList. No I/O.
struct InitialEvents: Equatable, Sendable {
    private enum State: Equatable {
        /// Nothing speaks against a WatchList; this many have failed in a row.
        case watching(failures: Int)
        /// It has failed: the list shows whether that was the server's fault or the WatchList's.
        case tryingList(why: String, isTelling: Bool)
        /// The server has none: lists for good.
        case listing
    }

    /// Failures that may pass, in a row, before a list is tried.
    private static let patience = 2

    private var state = State.watching(failures: 0)
    /// A list has come through where WatchLists had not, which may have been chance.
    private var hasDoubts = false
    private var notice: String?

    /// Whether the collection is to be asked for as a list.
    var listsNext: Bool { if case .watching = state { false } else { true } }

    /// Whether it is known that there is no WatchList.
    var isRefused: Bool { state == .listing }

    /// The end mark has come.
    mutating func came() {
        state = .watching(failures: 0)
        hasDoubts = false
    }

    /// The stream is such as no WatchList is, or the server refuses the query: no more of it.
    mutating func areMissing(_ why: String) {
        guard state != .listing else { return }
        state = .listing
        notice = "\(why): listing instead of watching for the initial events"
    }

    /// The request, or the stream before the end mark, has failed.
    ///
    /// - Parameter hasBegun: whether events had come already.
    mutating func failed(_ error: KubernetesError, hasBegun: Bool) {
        let why = error.description
        switch error.code {
        case 400, 405, 406, 415, 422: state = .listing  // what a server without WatchList says of its query
        case nil: failed(why, mayPass: true, isTelling: hasBegun)
        case let code?:
            let mayPass = KubernetesError.isTransient(code: code) || error.isGone
            failed(why, mayPass: mayPass, isTelling: !mayPass)
        }
    }

    /// The request, or the stream before the end mark, has failed.
    ///
    /// - Parameters:
    ///   - mayPass: whether it is worth another try before a list.
    ///   - isTelling: whether a list that comes through right afterwards shows that it is the WatchList that fails, and not
    ///     that a server has come back.
    mutating func failed(_ why: String, mayPass: Bool, isTelling: Bool) {
        guard case .watching(let failures) = state else { return }
        state =
            mayPass && failures + 1 < Self.patience
            ? .watching(failures: failures + 1) : .tryingList(why: why, isTelling: isTelling)
    }

    /// A list has come through.
    mutating func listed() {
        guard case .tryingList(let why, let isTelling) = state else { return }
        guard isTelling || hasDoubts else {
            hasDoubts = true
            state = .watching(failures: Self.patience - 1)
            return
        }
        areMissing("the initial events do not come as a watch, but as a list (\(why))")
    }

    /// A list has failed before its first page: then it may be the server that fails, and both take turns.
    mutating func listFailed() {
        guard case .tryingList = state else { return }
        state = .watching(failures: Self.patience - 1)
    }

    /// What the log is told, once.
    mutating func takeNotice() -> String? {
        defer { notice = nil }
        return notice
    }
}
