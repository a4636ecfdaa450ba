// What reflection answers, question by question; InteropTests has another implementation ask.

import GRPC
import Protobuf
import SystemIO
import TestSupport
import Testing

@testable import GRPCServices

private let shapes = ProtoFile(
    "a/shapes.proto", package: "a", imports: ["a/base.proto", "not/there.proto"],
    messages: [
        ProtoMessage(
            "Shape", [.init("sides", 1, .int32, oneof: 0), .init("name", 2, .string)], oneofs: ["kind"],
            messages: [ProtoMessage("Inner", [.init("base", 1, .message(".a.Base"))])],
            enums: [ProtoEnum("Colour", ["RED", "BLUE"])])
    ], enums: [ProtoEnum("Size", ["SMALL"])],
    services: [ProtoService("Shapes", [.init("Draw", ".a.Shape", ".a.Base")])])
private let base = ProtoFile("a/base.proto", package: "a", messages: [ProtoMessage("Base")])

@Suite("An index of .proto files")
struct ProtoIndexTests {
    @Test(
        "knows where every name is defined",
        arguments: [
            "a.Shape", "a.Shape.sides", "a.Shape.kind", "a.Shape.Inner", "a.Shape.Inner.base",
            "a.Shape.Colour", "a.Shape.RED", "a.Size", "a.SMALL", "a.Shapes", "a.Shapes.Draw",
        ])
    func symbols(name: String) {
        #expect(ProtoIndex([shapes, base]).file(defining: name) == "a/shapes.proto")
    }

    @Test(
        "knows no other name",
        arguments: ["", "a", "Shape", ".a.Shape", "a.Shape.Colour.RED", "a.Shapes.Draw.x", "a.Inner"])
    func strangers(name: String) { #expect(ProtoIndex([shapes, base]).file(defining: name) == nil) }

    @Test("gives a file with those that it stands on, once")
    func closure() {
        let index = ProtoIndex([shapes, base])
        var sent: Set<String> = []
        #expect(index.descriptors("a/shapes.proto", sent: &sent) == [shapes.serialized(), base.serialized()])
        #expect(index.descriptors("a/base.proto", sent: &sent) == [])
        #expect(sent == ["a/shapes.proto", "a/base.proto"])
    }

    @Test("does not go round in circles")
    func circle() {
        var first = base
        first.imports = ["a/shapes.proto"]
        var sent: Set<String> = []
        #expect(ProtoIndex([shapes, first]).descriptors("a/base.proto", sent: &sent).count == 2)
    }

    @Test("takes the first of two files with one name")
    func twice() {
        let other = ProtoFile("a/base.proto", package: "b", messages: [ProtoMessage("Other")])
        let index = ProtoIndex([base, other])
        #expect(index.hasMessage("a.Base"))
        #expect(!index.hasMessage("b.Other"))
    }
}

@Suite("The octets of a file's description")
struct ProtoFileTests {
    @Test("have the numbers of descriptor.proto, and zeros where they are set")
    func octets() {
        let file = ProtoFile(
            "f", package: "p",
            messages: [ProtoMessage("M", [.init("x", 1, .int32, oneof: 0)], oneofs: ["o"])],
            enums: [ProtoEnum("E", ["Z"])])
        let field: [UInt8] = [0x0a, 1, 0x78, 0x18, 1, 0x20, 1, 0x28, 5, 0x48, 0]
        let message: [UInt8] =
            [0x0a, 1, 0x4d, 0x12, UInt8(field.count)] + field + [0x42, 3, 0x0a, 1, 0x6f]
        let type: [UInt8] = [0x0a, 1, 0x45, 0x12, 5, 0x0a, 1, 0x5a, 0x10, 0]
        #expect(
            file.serialized()
                == [0x0a, 1, 0x66, 0x12, 1, 0x70, 0x22, UInt8(message.count)] + message
                + [0x2a, UInt8(type.count)] + type + [0x62, 6] + Array("proto3".utf8))
    }

    @Test("say which fields repeat, which methods stream, and which messages are entries of maps")
    func marks() {
        let repeated = ProtoFile(
            "f", package: "p", messages: [ProtoMessage("M", [.init("x", 300, .bool, isRepeated: true)])])
        // number 300, label 3, type 8
        #expect(repeated.serialized().contains([0x18, 0xac, 2, 0x20, 3, 0x28, 8]))
        let streams = ProtoFile(
            "f", package: "p",
            services: [
                ProtoService("S", [.init("m", ".a", ".b", clientStreaming: true, serverStreaming: true)])
            ])
        #expect(streams.serialized().contains([0x28, 1, 0x30, 1]))
        let map = ProtoFile("f", package: "p", messages: [.mapEntry("E", to: ".p.V")])
        #expect(map.serialized().contains([0x3a, 2, 0x38, 1]))
    }
}

private typealias Question = ReflectionAPI.ServerReflectionRequest.MessageRequest
private typealias Answer = ReflectionAPI.ServerReflectionResponse.MessageResponse

extension Answer {
    fileprivate static func files(_ files: [[UInt8]]) -> Answer {
        .fileDescriptorResponse(.init(fileDescriptorProto: files))
    }

