// Which handler answers which path. Routes work on octets, so that the connection knows no message types.

public import Protobuf
internal import Synchronization
internal import SystemIO

/// What a handler knows about its call besides the message.
public struct GRPCServerContext: Sendable {
    /// The method: `/package.Service/Method`.
    public var path: String
    /// All fields of the request.
    public var metadata: GRPCMetadata
    /// When the client gives up; nil when it waits for ever. The handler's task is cancelled then.
    public var deadline: ContinuousClock.Instant?
    /// The client's address; `unix:` for a Unix socket.
    public var peer: String
    /// Whether the request came compressed; of a stream of requests each says so itself.
    public var isRequestCompressed = false
    /// What the handler wants to say beside its responses.
    public let response = GRPCResponseFields()
}

/// What a handler adds to its response: metadata, and how it is sent.
public final class GRPCResponseFields: Sendable {
    private struct Values {
        var initial = GRPCMetadata()
        var trailing = GRPCMetadata()
        var compression = GRPCCompressionUse.automatic
    }

    /// One lock for all: handlers touch these fields seldom and shortly, and a lock of its own would cost every call.
    private static let lock = Lock(())
    /// Only touched with the lock; nil until something is set.
    nonisolated(unsafe) private var values: Values?
    private let touched = Atomic<Bool>(false)

    init() {}

    /// Whether a handler has set something.
    var isSet: Bool { touched.load(ordering: .acquiring) }

    /// Goes out before the first response; what is set after that is lost.
    public var initial: GRPCMetadata {
        get { read { $0.initial } }
        set { write { $0.initial = newValue } }
    }

    /// Goes out with the status.
    public var trailing: GRPCMetadata {
        get { read { $0.trailing } }
        set { write { $0.trailing = newValue } }
    }

    /// Whether the responses that follow are compressed, where the client takes that.
    public var compression: GRPCCompressionUse {
        get { read { $0.compression } }
        set { write { $0.compression = newValue } }
    }

    private func read<Value>(_ body: (Values) -> Value) -> Value {
        guard isSet else { return body(Values()) }
        return Self.lock.withLock { _ in body(values ?? Values()) }
    }

    private func write(_ body: (inout Values) -> Void) {
        Self.lock.withLock { _ in
            var changed = values ?? Values()
            body(&changed)
            values = changed
        }
        touched.store(true, ordering: .releasing)
    }
}

/// The handlers of a server by path.
public struct GRPCRouter: Sendable {
    enum Route: Sendable {
        case unary(@Sendable ([UInt8], GRPCServerContext) async throws -> [UInt8])
        case serverStreaming(@Sendable ([UInt8], GRPCServerContext, ServerCallWriter) async throws -> Void)
        /// Begins with the headers; reads requests while they come.
        case streaming(@Sendable (ServerCallReader, GRPCServerContext, ServerCallWriter) async throws -> Void)
    }

    private(set) var routes: [String: Route] = [:]

    /// No handlers: every call ends with UNIMPLEMENTED.
    public init() {}

    /// Adds a method with one request and one response.
    ///
    /// The handler runs on the server's loop. A `GRPCStatus` that it throws goes to the client as it is, any other
    /// error as UNKNOWN. Its task is cancelled when the client resets the call or goes away, and at the deadline.
    public mutating func unary<Input: Message, Output: Message>(
        _ path: String,
        _ handler: @escaping @Sendable (Input, GRPCServerContext) async throws -> Output
    ) {
        routes[path] = .unary { octets, context in
            try await handler(Self.parse(octets), context).serialized()
        }
    }

    /// Adds a method with one request and a stream of responses, which ends when the handler returns.
    ///
    /// The handler runs as one of `unary` does.
    public mutating func serverStreaming<Input: Message, Output: Message>(
        _ path: String,
        _ handler:
            @escaping @Sendable (Input, GRPCServerContext, GRPCResponseWriter<Output>) async throws -> Void
    ) {
        routes[path] = .serverStreaming { octets, context, writer in
            try await handler(Self.parse(octets), context, GRPCResponseWriter(writer: writer))
        }
    }

    /// Adds a method with a stream of requests and one response.
    ///
    /// The handler begins with the call's headers, else runs as one of `unary` does.
    public mutating func clientStreaming<Input: Message, Output: Message>(
        _ path: String,
        _ handler: @escaping @Sendable (GRPCRequestStream<Input>, GRPCServerContext) async throws -> Output
    ) {
        routes[path] = .streaming { reader, context, writer in
            let response = try await handler(GRPCRequestStream(reader: reader), context)
            try await writer.write(response.serialized())
        }
    }

    /// Adds a method with a stream of requests and a stream of responses, each going on as its side wants.
    ///
    /// The handler begins with the call's headers; the responses end when it returns. Else it runs as one of `unary`
    /// does.
    public mutating func bidirectional<Input: Message, Output: Message>(
        _ path: String,
        _ handler:
            @escaping @Sendable (
                GRPCRequestStream<Input>, GRPCServerContext, GRPCResponseWriter<Output>
            ) async throws -> Void
    ) {
        routes[path] = .streaming { reader, context, writer in
            try await handler(
                GRPCRequestStream(reader: reader), context, GRPCResponseWriter(writer: writer))
        }
    }

    /// The services that have a method here, as `package.Service`, in order.
    public var services: [String] {
        let names = routes.keys.compactMap { path -> String? in
            guard path.hasPrefix("/"), let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
                return nil
            }
            return String(path[path.index(after: path.startIndex)..<slash])
        }
        return Set(names).sorted()
    }

    /// The status for a path without handler, in the words of grpc-go.
    func unimplemented(_ path: String) -> GRPCStatus {
        guard path.hasPrefix("/"), let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            return GRPCStatus(.unimplemented, "malformed method name: \(path)")
        }
        let service = path[path.index(after: path.startIndex)..<slash]
        guard routes.keys.contains(where: { $0.hasPrefix("/\(service)/") }) else {
            return GRPCStatus(.unimplemented, "unknown service \(service)")
        }
        return GRPCStatus(
            .unimplemented, "unknown method \(path[path.index(after: slash)...]) for service \(service)")
    }

    static func parse<Input: Message>(_ octets: [UInt8]) throws(GRPCStatus) -> Input {
        do {
            return try Input(serialized: octets)
        } catch {
            throw GRPCStatus(.internal, "the request cannot be read: \(error)")
        }
    }
}

/// Writes the responses of one call.
public struct GRPCResponseWriter<Output: Message>: Sendable {
    let writer: ServerCallWriter

    /// Sends a response; waits while the client does not read.
    ///
    /// - Throws: the status with which the call has ended meanwhile.
    public func write(_ message: Output) async throws { try await writer.write(message.serialized()) }

    /// Sends a response that is serialized already, for one that goes to several clients.
    ///
    /// - Throws: the status with which the call has ended meanwhile.
    public func write(serialized octets: [UInt8]) async throws { try await writer.write(octets) }
}
