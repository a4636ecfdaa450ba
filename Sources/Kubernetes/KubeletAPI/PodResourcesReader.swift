// Reads the kubelet's account of who holds what, for whoever needs it on the node. The kubelet notifies nobody and allows
// 100 calls a second over all its clients: how often it is asked is the caller's part.

internal import GRPC
package import SystemIO

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
    /// - Throws: `GRPCStatus` or `SystemError`; the next call connects anew, unless the kubelet only refused for too many
    ///   calls: that is an answer, and the connection is well.
    package func read() async throws -> Account {
        do {
            let (client, isFirst) = try await connection()
            return Account(
                pods: try await PodResourcesClient(client).list(timeout: timeout), isFirst: isFirst)
        } catch {
            if (error as? GRPCStatus)?.code != .resourceExhausted { await close() }
            throw error
        }
    }

    /// Ends the connection, and a call that is under way.
    package func close() async {
        await client?.close()
        client = nil
    }

    private func connection() async throws -> (client: GRPCClient, isFirst: Bool) {
        if let client, await !client.isClosed { return (client, false) }
        let new = try await GRPCClient.connect(to: .unix(socket), loop: loop, timeout: timeout)
        client = new
        return (new, true)
    }
}
