// Lists, cut into items wherever the network cuts them.

import JSON
import KubernetesAPI
import TestSupport
import Testing

@testable import KubernetesWire

@Suite("Lists while they come")
struct ListSplitterTests {
    private func items(
        _ octets: [UInt8], isProtobuf: Bool, pieces: Int
    ) throws(ListSplitter.Fault) -> (items: [[UInt8]], around: [UInt8]) {
        var splitter = ListSplitter(isProtobuf: isProtobuf)
        var items: [[UInt8]] = []
        var rest = octets[...]
        while !rest.isEmpty {
            try splitter.receive(Array(rest.prefix(pieces))) { octets, range in
                items.append(Array(octets[range]))
            }
            rest = rest.dropFirst(pieces)
        }
        return (items, try splitter.finish())
    }

    @Test("give their items and what is around them, at any cut", arguments: [1, 2, 3, 7, 1000])
    func json(pieces: Int) throws {
        let text =
            #"{"kind":"PodList","metadata":{"items":[{"a":1}],"resourceVersion":"5"}, "items" : [{"a":"}]\"{"}, {"b":[{},[]]},{}], "x":[1]}"#
        let (items, around) = try items(Array(text.utf8), isProtobuf: false, pieces: pieces)
        #expect(
            items.map { String(decoding: $0, as: UTF8.self) } == [#"{"a":"}]\"{"}"#, #"{"b":[{},[]]}"#, "{}"])
        let rest = try JSON(parsing: around)
        #expect(rest["metadata"]?["resourceVersion"] == "5")
        #expect(rest["items"] == [])
        #expect(rest["x"] == [1])
    }

    @Test("of nothing are null where Go has made them")
    func null() throws {
        #expect(
            try items(Array(#"{"metadata":{},"items":null}"#.utf8), isProtobuf: false, pieces: 3).items
                .isEmpty)
    }

    @Test(
        "are refused where they are none, or end early",
        arguments: [
            #"{"kind":"Pod"}"#, #"{"items":[{"a":1}"#, "<html>", #"{"items":["a"]}"#, "", "]",
        ])
    func refused(text: String) {
        #expect(throws: ListSplitter.Fault.notAList) {
            try items(Array(text.utf8), isProtobuf: false, pieces: 4)
        }
    }

    /// A field of protobuf.
    private func field(_ number: UInt8, _ octets: [UInt8]) -> [UInt8] {
        var writer = PackedWriter()
        writer.tag(Int(number), 2)
        writer.varint(UInt64(octets.count))
        return writer.octets + octets
    }

    @Test("of protobuf give the same, at any cut", arguments: [1, 2, 3, 7, 1000])
    func protobuf(pieces: Int) throws {
        let long = [UInt8](repeating: 9, count: 300)
        let list =
            field(1, field(2, Array("77".utf8)) + field(3, Array("next".utf8))) + field(2, long)
            + field(2, [])
        let octets =
            ProtobufEnvelope.magic + field(1, [1, 2]) + field(2, list) + field(3, []) + field(4, [7])
        let (items, around) = try items(octets, isProtobuf: true, pieces: pieces)
        #expect(items == [long, []])
        #expect(WireListMetadata(around).resourceVersion == "77")
        #expect(WireListMetadata(around).continueToken == "next")
        #expect(throws: ListSplitter.Fault.notAList) {
            try self.items(Array(octets.dropLast(60)), isProtobuf: true, pieces: pieces)
        }
        #expect(throws: ListSplitter.Fault.notAList) {
            try self.items([1, 2, 3, 4, 5], isProtobuf: true, pieces: pieces)
        }
    }

    @Test("of items beyond the limit are given up")
    func limit() {
        var splitter = ListSplitter(isProtobuf: false, maximumItemSize: 10)
        #expect(throws: ListSplitter.Fault.itemTooLarge(limit: 10)) {
            try splitter.receive(Array(#"{"items":[{"a":"0123456789"#.utf8)) { _, _ in }
        }
    }
}