    fileprivate static func services(_ names: [String]) -> Answer {
        .listServicesResponse(.init(service: names.map { .init(name: $0) }))
    }

    fileprivate static func error(code: Int32, message: String) -> Answer {
        .errorResponse(.init(errorCode: code, errorMessage: message))
    }
}

@Suite("Reflection", .timeLimit(.minutes(10)))
struct ReflectionServiceTests {
    private func answer(_ question: Question?) throws -> Answer {
        var sent: Set<String> = []
        return try ReflectionService(files: [shapes, base]).answer(
            .init(messageRequest: question), ["a.Shapes"], &sent)
    }

    @Test(
        "answers each question",
        arguments: [
            (.listServices(""), .services(["a.Shapes"])), (.listServices("*"), .services(["a.Shapes"])),
            (.fileByFilename("a/base.proto"), .files([base.serialized()])),
            (.fileContainingSymbol("a.Base"), .files([base.serialized()])),
            (.fileContainingSymbol("a.Shapes.Draw"), .files([shapes.serialized(), base.serialized()])),
            (
                .allExtensionNumbersOfType("a.Base"),
                .allExtensionNumbersResponse(.init(baseTypeName: "a.Base"))
            ),
            (.fileByFilename("x"), .error(code: 5, message: "file not found: x")),
            (.fileContainingSymbol("x"), .error(code: 5, message: "symbol not found: x")),
            (.allExtensionNumbersOfType("x"), .error(code: 5, message: "message not found: x")),
            (
                .fileContainingExtension(.init(containingType: "a.Base", extensionNumber: 7)),
                .error(code: 5, message: "extension not found: 7 of a.Base")
            ),
        ] as [(Question, Answer)])
    fileprivate func answers(question: Question, expected: Answer) throws {
        #expect(try answer(question) == expected)
    }

    @Test("refuses no question")
    func nothing() {
        #expect(throws: GRPCStatus(.invalidArgument, "the request asks nothing that is known here")) {
            try answer(nil)
        }
    }

    @Test(
        "reads what it writes",
        arguments: [
            .fileByFilename("f"), .fileByFilename(""), .fileContainingSymbol("s"), .listServices(""),
            .fileContainingExtension(.init(containingType: "t", extensionNumber: 3)),
            .fileContainingExtension(.init()), .allExtensionNumbersOfType("t"), nil,
        ] as [Question?])
    fileprivate func requests(question: Question?) throws {
        let request = ReflectionAPI.ServerReflectionRequest(host: "here", messageRequest: question)
        #expect(try ReflectionAPI.ServerReflectionRequest(serialized: request.serialized()) == request)
    }

    @Test("takes the last of several questions, and none that is not of its type")
    func lastQuestion() throws {
        let both: [UInt8] = [0x3a, 1, 0x61, 0x1a, 1, 0x62]
        let request = try ReflectionAPI.ServerReflectionRequest(serialized: both)
        #expect(request.messageRequest == .fileByFilename("b"))
        #expect(request.fileByFilename == "b")
        #expect(request.listServices == nil)
        // file_by_filename as a number.
        #expect(
            try ReflectionAPI.ServerReflectionRequest(serialized: [0x3a, 1, 0x61, 0x18, 1]).messageRequest
                == .listServices("a"))
    }

    @Test(
        "reads what it answers",
        arguments: [
            .files([[1], [2, 3], []]), .files([]), .services(["a", "b"]), .services([]),
            .allExtensionNumbersResponse(.init(baseTypeName: "t", extensionNumber: [1, -1])),
            .error(code: 5, message: "m"), .error(code: 0, message: ""),
        ] as [Answer])
    fileprivate func responses(answer: Answer) throws {
        let response = ReflectionAPI.ServerReflectionResponse(
            validHost: "here", originalRequest: .init(messageRequest: .listServices("")),
            messageResponse: answer)
        #expect(try ReflectionAPI.ServerReflectionResponse(serialized: response.serialized()) == response)
    }

    @Test("is served in both versions and lists all services, its own too")
    func served() async throws {
        var router = GRPCRouter()
        HealthService().register(in: &router)
        ReflectionService(files: []).register(in: &router)
        let server = GRPCServer(router: router)
        let client = try await GRPCClient.connect(
            to: try await server.listen(on: .unix(Scratch.socket())))
        for path in [ReflectionService.path, ReflectionService.alphaPath] {
            let call = try await client.bidirectional(
                path, sending: ReflectionAPI.ServerReflectionRequest.self,
                of: ReflectionAPI.ServerReflectionResponse.self)
            try await call.write(.init(messageRequest: .listServices("")))
            var answers = call.responses.makeAsyncIterator()
            #expect(
                try await answers.next()?.messageResponse
                    == .services([
                        "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                        "grpc.reflection.v1alpha.ServerReflection",
                    ]))
            await call.finish()
            #expect(try await answers.next() == nil)
        }
        await client.close()
        await server.shutdown(grace: .zero)
    }
}

extension [UInt8] {
    /// Whether `part` stands somewhere in a row.
    fileprivate func contains(_ part: [UInt8]) -> Bool {
        guard count >= part.count else { return false }
        return (0...count - part.count).contains { Array(self[$0..<$0 + part.count]) == part }
    }
}
