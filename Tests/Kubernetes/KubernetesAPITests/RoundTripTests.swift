// Objects as Kubernetes 1.36 sent them, recorded: what a type reads of them it writes again, unchanged.

import JSON
import TestSupport
import Testing

@testable import KubernetesAPI

@Suite("Objects of a real API server")
struct RoundTripTests {
    /// Bodies of recorded answers, by file name.
    static let bodies: [(name: String, json: JSON)] = {
        let names = (try? Fixtures.names(in: "apiserver-1.36", ending: ".response.http")) ?? []
        return names.compactMap { name in
            guard let bytes = try? Fixtures.octets("apiserver-1.36/\(name)"),
                let start = bytes.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound,
                let json = try? JSON(parsing: Array(bytes[start...]))
            else { return nil }
            return (name, json)
        }
    }()

    /// All objects of a kind: answers themselves, and the items of lists.
    static func objects<Object: Resource>(_ type: Object.Type) -> [JSON] {
        bodies.flatMap { _, json -> [JSON] in
            guard json["apiVersion"]?.string == Object.resource.apiVersion else { return [] }
            if json["kind"]?.string == Object.resource.kind { return [json] }
            return json["kind"]?.string == Object.resource.kind + "List" ? json["items"]?.array ?? [] : []
        }
    }

    private func roundTrip<Object: Resource>(_ type: Object.Type, atLeast count: Int) throws {
        let objects = Self.objects(type)
        #expect(objects.count >= count)
        for json in objects { try check(type, json) }
    }

    private func check<Object: Resource>(_ type: Object.Type, _ json: JSON) throws {
        let object = try json.decode(type)
        let written = try JSON(encoding: object)
        #expect(written["apiVersion"]?.string == Object.resource.apiVersion)
        #expect(written["kind"]?.string == Object.resource.kind)
        for fault in Self.differences(written, json) { Issue.record("\(json.text()): \(fault)") }
        #expect(try written.decode(type) == object)
    }

    /// Where `part` says what `whole` does not; what stands for nothing may be missing in either.
    static func differences(_ part: JSON, _ whole: JSON, at path: String = "") -> [String] {
        switch (part, whole) {
        case (.object(let members), .object(let all)):
            return members.sorted { $0.key < $1.key }.flatMap { key, value -> [String] in
                guard let other = all[key] else {
                    return path.isEmpty && (key == "apiVersion" || key == "kind")
                        ? [] : ["\(path).\(key) is new"]
                }
                return differences(value, other, at: "\(path).\(key)")
            }
        case (.array(let elements), .array(let all)):
            guard elements.count == all.count else { return ["\(path) has \(elements.count) elements"] }
            return zip(elements, all).enumerated().flatMap { differences($1.0, $1.1, at: "\(path)[\($0)]") }
        default:
            return part == whole ? [] : ["\(path) is \(part.text()), was \(whole.text())"]
        }
    }

    @Test("pods") func pods() throws { try roundTrip(Pod.self, atLeast: 9) }
    @Test("leases") func leases() throws { try roundTrip(Lease.self, atLeast: 2) }
    @Test("events") func events() throws {
        try roundTrip(Event.self, atLeast: 2)
        try roundTrip(CoreEvent.self, atLeast: 1)
    }
    @Test("config maps") func configMaps() throws {
        try roundTrip(ConfigMap.self, atLeast: 5)
    }
}
