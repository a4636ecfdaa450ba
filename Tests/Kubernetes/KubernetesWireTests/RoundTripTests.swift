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
    }
}
