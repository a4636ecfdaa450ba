// Whether a failed call may be made again without asking: only when the server never looked at it (doc "Transparent
// retries" of gRPC).

/// The bad end of a call.
struct CallFailure: Error, Equatable {
    var status: GRPCStatus
    /// The server has not begun with the call: it said REFUSED_STREAM or a GOAWAY below the stream, or the call never
    /// left.
    var isUnprocessed = false
}
