// What gRPC reads: the prefix of messages, the fields of requests and responses, gzip.

internal import Gzip
internal import HPACK

@testable internal import GRPC

let grpcTargets = [
    // A stream of messages, in one piece and cut.
    FuzzTarget("grpc-messages") { input in
        var choices = Choices(input)
        let limit = Int(choices.octet()) * 8
        let cut = Int(choices.octet())
        let octets = choices.rest
        let whole = messages([octets[...]], limit)
        let parts = messages(pieces(octets, cut), limit)
        require(whole == parts, "pieces of \(cut) octets give other messages")
        for message in whole.messages {
            require(message.count <= limit, "a message of \(message.count) octets, the limit is \(limit)")
        }
        let framed = whole.messages.flatMap { MessageAssembler.frame($0) }
        require(octets.starts(with: framed), "messages that are framed again are not what came")
    },
    // The fields of a call, as HTTP/2 hands them on: lists of names and values.
    FuzzTarget("grpc-headers", longest: 512) { input in
        var choices = Choices(input)
        var list = HeaderList()
        while !choices.isEmpty {
            let which = choices.octet()
            let name = names[Int(which) % names.count]
            let value = String(decoding: choices.octets(Int(choices.octet())), as: UTF8.self)
            list.add(name, value)
        }
        _ = try? RequestHead(list)
        _ = GRPCMetadata(list).binary("x-bin")
        if let text = list["grpc-timeout"], let timeout = GRPCTimeout.decode(text) {
            require(GRPCTimeout.decode(GRPCTimeout.encode(timeout)) != nil, "timeout \(text)")
        }
        if let status = GRPCStatus(trailers: list) {
            var written = HeaderList()
            status.append(to: &written)
            require(GRPCStatus(trailers: written) == status, "status \(status)")
        }
        var call = ClientCall(messageLimit: 1000)
        call.receiveHeaders(list, endStream: false)
        _ = call.receiveData(5, endStream: false) { $0 += [0, 0, 0, 0, 0] }
        call.receiveTrailers(list)
        require(call.end != nil, "trailers do not end a call")
    },
    FuzzTarget("gzip", longest: 2048) { input in
        guard let octets = try? Gzip.decompress(input, limit: 100_000) else { return }
        require(octets.count <= 100_000, "\(octets.count) octets, the limit is 100000")
        let again = try? Gzip.decompress(Gzip.compress(octets), limit: 100_000)
        require(again == octets, "\(octets.count) octets do not survive")
    },
]

private let names = [
    ":method", ":path", ":status", "content-type", "grpc-status", "grpc-message", "grpc-timeout",
    "grpc-encoding",
    "grpc-accept-encoding", "x-bin", "te", "x-text",
]

/// What comes out of an assembler.
private struct Messages: Equatable {
    var messages: [[UInt8]] = []
    var fault: GRPCStatus?
}

private func messages(_ pieces: [ArraySlice<UInt8>], _ limit: Int) -> Messages {
    var assembler = MessageAssembler(limit: limit)
    var result = Messages()
    do throws(GRPCStatus) {
        for piece in pieces {
            assembler.append { $0 += piece }
            while let message = try assembler.next() { result.messages.append(message) }
        }
    } catch {
        result.fault = error
    }
    return result
}
