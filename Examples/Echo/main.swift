// gRPC over a Unix socket: a server with one method, a client that calls it, both in this process.
//
//     swift run example-echo "good morning"

import GRPC
import Glibc
import Protobuf
import SystemIO

/// The message of both directions: `message Text { string text = 1; }`.
struct Text: FieldMessage {
    var text = ""

    mutating func fields(_ wire: inout ProtobufFields) throws(ProtobufError) {
        try wire.field(1, &text)
    }
}

let words = CommandLine.arguments.dropFirst().joined(separator: " ")
let path = "/tmp/example-echo-\(getpid()).sock"

var router = GRPCRouter()
router.unary("/example.Echo/Say") { (request: Text, context) in
    guard !request.text.isEmpty else { throw GRPCStatus(.invalidArgument, "text is empty: say something") }
    return Text(text: "\(request.text), says \(context.path)")
}

let server = GRPCServer(router: router)
let address = try await server.listen(on: .unix(path))
let client = try await GRPCClient.connect(to: address)
do {
    let answer: Text = try await client.unary("/example.Echo/Say", Text(text: words))
    print(answer.text)
} catch {
    print("refused: \(error)")
}
await client.close()
await server.shutdown(grace: .seconds(1))
