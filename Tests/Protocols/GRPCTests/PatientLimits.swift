import GRPC
import HTTP2Transport

extension GRPCLimits {
    /// Limits without time-outs: on a busy machine a test's peer may take longer than a peer may.
    static var patient: GRPCLimits {
        var limits = GRPCLimits()
        limits.peer.handshakeTimeout = .seconds(3600)
        return limits
    }
}
