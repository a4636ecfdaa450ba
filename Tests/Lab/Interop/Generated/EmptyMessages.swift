// grpc/testing/empty.proto of gRPC.
//
// Made from Proto/grpc/testing/empty.proto by scripts/generate-messages: do not edit.
// swift-format-ignore-file

package import Protobuf

/// Nothing.
package struct Empty: FieldMessage {
    package init() {}

    /// None.
    package mutating func fields(_ wire: inout ProtobufFields) {}
}
