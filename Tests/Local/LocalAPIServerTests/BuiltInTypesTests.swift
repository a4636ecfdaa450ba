// Kubernetes' own round trip data: an object of each kind in which every field is set, in both forms.

import JSON
import KubernetesWire
import TestSupport
import Testing

@testable import LocalAPIServer

@Suite("The types of the built-in kinds")
struct BuiltInTypesTests {
    static let names: [String] = {
        let names = try? Fixtures.names(in: "kubernetes-api", ending: ".pb")
        return (names ?? []).map { String($0.dropLast(3)) }
    }()

    /// The paths at which two values differ.
    private static func differences(_ left: JSON, _ right: JSON, at path: String = "") -> [String] {
        guard left != right else { return [] }
        guard let one = left.object, let other = right.object else { return ["\(path): \(left) \(right)"] }
        return Set(one.keys).union(other.keys).sorted().flatMap {
            differences(one[$0] ?? "absent", other[$0] ?? "absent", at: "\(path).\($0)")
        }
    }

    private func json(_ name: String) throws -> JSON {
        try JSON(parsing: Fixtures.octets("kubernetes-api/\(name).json"))
    }

    @Test("are all there")
    func complete() {
        #expect(Self.names.count == 31)
        let kinds = BuiltInResources.all.map { BuiltInTypes.message(of: $0.kind, group: $0.group) }
        #expect(kinds.allSatisfy { $0 != nil })
        for message in BuiltInTypes.messages.values {
            for field in message.numbers.values {
                var value = field.value
                while true {
                    guard case .list(let inner) = value else {
                        guard case .map(let inner) = value else { break }
                        value = inner
                        continue
                    }
                    value = inner
                }
                if case .message(let name) = value { #expect(BuiltInTypes.messages[name] != nil, "\(name)") }
            }
        }
    }

    @Test("have every field of protobuf under the name and in the form that JSON has", arguments: names)
    func protobuf(name: String) throws {
        let octets = try Fixtures.octets("kubernetes-api/\(name).pb")
        let object = try #require(ProtobufBodies.parse(octets))
        let wanted = try json(name)
        #expect(object == wanted, "\(Self.differences(object, wanted))")
        for cut in stride(from: 4, to: octets.count, by: 7) {
            _ = ProtobufBodies.parse(Array(octets[..<cut]))
        }
    }

    @Test("know every field of JSON, and its type", arguments: names)
    func strict(name: String) throws {
        let given = try json(name)
        let kind = try #require(given.kind?.string)
        let group = given.apiVersion?.string.map { $0.contains("/") ? String($0.prefix { $0 != "/" }) : "" }
        let message = try #require(BuiltInTypes.message(of: kind, group: group ?? ""))
        var object = given
        var decoding = TypedDecoding()
        try decoding.decode(&object, as: message)
        #expect(decoding.unknown == [])
        #expect(object == given)
    }

    /// A pod with one container, with something set at a path.
    private func pod(_ change: (inout JSON) -> Void) -> JSON {
        var pod: JSON = [
            "metadata": ["name": "p"], "spec": ["containers": [["name": "c", "image": "i"]]],
        ]
        change(&pod)
        return pod
    }

    private func fault(_ change: (inout JSON) -> Void) throws -> String? {
        let message = try #require(BuiltInTypes.messages["Pod"])
        var object = pod(change)
        var decoding = TypedDecoding()
        do throws(TypeFault) {
            try decoding.decode(&object, as: message)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("refuse values of another type in the decoder's words")
    func faults() throws {
        #expect(
            try fault { $0.spec?.containers = [["ports": [["containerPort": "eighty"]]]] }
                == "json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort"
                + " of type int32")
        #expect(
            try fault { $0.spec?.containers = [["resources": ["limits": ["cpu": "abc"]]]] }
                == "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        )
        #expect(
            try fault { $0.metadata?.labels = ["a": 1] }
                == "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string"
        )
        #expect(
            try fault { $0.spec?.containers = [:] }
                == "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container"
        )
        #expect(
            try fault { $0.spec?.restartPolicy = true }
                == "json: cannot unmarshal bool into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy"
        )
        #expect(
            try fault { $0.spec?.terminationGracePeriodSeconds = 1.5 }
                == "json: cannot unmarshal number into Go struct field PodSpec.spec.terminationGracePeriodSeconds of"
                + " type int64")
        #expect(
            try fault { $0.spec?.priority = 3_000_000_000 }
                == "json: cannot unmarshal number into Go struct field PodSpec.spec.priority of type int32")
        #expect(
            try fault { $0.status = ["startTime": "today"] }
                == "parsing time \"today\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"today\" as \"2006\""
        )
        #expect(
            try fault { $0.spec?.containers = [["readinessProbe": ["httpGet": ["port": true]]]] }
                == "json: cannot unmarshal bool into Go value of type int32")
        // What Go takes as well.
        #expect(
            try fault { $0.spec?.containers = [["resources": ["limits": ["cpu": 2, "memory": 1.5]]]] } == nil)
        #expect(try fault { $0.spec?.nodeName = .null } == nil)
    }

    @Test("name each field that they do not have by its whole path, and drop it")
    func unknown() throws {
        var object = pod {
            $0.spec?.containers = [
                ["name": "c", "imagge": "i", "readinessProbe": ["httpGet": ["port": 1], "exex": [:]]]
            ]
            $0.metadata?.lables = [:]
            $0.stauts = [:]
        }
        var decoding = TypedDecoding()
        try decoding.decode(&object, as: try #require(BuiltInTypes.messages["Pod"]))
        #expect(
            decoding.unknown == [
                "metadata.lables", "spec.containers[0].imagge", "spec.containers[0].readinessProbe.exex",
                "stauts",
            ])
        #expect(
            object == [
                "metadata": ["name": "p"],
                "spec": ["containers": [["name": "c", "readinessProbe": ["httpGet": ["port": 1]]]]],
            ])
    }

    @Test("refuse octets that are no base64 where Go does")
    func base64() throws {
        for (text, place) in [("%%%", 0), ("eA=", 3), ("abcd*", 4), ("abcde", 4), ("a===", 1)] {
            var object: JSON = ["data": ["a": .string(text)]]
            var decoding = TypedDecoding()
            #expect(throws: TypeFault(description: "illegal base64 data at input byte \(place)")) {
                try decoding.decode(&object, as: try #require(BuiltInTypes.messages["Secret"]))
            }
        }
    }
}
