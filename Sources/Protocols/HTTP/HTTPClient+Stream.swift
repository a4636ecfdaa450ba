// A response that is read while it comes, whatever carries it.

public import HTTP1
internal import HTTP2

extension HTTPClient {
    /// A response whose body arrives piece by piece.
    public struct Stream: Sendable, AsyncSequence {
        /// What the pieces come on.
        enum Source: Sendable {
            case http1(HTTPClientConnection)
            case http2(HTTP2ClientConnection, StreamID)

            func nextChunk() async throws(HTTPError) -> [UInt8]? {
                switch self {
                case .http1(let connection): try await connection.nextChunk()
                case .http2(let connection, let stream): try await connection.nextChunk(stream)
                }
            }

            func close() async {
                switch self {
                case .http1(let connection): await connection.close()
                case .http2(let connection, let stream): await connection.release(stream)
                }
            }
        }

        /// The status code.
        public let status: Int
        /// The fields.
        public let headers: HTTPHeaders
        private let source: Source

        init(_ head: HTTPClientHead, _ source: Source) {
            status = head.status
            headers = head.headers
            self.source = source
        }

        /// Ends the exchange; a waiting iteration ends with `HTTPError.closed`.
        public func close() async { await source.close() }

        /// The rest of the body, for a response that turned out to be no stream.
        ///
        /// - Parameter limit: octets after which to give up.
        public func collect(limit: Int = 3 << 20) async throws(HTTPError) -> [UInt8] {
            var bytes: [UInt8] = []
            while let chunk = try await source.nextChunk() {
                bytes.append(contentsOf: chunk)
                if bytes.count > limit {
                    await source.close()
                    throw .malformed(.bodyTooLarge(limit: limit))
                }
            }
            await source.close()
            return bytes
        }

        /// The pieces as they come.
        public struct Iterator: AsyncIteratorProtocol {
            fileprivate let source: Source

            /// The next piece, nil at the end of the body.
            public mutating func next() async throws(HTTPError) -> [UInt8]? { try await source.nextChunk() }

            /// The next piece, nil at the end of the body.
            public mutating func next(
                isolation actor: isolated (any Actor)?
            ) async throws(HTTPError) -> [UInt8]? { try await source.nextChunk() }
        }

        /// Begins to read; a stream is read once.
        public func makeAsyncIterator() -> Iterator { Iterator(source: source) }
    }
}
