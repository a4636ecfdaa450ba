// A server on our own state machine that answers with the frames it is told: for what no good server does.

import HTTP2
import HTTP2Transport
import SystemIO
import TestSupport

@testable import GRPC

/// Answers requests with frames.
actor FrameServer: LoopActor {
    /// Whether the connection stays open.
    typealias Answer = @Sendable (inout HTTP2Connection, StreamID, _ connection: Int) -> Bool
    typealias Greeting = @Sendable (inout HTTP2Connection, _ connection: Int) -> Void

    nonisolated let loop = EventLoop.shared
    private let greeting: Greeting
    private let answer: Answer
    private var transports: [HTTP2Transport] = []
    private var listener: Listener?
    private(set) var requests = 0

    /// - Parameters:
    ///   - greeting: says something on a connection that has been made, counted from 0.
    ///   - answer: answers a request that has ended.
    init(greeting: @escaping Greeting = { _, _ in }, answer: @escaping Answer) {
        self.greeting = greeting
        self.answer = answer
    }

    /// How many connections there were.
    var connections: Int { transports.count }

    func listen() async throws -> SocketAddress {
        let listener = try Listener(.unix(Scratch.socket()), accept: callback { $0.accept($1) })
        self.listener = listener
        try await listener.start()
        return listener.address
    }

    func close() async {
        await listener?.close()
        for transport in transports { _ = transport.close(discarding: true) }
    }

    private func accept(_ descriptor: FileDescriptor) {
        let number = transports.count
        let transport = HTTP2Transport(descriptor, role: .server, loop: loop, limits: GRPCLimits().peer)
        transports.append(transport)
        try? transport.start(callback { $0.ready(number, $1) })
        greeting(&transport.http2, number)
        transport.flush()
    }

    private func ready(_ number: Int, _ readiness: Readiness) {
        let transport = transports[number]
        var isOpen = true
        transport.receive(readiness)
        while let event = transport.next() {
            switch event {
            case .headers(let stream, _, true), .data(let stream, _, true):
                requests += 1
                isOpen = answer(&transport.http2, stream, number) && isOpen
            default: break
            }
        }
        transport.flush()
        if transport.ended != nil || !isOpen { _ = transport.close(discarding: true) }
    }
}
