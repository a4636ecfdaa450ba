// The server on an address: REST over HTTP/1.1 and HTTP/2, and gRPC beside it.

package import GRPC
package import HTTP
internal import HTTP1
package import SystemIO

extension InferenceServer {
    /// A server for the REST side, which listens nowhere yet.
    ///
    /// - Parameters:
    ///   - security: TLS, which has to offer `h2` and `http/1.1`; nil for none.
    ///   - grpc: answers calls of gRPC on the same addresses.
    package func makeHTTPServer(
        limits: HTTPServerLimits = HTTPServerLimits(), security: (any SecureLayerFactory)? = nil,
        grpc: GRPCServer
    ) -> HTTPServer {
        var limits = limits
        limits.message.body = self.limits.body
        return HTTPServer(
            limits: limits, security: security,
            http2: HTTP2Serving(limits: grpc.peerLimits) {
                grpc.makeConnection($0, service: $1, onClose: $2)
            }, loop: dispatcher.loop, counts: connections, immediate: { self.handleAtOnce($0) },
            handler: { await self.handle($0) }
        )
    }
}
