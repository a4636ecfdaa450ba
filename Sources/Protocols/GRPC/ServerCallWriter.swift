// The handler's end of a response stream: a connection and a stream number.

internal import HTTP2

/// Writes messages of one call.
struct ServerCallWriter: Sendable {
    let connection: GRPCServerConnection
    let stream: StreamID

    /// Sends a message; waits until the windows and the socket have taken all of it.
    func write(_ message: [UInt8]) async throws {
        let wait = try await connection.send(message, on: stream)
        guard let wait else { return }
        try await withTaskCancellationHandler {
            try await connection.waitUntilWritten(stream)
        } onCancel: {
            wait()
        }
    }
}
