// Objects as Kubernetes 1.36 sent them, recorded: what a type reads of them it writes again, unchanged.

import Glibc
import JSON
import TestSupport
import Testing

@testable import KubernetesAPI

@Suite("Objects of a real API server")
struct RoundTripTests {
    /// Bodies of recorded answers, by file name; empty where the recordings are not there.
    static let bodies: [(name: String, json: JSON)] = {
        let folder = "\(Repository.shared)/captures/apiserver-1.36"
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var bodies: [(String, JSON)] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasSuffix(".response.http"), let bytes = contents("\(folder)/\(name)"),
                let start = bytes.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound,
                let json = try? JSON(parsing: Array(bytes[start...]))
            else { continue }
            bodies.append((name, json))
        }
        return bodies.sorted { $0.0 < $1.0 }
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

    private static func contents(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return bytes
    }

    private static var areThere: Bool { !bodies.isEmpty }

    @Test("pods", .enabled(if: areThere)) func pods() throws { try roundTrip(Pod.self, atLeast: 9) }
    @Test("leases", .enabled(if: areThere)) func leases() throws { try roundTrip(Lease.self, atLeast: 2) }
    @Test("events", .enabled(if: areThere)) func events() throws {
        try roundTrip(Event.self, atLeast: 2)
        try roundTrip(CoreEvent.self, atLeast: 1)
    }
    @Test("config maps", .enabled(if: areThere)) func configMaps() throws {
        try roundTrip(ConfigMap.self, atLeast: 5)
    }
}
