// A watch's events have to come out the same however the network cuts them.

import JSON
import KubernetesAPI
import TestSupport
import Testing

@testable import KubernetesClient

@Suite("Watch decoder")
struct WatchDecoderTests {
    private static func line(_ text: String) -> [UInt8] { Array((text + "\n").utf8) }

    private static func decode(_ pieces: [ArraySlice<UInt8>]) throws -> [WatchEvent<JSON>] {
        var decoder = WatchDecoder<JSON>()
        var events: [WatchEvent<JSON>] = []
        for piece in pieces { events += try decoder.receive(Array(piece)) }
        #expect(decoder.isAtBoundary)
        return events
    }

    @Test(
        "reads each type of event",
        arguments: [
            (#"{"type":"ADDED","object":{"a":1}}"#, .added(["a": 1])),
            (#"{"type":"MODIFIED","object":{"a":1}}"#, .modified(["a": 1])),
            (#"{"type":"DELETED","object":{"a":1}}"#, .deleted(["a": 1])),
            (
                #"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7"}}}"#,
                .bookmark(resourceVersion: "7", endsInitialEvents: false)
            ),
            (
                #"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7","annotations":{"k8s.io/initial-events-end":"true"}}}}"#,
                .bookmark(resourceVersion: "7", endsInitialEvents: true)
            ),
            (
                #"{"type":"ERROR","object":{"code":410,"reason":"Expired","message":"old"}}"#,
                .error(APIStatus(code: 410, reason: "Expired", message: "old"))
            ),
        ] as [(String, WatchEvent<JSON>)])
    func types(text: String, expected: WatchEvent<JSON>) throws {
        #expect(try Self.decode([Self.line(text)[...]]) == [expected])
    }

    @Test("makes typed objects, and names one that is not of its type's shape")
    func typed() throws {
        var decoder = WatchDecoder<Pod>()
        let events = try decoder.receive(
            Self.line(#"{"type":"ADDED","object":{"metadata":{"name":"a"},"spec":{"nodeName":"x"}}}"#)
                + Self.line(
                    #"{"type":"DELETED","object":{"metadata":{"name":"b","namespace":"n","resourceVersion":"8"},"spec":{"nodeName":5}}}"#
                ) + Self.line(#"{"type":"ADDED","object":{"metadata":{"name":7}}}"#))
        #expect(events.count == 3)
        var pod = Pod(ObjectMetadata(name: "a"))
        pod.spec.nodeName = "x"
        #expect(events.first == .added(pod))
        let gone = UnreadableObject(
            key: ObjectKey(namespace: "n", name: "b"), version: "8",
            fault: "spec.nodeName is not a string")
        #expect(events.dropFirst().first == .unreadable(gone, isGone: true))
        let nameless = UnreadableObject(
            key: ObjectKey(name: ""), version: "", fault: "metadata.name is not a string")
        #expect(events.last == .unreadable(nameless, isGone: false))
    }

    @Test(
        "names an object whatever is wrong with it, and goes on with the next",
        arguments: [600, 10_000, 200_000])
    func deep(levels: Int) throws {
        let nested = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        var decoder = WatchDecoder<Pod>()
        let events = try decoder.receive(
            Self.line(
                #"{"type":"ADDED","object":{"spec":{"x":\#(nested)},"metadata":{"name":"a","namespace":"n","resourceVersion":"8"}}}"#
            )
                + Self.line(
                    #"{"type":"MODIFIED","object":{"metadata":{"name":"b","labels":{"a":1},"resourceVersion":"9"}}}"#
                )
                + Self.line(#"{"type":"ADDED","object":{"metadata":{"name":"c","namespace":"n"}}}"#))
        guard events.count == 3, case .unreadable(let first, isGone: false) = events[0] else {
            Issue.record("\(events)")
            return
        }
        #expect(first.key == ObjectKey(namespace: "n", name: "a"))
        #expect(first.version == "8")
        #expect(first.fault.hasSuffix("it is nested deeper than 512 levels"))
        let second = UnreadableObject(
            key: ObjectKey(name: "b"), version: "9", fault: "metadata.labels.a is not a string")
        #expect(events[1] == .unreadable(second, isGone: false))
        #expect(events[2] == .added(Pod(ObjectMetadata(name: "c", namespace: "n"))))
    }

    @Test("reads a list item by item: one that is nested too deep hides no other")
    func deepItem() throws {
        let nested = String(repeating: "{\"a\":", count: 2000) + "1" + String(repeating: "}", count: 2000)
        let text =
            #"{"kind":"PodList","metadata":{"resourceVersion":"4","continue":"t"},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"bad"},"spec":\#(nested)}, {"metadata":{"name":"c"}}]}"#
        let list = try ObjectList<Pod>(reading: Array(text.utf8))
        #expect(list.items.map(\.metadata.name) == ["a", "c"])
        #expect(list.unreadable.map(\.key.name) == ["bad"])
        #expect(list.resourceVersion == "4" && list.continueToken == "t")
        #expect(try ObjectList<Pod>(reading: Array(#"{"metadata":{},"items":null}"#.utf8)).items.isEmpty)
        #expect(throws: JSONError("the document lacks \"items\"")) {
            try ObjectList<Pod>(reading: Array("{}".utf8))
        }
        #expect(throws: JSONError.self) { try ObjectList<Pod>(reading: Array(#"{"items":[{},"#.utf8)) }
    }

    @Test("skips empty lines")
    func emptyLines() throws {
        #expect(
            try Self.decode([Self.line("\n \r\n{\"type\":\"ADDED\",\"object\":{}}\r")[...]]) == [.added([:])])
    }

    @Test("gives the same events at every split", arguments: ["a", "é", "\\u00e9"])
    func everySplit(name: String) throws {
        let bytes =
            Self.line(#"{"type":"ADDED","object":{"metadata":{"name":"\#(name)"}}}"#)
            + Self.line(#"{"type":"DELETED","object":{"metadata":{"name":"\#(name)"}}}"#)
        let whole = try Self.decode([bytes[...]])
        #expect(whole.count == 2)
        for split in 0...bytes.count {
            #expect(try Self.decode([bytes[..<split], bytes[split...]]) == whole)
        }
        #expect(try Self.decode(bytes.indices.map { bytes[$0...$0] }) == whole)
    }

    @Test("knows when an event is cut off")
    func boundary() throws {
        var decoder = WatchDecoder<JSON>()
        #expect(try decoder.receive(Array("{\"type\"".utf8)).isEmpty)
        #expect(!decoder.isAtBoundary)
    }

    @Test("refuses an event beyond the limit before it is whole")
    func tooLarge() throws {
        var decoder = WatchDecoder<JSON>(maximumEventSize: 16)
        #expect(try decoder.receive(Array(repeating: UInt8(ascii: " "), count: 16)).isEmpty)
        #expect(throws: WatchDecodingError.eventTooLarge(limit: 16)) { try decoder.receive([0x20]) }
    }

    @Test(
        "refuses a line that is no event",
        arguments: [
            (#"{"type":"GONE","object":{}}"#, #"the watch sent a line that is no event: type "GONE""#),
            (#"{"object":{}}"#, #"the watch sent a line that is no event: "type" or "object" is missing"#),
            (#"[]"#, #"the watch sent a line that is no event: "type" or "object" is missing"#),
        ])
    func notAnEvent(text: String, sentence: String) throws {
        var decoder = WatchDecoder<JSON>()
        let error = #expect(throws: WatchDecodingError.self) { try decoder.receive(Self.line(text)) }
        #expect(error?.description == sentence)
    }

    @Test(
        "reads what a real API server sent, cut anywhere",
        arguments: [
            ("30-watch-classic", 6), ("31-watchlist", 10), ("31b-watchlist-empty", 1),
            ("33-watch-rv1-pods", 1),
            ("43-watch-events-rv1", 1), ("133-cr-watch", 9), ("134-cr-watch-too-old", 1),
        ])
    func captured(name: String, count: Int) throws {
        let chunks = try Captures.chunks(name)
        let whole = try Self.decode(chunks.map { $0[...] })
        #expect(whole.count == count)
        let bytes = Array(chunks.joined())
        let step = bytes.count < 1000 ? 1 : 1499
        for split in stride(from: 0, to: bytes.count, by: step) {
            #expect(try Self.decode([bytes[..<split], bytes[split...]]) == whole)
        }
    }
}

@Suite("Watch decoder, protobuf")
struct ProtobufWatchTests {
    private func field(_ number: UInt8, _ octets: [UInt8]) -> [UInt8] {
        var length: [UInt8] = []
        var rest = octets.count
        while rest >= 0x80 {
            length.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        return [number << 3 | 2] + length + [UInt8(rest)] + octets
    }

    private func frame(_ type: String, _ object: [UInt8]) -> [UInt8] {
        let event = field(1, Array(type.utf8)) + field(2, field(1, object))
        return (0..<4).map { UInt8(truncatingIfNeeded: event.count >> (24 - 8 * $0)) } + event
    }

    private func envelope(_ kind: String, _ object: [UInt8]) -> [UInt8] {
        [0x6b, 0x38, 0x73, 0] + field(1, field(1, Array("v1".utf8)) + field(2, Array(kind.utf8)))
            + field(2, object)
    }

    private func decoder() -> WatchDecoder<Pod> { WatchDecoder(.pods, ObjectReader(.pods), .protobuf) }

    @Test(
        "gives the same as JSON of Kubernetes' own pod, bookmarks and errors, at every split",
        arguments: [1, 5, 64, 100_000])
    func frames(pieces: Int) throws {
        let pod = try Fixtures.octets("kubernetes-api/core.v1.Pod.pb")
        let expected = try JSON.decode(Pod.self, from: Fixtures.octets("kubernetes-api/core.v1.Pod.json"))
        // What the real server sent for a version that is too old.
        let status: [UInt8] =
            field(2, Array("Failure".utf8)) + field(3, Array("too old resource version: 1 (44253)".utf8))
            + field(4, Array("Expired".utf8)) + [0x30, 0x9a, 0x03]
        let annotation = field(1, Array("k8s.io/initial-events-end".utf8)) + field(2, Array("true".utf8))
        let bookmark = field(1, field(6, Array("17".utf8)) + field(12, annotation))
        let octets =
            frame("ADDED", pod) + frame("BOOKMARK", envelope("Pod", bookmark))
            + frame("ERROR", envelope("Status", status)) + frame("DELETED", pod)
        var decoder = decoder()
        var events: [WatchEvent<Pod>] = []
        var rest = octets[...]
        while !rest.isEmpty {
            events += try decoder.receive(Array(rest.prefix(pieces)))
            rest = rest.dropFirst(pieces)
        }
        #expect(
            events == [
                .added(expected), .bookmark(resourceVersion: "17", endsInitialEvents: true),
                .error(
                    APIStatus(code: 410, reason: "Expired", message: "too old resource version: 1 (44253)")),
                .deleted(expected),
            ])
        #expect(decoder.isAtBoundary)
    }

    @Test(
        "refuses frames that are none",
        arguments: [
            [0, 0, 0, 2, 1, 1], [0xff, 0xff, 0xff, 0xff], [0, 0, 0, 0], [0, 0, 0, 3, 0x0a, 1, 65],
        ] as [[UInt8]])
    func refused(octets: [UInt8]) {
        var decoder = decoder()
        #expect(throws: WatchDecodingError.self) { try decoder.receive(octets) }
    }
}
