// Kubernetes' own round trip data, an object of each kind with every field set in both forms, and what real servers sent:
// whichever way an object comes, it is the same.

import JSON
import KubernetesAPI
import TestSupport
import Testing

@testable import KubernetesWire

/// Everything, packed.
private enum Whole<Object: Resource>: PackedForm {
    static var fields: [String] { [] }
}

@Suite("Objects out of JSON and protobuf")
struct RoundTripTests {
    /// The object's own octets in a file: after `k8s\0`, field 2 of runtime.Unknown.
    private func raw(_ name: String) throws -> (octets: [UInt8], range: Range<Int>) {
        let octets = try Fixtures.octets("kubernetes-api/\(name).pb")
        let range = octets.withUnsafeBytes { base in
            var walk = MessageWalk(base, 4..<base.count)
            while walk.next() { if walk.number == 2 { return walk.start..<walk.limit } }
            return 0..<0
        }
        return (octets, range)
    }

    private func check<Object: Resource>(_ type: Object.Type, _ name: String) throws {
        let json = try Fixtures.octets("kubernetes-api/\(name).json")
        let expected = try JSON.decode(Object.self, from: json)
        let (octets, range) = try raw(name)
        #expect(!range.isEmpty)
        let fromProtobuf = try ObjectDecoder.decode(Object.self, Object.resource, octets, in: range)
        #expect(fromProtobuf == expected)
        let packedJSON = try #require(ObjectPacker.pack(json: json, json.indices, as: Whole<Object>.self))
        #expect(try packedJSON.object == expected)
        let packedProtobuf = try #require(
            ObjectPacker.pack(protobuf: octets, range, as: Whole<Object>.self))
        #expect(try packedProtobuf.object == expected)
        #expect(packedJSON.objectKey == expected.objectKey)
        #expect(packedJSON.objectUID == expected.objectUID)
        #expect(packedProtobuf.objectVersion == expected.objectVersion)
    }

    @Test("are the same, packed or not")
    func same() throws {
        try check(Pod.self, "core.v1.Pod")
        try check(Node.self, "core.v1.Node")
        try check(Service.self, "core.v1.Service")
        try check(CoreEvent.self, "core.v1.Event")
        try check(Event.self, "events.k8s.io.v1.Event")
        try check(Lease.self, "coordination.k8s.io.v1.Lease")
        try check(Endpoints.self, "core.v1.Endpoints")
        try check(EndpointSlice.self, "discovery.k8s.io.v1.EndpointSlice")
        try check(Namespace.self, "core.v1.Namespace")
        try check(ServiceAccount.self, "core.v1.ServiceAccount")
        try check(ConfigMap.self, "core.v1.ConfigMap")
        try check(Secret.self, "core.v1.Secret")
        try check(PersistentVolumeClaim.self, "core.v1.PersistentVolumeClaim")
        try check(PersistentVolume.self, "core.v1.PersistentVolume")
        try check(StorageClass.self, "storage.k8s.io.v1.StorageClass")
        try check(CSINode.self, "storage.k8s.io.v1.CSINode")
    }

    @Test("become the same JSON where nobody knows their type")
    func json() throws {
        for (name, resource) in [
            ("core.v1.Pod", APIResource.pods), ("core.v1.Node", .nodes), ("core.v1.Service", .services),
        ] {
            var expected = try JSON(parsing: try Fixtures.octets("kubernetes-api/\(name).json"))
            // They stand in the envelope.
            (expected["kind"], expected["apiVersion"]) = (nil, nil)
            let (octets, range) = try raw(name)
            let found = try ObjectDecoder.decode(JSON.self, resource, octets, in: range)
            #expect(Self.differences(found, expected) == [], "\(name)")
        }
    }

    /// Where two documents differ but in the fractions of their times.
    private static func differences(_ left: JSON, _ right: JSON, at path: String = "") -> [String] {
        switch (left, right) {
        case (.object(let left), .object(let right)):
            // Nobody reads these, and they are a fifth of an object.
            return Set(left.keys).union(right.keys).subtracting(["managedFields"]).sorted().flatMap {
                differences(left[$0] ?? .null, right[$0] ?? .null, at: "\(path).\($0)")
            }
        case (.array(let left), .array(let right)) where left.count == right.count:
            return zip(left, right).enumerated().flatMap {
                differences($1.0, $1.1, at: "\(path)[\($0)]")
            }
        case (.string(let left), .string(let right)):
            return left.replacing(".000000Z", with: "Z") == right ? [] : ["\(path): \(left) \(right)"]
        default: return left == right ? [] : ["\(path): \(left) \(right)"]
        }
    }

    @Test("lack what is omitted, and nothing else")
    func omitted() throws {
        let (octets, range) = try raw("core.v1.Pod")
        let omitted = OmittedFields([
            "Container.env", "PodSpec.tolerations", "Container.nothing", "None.such", "word",
        ])
        #expect(omitted.unknown == ["Container.nothing", "None.such", "word"])
        var expected = try ObjectDecoder.decode(Pod.self, .pods, octets, in: range)
        #expect(!expected.spec.tolerations.isEmpty && !expected.spec.containers[0].env.isEmpty)
        expected.spec.tolerations = []
        for index in expected.spec.containers.indices { expected.spec.containers[index].env = [] }
        for index in expected.spec.initContainers.indices { expected.spec.initContainers[index].env = [] }
        #expect(try ObjectDecoder.decode(Pod.self, .pods, octets, in: range, omitting: omitted) == expected)
    }
}
