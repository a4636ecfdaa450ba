// A server on its loop, and a client of a few system calls that allocates nothing: what is counted is the server's.

internal import CAllocationCounter
internal import GRPC
internal import Glibc
internal import Protobuf
internal import SystemIO

/// The empty message.
struct Empty: FieldMessage {
    mutating func fields(_ wire: inout ProtobufFields) {}
}

/// A gRPC server on a Unix socket.
final class TestServer {
    let path: String
    private let server: GRPCServer

    init() throws {
        path = "/tmp/ganglion-wire-cost-\(getpid()).sock"
        var limits = GRPCLimits()
        limits.connections = 4096
        var router = GRPCRouter()
        router.unary("/grpc.testing.TestService/EmptyCall") { (_: Empty, _) in Empty() }
        let server = GRPCServer(router: router, limits: limits)
        self.server = server
        let path = path
        Task(executorPreference: EventLoop.shared) { try await server.listen(on: .unix(path)) }
    }

    deinit { unlink(path) }

    /// A connected socket; waits until the server listens.
    func connect() throws -> Int32 {
        let number = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        for _ in 0..<5000 {
            let code = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            if code == 0 { return number }
            usleep(2000)
        }
        throw Failure("the server does not listen on \(path)")
    }
}

/// A client that writes requests it has made before and looks for the ends of streams.
final class RawClient {
    private let server: TestServer
    private var descriptor: Int32
    /// Connections that were left open.
    private var idle: [Int32] = []
    private var stream: UInt32 = 1
    private var output: [UInt8] = []
    private var input = [UInt8](repeating: 0, count: 65_536)
    /// Octets in `input` that are no whole frame yet.
    private var waiting = 0

    init(server: TestServer) throws {
        self.server = server
        descriptor = try server.connect()
        output.reserveCapacity(65_536)
    }

    deinit { for number in idle + [descriptor] { close(number) } }

    /// Goes on with a new connection and leaves the last one open.
    func reconnect() throws {
        idle.append(descriptor)
        descriptor = try server.connect()
        stream = 1
        try open()
    }

    /// Makes room to remember as many connections.
    func reserve(_ connections: Int) { idle.reserveCapacity(connections) }

    /// Preface, and a first call, which fills the tables.
    func open() throws {
        output.append(contentsOf: Request.preface)
        try call(Request.first, times: 1)
    }

    /// Calls and waits for all the answers.
    func call(_ block: [UInt8], times: Int) throws {
        for _ in 0..<times {
            let start = output.count
            output.append(contentsOf: [0, 0, UInt8(truncatingIfNeeded: block.count), 1, 4, 0, 0, 0, 0])
            output.append(contentsOf: block)
            output.append(contentsOf: Self.message)
            output.setStream(stream, from: start)
            stream += 2
        }
        guard output.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) == output.count else {
            throw Failure("the server does not take \(output.count) octets")
        }
        output.removeAll(keepingCapacity: true)
        var ends = 0
        while ends < times {
            let count = input.withUnsafeMutableBytes { buffer in
                read(descriptor, buffer.baseAddress.map { $0 + waiting }, buffer.count - waiting)
            }
            guard count > 0 else { throw Failure("the server has closed the connection") }
            ends += takeFrames(waiting + count)
        }
    }

    private static let message: [UInt8] = [0, 0, 5, 0, 1, 0, 0, 0, 0] + [0, 0, 0, 0, 0]

    /// Steps over whole frames; returns how many of them end a stream.
    private func takeFrames(_ count: Int) -> Int {
        var offset = 0
        var ends = 0
        while offset + 9 <= count {
            let size = 9 + Int(input[offset + 1]) << 8 + Int(input[offset + 2])
            guard offset + size <= count else { break }
            if input[offset + 3] == 1, input[offset + 4] & 1 != 0 { ends += 1 }
            offset += size
        }
        for index in offset..<count { input[index - offset] = input[index] }
        waiting = count - offset
        return ends
    }
}

/// Connections that have been used once and are kept.
enum IdleConnections {
    /// Octets of heap for each, with the second half of them as the sample.
    static func octetsHeld(_ count: Int) throws -> Int {
        let client = try RawClient(server: try TestServer())
        client.reserve(count)
        try client.open()
        for _ in 0..<count / 2 { try client.reconnect() }
        let before = allocation_held()
        for _ in 0..<count / 2 { try client.reconnect() }
        return Int(allocation_held() - before) / (count / 2)
    }
}
