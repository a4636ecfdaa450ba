// The connections to one server: those that are free, and who waits for one. There are never more than the plan says, whatever
// the rate: requests that find none wait, and their time goes on.

internal import Glibc
internal import HTTP
internal import SystemIO

/// A server that is asked.
final class LoadServer {
    /// A request of an open loop that waits for a connection.
    struct Pending {
        let target: Int
        let number: Int
        let due: UInt64
    }

    let address: SocketAddress
    let security: (any SecureLayerFactory)?
    let limit: Int
    /// The one that was used last is at the end, and used next.
    var idle: [LoadConnection] = []
    /// Connections that there are or that are being made.
    var count = 0
    /// Clients of a closed loop that wait for one.
    var waiters: [CheckedContinuation<Void, Never>] = []
    private var pending: [Pending] = []
    private var first = 0

    /// Requests that may wait; more are not sent at all.
    static let pendingLimit = 100_000

    init(_ address: SocketAddress, security: (any SecureLayerFactory)?, limit: Int) {
        self.address = address
        self.security = security
        self.limit = limit
    }

    /// Keeps a request; false where too many wait.
    func append(_ request: Pending) -> Bool {
        guard pending.count - first < Self.pendingLimit else { return false }
        if first > 1_024, first > pending.count / 2 {
            pending.removeFirst(first)
            first = 0
        }
        pending.append(request)
        return true
    }

    /// The oldest that waits.
    func popPending() -> Pending? {
        guard first < pending.count else { return nil }
        first += 1
        return pending[first - 1]
    }

    /// A new connection.
    func connect(
        timeout: Duration, readsTokens: Bool, loop: EventLoop
    ) async throws(HTTPError) -> LoadConnection {
        let descriptor: FileDescriptor
        do throws(SystemError) {
            descriptor = try await SystemIO.connect(to: address, loop: loop, timeout: timeout)
        } catch {
            throw error.code == ETIMEDOUT ? .timeout("no connection after \(timeout)") : .transport(error)
        }
        var layer: (any SecureLayer)?
        do throws(SecureLayerError) { layer = try security?.makeLayer() } catch {
            descriptor.close()
            throw .security(error)
        }
        let connection = LoadConnection(
            descriptor, LoopBound(layer), readsTokens: readsTokens, loop: loop)
        try await connection.open()
        return connection
    }
}
