// What is kept of an object, and that what is shared is given back.

import JSON
import KubernetesAPI
import TestSupport
import Testing

@testable import KubernetesWire

/// What a scheduler reads of other people's pods.
private enum SomeOfPods: PackedForm {
    typealias Object = Pod
    static let fields = [
        "metadata.labels", "spec.containers.name", "spec.containers.resources", "spec.nodeName",
        "status.phase",
        "status.conditions=PodResizePending", "status.containerStatuses.name",
        "status.containerStatuses.state.running.",
    ]
    static let keptWholeFor = ["ours"]
}

@Suite("Packed objects")
struct PackingTests {
    private func pod(_ name: String, scheduler: String = "default") -> [UInt8] {
        Array(
            """
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "\(name)", "namespace": "n", "uid": "u-\(name)",
             "resourceVersion": "7", "managedFields": [{"fieldsV1": {"f:a": {"]}": "\\"}"}}}],
             "labels": {"app": "a rather long value of \(name)"}, "annotations": {"x": "y"}},
             "spec": {"nodeName": "node", "schedulerName": "\(scheduler)", "hostNetwork": true, "containers": [
               {"name": "c", "image": "i", "env": [{"name": "A", "value": "B"}],
                "resources": {"requests": {"cpu": "500m", "memory": 7}}}]},
             "status": {"phase": "Running", "conditions": [
               {"type": "Ready", "status": "True"}, {"type": "PodResizePending", "status": "True", "reason": "R\\u00e9\\ud83d\\ude00"}],
               "containerStatuses": [{"name": "c", "ready": true, "restartCount": 0, "image": "i", "imageID": "j",
                 "state": {"running": {"startedAt": "2026-11-29T10:00:04Z"}}}]}}
            """.utf8)
    }

    @Test("keep the fields that are asked for, and what everybody knows an object by")
    func selection() throws {
        let json = pod("a")
        let packed = try #require(ObjectPacker.pack(json: json, json.indices, as: SomeOfPods.self))
        let object = try packed.object
        #expect(packed.objectKey == ObjectKey(namespace: "n", name: "a"))
        #expect(packed.objectUID == "u-a")
        #expect(packed.objectVersion == "7")
        #expect(object.metadata.labels == ["app": "a rather long value of a"])
        #expect(object.metadata.annotations == [:])
        #expect(object.spec.nodeName == "node")
        #expect(object.spec.schedulerName == nil)
        #expect(object.spec.containers.map(\.image) == [nil])
        let requests = ["cpu": try #require(Quantity("500m")), "memory": Quantity(7)]
        #expect(object.spec.containers.first?.resources.requests == requests)
        #expect(object.status.phase == .running)
        #expect(object.status.conditions.map(\.type) == ["PodResizePending"])
        #expect(object.status.conditions.first?.reason == "Ré😀")
        #expect(object.status.containerStatuses.map(\.image) == [nil])
        #expect(object.status.containerStatuses.first?.state.running != nil)
        #expect(object.status.containerStatuses.first?.state.running?.startedAt == nil)
    }

    @Test("are whole where they have one of the strings that say so")
    func whole() throws {
        let json = pod("a", scheduler: "ours")
        let packed = try #require(ObjectPacker.pack(json: json, json.indices, as: SomeOfPods.self))
        #expect(try packed.object == JSON.decode(Pod.self, from: json))
    }

    @Test(
        "are refused where they are no objects of their kind, at any cut",
        arguments: [
            #"{"metadata": {"name": 5}}"#, #"{"metadata": {"namespace": "n"}}"#, #"{"spec": {}}"#, "[]", "5",
            "",
            #"{"metadata": {"name": "a"}, "spec": {"nodeName": 5}}"#, #"{"metadata": {"name": "a"}} x"#,
            #"{"metadata": {"name": "a\u12"}}"#,
        ])
    func refused(text: String) {
        let json = Array(text.utf8)
        #expect(ObjectPacker.pack(json: json, json.indices, as: SomeOfPods.self) == nil)
    }

    @Test("are refused at any cut of JSON, and read or refused at any cut and any changed octet of protobuf")
    func hostile() throws {
        let json = pod("a")
        for count in json.indices {
            #expect(ObjectPacker.pack(json: json, 0..<count, as: SomeOfPods.self) == nil)
        }
        let octets = try Fixtures.octets("kubernetes-api/core.v1.Pod.pb")
        let range = try #require(ProtobufEnvelope.object(in: octets))
        var random = SeededGenerator(seed: 1)
        for _ in 0..<500 {
            var changed = octets
            for _ in 0..<3 {
                changed[Int.random(in: range, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let cut = range.lowerBound..<Int.random(in: range, using: &random)
            // Whatever it is, nobody stumbles over it.
            if let packed = ObjectPacker.pack(protobuf: changed, cut, as: SomeOfPods.self) {
                _ = try? packed.object
                #expect(!packed.objectKey.name.isEmpty)
            }
            _ = try? ObjectDecoder.decode(Pod.self, .pods, changed, in: cut)
        }
    }
}

@Suite("Octets that many objects share")
struct SharedOctetsTests {
    @Test("have one number for as long as anybody uses them, and any number of them come and go")
    func counting() {
        var table = SharedOctets()
        func share(_ text: String) -> UInt32 { Array(text.utf8).withUnsafeBytes { table.share($0) } }
        var random = SeededGenerator(seed: 3)
        var users: [String: [UInt32]] = [:]
        for _ in 0..<20_000 {
            let text = "value-\(Int.random(in: 0..<3_000, using: &random))"
            if Bool.random(using: &random) || users[text] == nil {
                let number = share(text)
                if let other = users[text]?.first { #expect(other == number) }
                users[text, default: []].append(number)
            } else if let number = users[text]?.popLast() {
                table.release(number)
                if users[text]?.isEmpty == true { users[text] = nil }
            }
        }
        #expect(table.count == users.count)
        for (text, numbers) in users {
            #expect(table[numbers[0]] == Array(text.utf8))
            #expect(table.text(numbers[0]) == text)
            for number in numbers { table.release(number) }
        }
        #expect(table.count == 0)
    }
}
