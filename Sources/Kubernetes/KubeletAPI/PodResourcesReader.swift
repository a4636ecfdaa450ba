// Reads the kubelet's account of who holds what, for whoever needs it on the node. The kubelet notifies nobody and allows
// 100 calls a second over all its clients: how often it is asked is the caller's part.

internal import GRPC
package import SystemIO

/// Why the kubelet's account was not to be had.
package enum PodResourcesFault: Error, Equatable, CustomStringConvertible {
    /// Nobody answers on the socket, or not in time.
    case unreachable(String)
    /// The kubelet answers, and not with its account.
    case refused(String)
    /// The account is larger than what is taken, in octets.
    case tooLarge(String)

    init(_ error: any Error) {
        guard let status = error as? GRPCStatus else {
            self = .unreachable("\(error)")
            return
        }
        self =
            switch status.code {
            case _ where status.isMessageTooLarge: .tooLarge("\(status)")
            case .unavailable, .deadlineExceeded, .cancelled: .unreachable("\(status)")
            default: .refused("\(status)")
            }
    }

    /// The reason in one word, for conditions.
    package var reason: String {
        switch self {
        case .unreachable: "KubeletUnreachable"
        case .refused: "KubeletRefuses"
        case .tooLarge: "PodResourcesTooLarge"
        }
    }

    /// What was seen.
    package var description: String {
        switch self {
        case .unreachable(let why), .refused(let why), .tooLarge(let why): why
        }
    }
}

/// Asks the kubelet over one connection, which is kept for as long as it is well.
package actor PodResourcesReader: LoopActor {
    /// One account of the kubelet.
    package struct Account: Sendable {
        /// All active pods and what they hold.
        package var pods: [PodResourcesAPI.PodResources]
        /// The first of a connection: the kubelet may have just started.
        package var isFirst: Bool
    }

    /// The reader's loop.
    package nonisolated let loop: EventLoop

    /// What the kubelet's own helper takes of an account, in octets (pkg/kubelet/apis/podresources/constants.go,
    /// DefaultPodResourcesMaxSize).
    package static let messageLimit = 16 << 20

    private let socket: String
    private let timeout: Duration
    private var client: GRPCClient?

    /// A reader that is not connected yet.
    ///
    /// - Parameters:
    ///   - socket: the path of the kubelet's PodResources socket.
    ///   - timeout: for the connection, and for each call.
    package init(socket: String, timeout: Duration = .seconds(10), loop: EventLoop = .shared) {
        self.socket = socket
        self.timeout = timeout
        self.loop = loop
    }

    /// What all active pods hold now. One call at a time.
    ///
    /// - Throws: `PodResourcesFault`; the next call connects anew, unless the kubelet only refused: that is an answer, and the
    ///   connection is well.
    package func read() async throws(PodResourcesFault) -> Account {
        do {
            let (client, isFirst) = try await connection()
            return Account(
                pods: try await PodResourcesClient(client).list(timeout: timeout), isFirst: isFirst)
        } catch {
            if (error as? GRPCStatus)?.code != .resourceExhausted { await close() }
            throw PodResourcesFault(error)
        }
    }

    /// Ends the connection, and a call that is under way.
    package func close() async {
        await client?.close()
        client = nil
    }

    private func connection() async throws -> (client: GRPCClient, isFirst: Bool) {
        if let client, await !client.isClosed { return (client, false) }
        var limits = GRPCLimits()
        limits.messageSize = Self.messageLimit
        let new = try await GRPCClient.connect(
            to: .unix(socket), loop: loop, timeout: timeout, limits: limits)
        client = new
        return (new, true)
    }
}
