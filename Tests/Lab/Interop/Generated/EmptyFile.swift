// grpc/testing/empty.proto of gRPC.
//
// Made from Proto/grpc/testing/empty.proto by scripts/generate-messages: do not edit.
// swift-format-ignore-file

package import GRPCServices

extension ProtoFile {
    /// `grpc/testing/empty.proto`
    package static let empty = ProtoFile(
        "grpc/testing/empty.proto", package: "grpc.testing", messages: [ProtoMessage("Empty")])
}
