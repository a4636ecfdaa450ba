// Claims, volumes and classes of storage as the real server keeps them (pkg/apis/core/validation, pkg/apis/storage/validation,
// pkg/printers), with what its admission adds.

import JSON
import KubernetesAPI
import LocalTestSupport
import Testing

@testable import LocalAPIServer

@Suite("Storage in the API server")
struct StorageTests {
    private static let claims = "/api/v1/namespaces/default/persistentvolumeclaims"
    private static let volumes = "/api/v1/persistentvolumes"
    private static let classes = "/apis/storage.k8s.io/v1/storageclasses"

    private static func claim(_ spec: JSON = [:], name: String = "c") -> JSON {
        var full: JSON = ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]]]
        for (key, value) in spec.object ?? [:] { full[key] = value }
        return [
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": ["name": .string(name)],
            "spec": full,
        ]
    }

    private static func volume(_ spec: JSON = [:]) -> JSON {
        var full: JSON = [
            "accessModes": ["ReadWriteOnce"], "capacity": ["storage": "1Gi"], "hostPath": ["path": "/data"],
        ]
        for (key, value) in spec.object ?? [:] { full[key] = value }
        return [
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": ["name": "v"], "spec": full,
        ]
    }

    private static func storageClass(_ name: String, isDefault: Bool = false, _ more: JSON = [:]) -> JSON {
        var object: JSON = [
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
            "metadata": [
                "name": .string(name),
                "annotations": [StorageClass.defaultAnnotation: .string(isDefault ? "true" : "false")],
            ], "provisioner": "p.example.com/x",
        ]
        for (key, value) in more.object ?? [:] { object[key] = value }
        return object
    }

    @Test(
        "a claim without a class gets the default one, its defaults and its finalizer; an empty class is one")
    func claims() async throws {
        let server = try await LiveServer.start()
        let before = try await server.send("POST", Self.claims, Self.claim(name: "before"))
        #expect(before.body["spec"]?["storageClassName"] == nil)
        try await server.send("POST", Self.classes, Self.storageClass("other"))
        let made = try await server.send("POST", Self.classes, Self.storageClass("standard", isDefault: true))
        #expect(made.body["reclaimPolicy"] == "Delete")
        #expect(made.body["volumeBindingMode"] == "Immediate")
        let claim = try await server.send("POST", Self.claims, Self.claim())
        #expect(claim.status == 201)
        #expect(claim.body["spec"]?["storageClassName"] == "standard")
        #expect(claim.body["spec"]?["volumeMode"] == "Filesystem")
        #expect(claim.body["status"] == ["phase": "Pending"])
        #expect(claim.body["metadata"]?["finalizers"] == ["kubernetes.io/pvc-protection"])
        let none = try await server.send(
            "POST", Self.claims, Self.claim(["storageClassName": ""], name: "none"))
        #expect(none.body["spec"]?["storageClassName"] == "")
        // Nobody uses it, and still it takes its controller to let it go.
        let deleted = try await server.send("DELETE", "\(Self.claims)/c")
        #expect(deleted.body["metadata"]?["deletionTimestamp"] != nil)
        let freed = try await server.send(
            "PATCH", "\(Self.claims)/c", ["metadata": ["finalizers": .null]],
            type: "application/merge-patch+json")
        #expect(freed.status == 200)
        #expect(try await server.send("GET", "\(Self.claims)/c").status == 404)
        await server.stop()
    }

    @Test(
        "what is wrong with a claim is said in the real server's words",
        arguments: [
            (["accessModes": []], "spec.accessModes: Required value: at least 1 access mode is required"),
            (
                ["accessModes": ["Any"]],
                "spec.accessModes: Unsupported value: \"Any\": supported values: \"ReadOnlyMany\", \"ReadWriteMany\", \"ReadWriteOnce\", \"ReadWriteOncePod\""
            ),
            (
                ["accessModes": ["ReadWriteOnce", "ReadWriteOncePod"]],
                "spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes"
            ),
            (["resources": [:]], "spec.resources[storage]: Required value"),
            (
                ["resources": ["requests": ["storage": "0"]]],
                "spec.resources[storage]: Invalid value: \"0\": must be greater than zero"
            ),
            (
                ["volumeMode": "Raw"],
                "spec.volumeMode: Unsupported value: \"Raw\": supported values: \"Block\", \"Filesystem\""
            ),
        ] as [(JSON, String)])
    func claimFaults(spec: JSON, words: String) async throws {
        let server = try await LiveServer.start()
        let answer = try await server.send("POST", Self.claims, Self.claim(spec))
        #expect(answer.status == 422)
        #expect(
            answer.body["message"]?.string == "PersistentVolumeClaim \"c\" is invalid: \(words)")
        await server.stop()
    }

    @Test("a claim's spec does not change but for its volume, once, and its size when it is bound")
    func updates() async throws {
        let server = try await LiveServer.start()
        try await server.send("POST", Self.claims, Self.claim())
        func patch(_ body: JSON, _ path: String = "") async throws -> (status: Int, body: JSON) {
            try await server.send(
                "PATCH", "\(Self.claims)/c\(path)", body, type: "application/merge-patch+json")
        }
        let larger: JSON = ["spec": ["resources": ["requests": ["storage": "2Gi"]]]]
        #expect(
            try await patch(larger).body["message"]?.string?.contains(
                "spec: Forbidden: spec is immutable after creation except resources.requests and"
                    + " volumeAttributesClassName for bound claims") == true)
        #expect(try await patch(["spec": ["volumeName": "v"]]).status == 200)
        #expect(try await patch(["spec": ["volumeName": "w"]]).status == 422)
        #expect(
            try await patch(
                ["status": ["phase": "Bound", "capacity": ["storage": "1Gi"]]], "/status"
            ).status == 200)
        #expect(try await patch(larger).status == 200)
        #expect(
            try await patch(["spec": ["resources": ["requests": ["storage": "1Gi"]]]]).body["message"]?
                .string?
                .contains(
                    "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity")
                == true)
        await server.stop()
    }

    @Test(
        "what is wrong with a volume is said in the real server's words",
        arguments: [
            (["accessModes": []], "spec.accessModes: Required value"),
            (["hostPath": .null], "spec: Required value: must specify a volume type"),
            (
                ["local": ["path": "/x"]],
                "spec.local: Forbidden: may not specify more than 1 volume type"
            ),
            (
                ["hostPath": ["path": "/a/../b"]],
                "spec.hostPath.path: Invalid value: \"/a/../b\": must not contain '..'"
            ),
            (
                ["nodeAffinity": [:]],
                "spec.nodeAffinity.required: Required value: must specify required node constraints"
            ),
            (
                ["persistentVolumeReclaimPolicy": "Burn"],
                "spec.persistentVolumeReclaimPolicy: Unsupported value: \"Burn\": supported values: \"Delete\", \"Recycle\", \"Retain\""
            ),
        ] as [(JSON, String)])
    func volumeFaults(spec: JSON, words: String) async throws {
        let server = try await LiveServer.start()
        let answer = try await server.send("POST", Self.volumes, Self.volume(spec))
        #expect(answer.status == 422)
        #expect(answer.body["message"]?.string == "PersistentVolume \"v\" is invalid: \(words)")
        await server.stop()
    }

    @Test("a volume begins with its defaults and keeps what it is made of; so does a class")
    func immutable() async throws {
        let server = try await LiveServer.start()
        let made = try await server.send("POST", Self.volumes, Self.volume())
        #expect(made.body["spec"]?["persistentVolumeReclaimPolicy"] == "Retain")
        #expect(made.body["spec"]?["volumeMode"] == "Filesystem")
        #expect(made.body["spec"]?["hostPath"] == ["path": "/data", "type": ""])
        #expect(made.body["status"]?["phase"] == "Pending")
        #expect(made.body["metadata"]?["finalizers"] == ["kubernetes.io/pv-protection"])
        func patch(_ target: String, _ body: JSON) async throws -> String {
            let answer = try await server.send(
                "PATCH", target, body, type: "application/merge-patch+json")
            return answer.status == 200 ? "" : answer.body["message"]?.string ?? "\(answer.status)"
        }
        #expect(
            try await patch("\(Self.volumes)/v", ["spec": ["hostPath": ["path": "/other"]]])
                .contains("spec.persistentvolumesource is immutable after creation"))
        #expect(
            try await patch(
                "\(Self.volumes)/v",
                [
                    "spec": [
                        "claimRef": ["namespace": "default", "name": "c", "kind": "PersistentVolumeClaim"]
                    ]
                ])
                == "")
        try await server.send("POST", Self.classes, Self.storageClass("s"))
        #expect(
            try await patch("\(Self.classes)/s", ["provisioner": "q.example.com"])
                == "StorageClass.storage.k8s.io \"s\" is invalid: provisioner: Invalid value: \"q.example.com\": field is immutable"
        )
        #expect(
            try await patch(
                "\(Self.classes)/s",
                ["metadata": ["annotations": [StorageClass.defaultAnnotation: "true"]]]) == "")
        await server.stop()
    }

    @Test("a pod's claim needs a name, and the template of an ephemeral volume is checked like a claim")
    func pods() async throws {
        let server = try await LiveServer.start()
        func create(_ volume: JSON) async throws -> JSON {
            var volume = volume
            volume["name"] = "v"
            return try await server.send(
                "POST", "/api/v1/namespaces/default/pods",
                [
                    "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"],
                    "spec": ["containers": [["name": "c", "image": "i"]], "volumes": [volume]],
                ]
            ).body
        }
        #expect(
            try await create(["persistentVolumeClaim": ["claimName": ""]])["message"]?.string
                == "Pod \"p\" is invalid: spec.volumes[0].persistentVolumeClaim.claimName: Required value")
        #expect(
            try await create(["ephemeral": [:]])["message"]?.string
                == "Pod \"p\" is invalid: spec.volumes[0].ephemeral.volumeClaimTemplate: Required value")
        let spec: JSON = ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1"]]]
        let made = try await create(["ephemeral": ["volumeClaimTemplate": ["spec": spec]]])
        #expect(
            made["spec"]?["volumes"]?[0]?["ephemeral"]?["volumeClaimTemplate"]?["spec"]?["volumeMode"]
                == "Filesystem")
        await server.stop()
    }

    @Test("kubectl's columns show what is bound to what")
    func columns() async throws {
        let server = try await LiveServer.start()
        try await server.send("POST", Self.classes, Self.storageClass("standard", isDefault: true))
        try await server.send("POST", Self.claims, Self.claim())
        try await server.send(
            "POST", Self.volumes,
            Self.volume([
                "storageClassName": "standard",
                "claimRef": ["kind": "PersistentVolumeClaim", "namespace": "default", "name": "c"],
            ]))
        func cells(_ target: String) async throws -> [String] {
            let object = try await server.send("GET", target).body
            let type = try #require(BuiltInResources.all.first { $0.kind == object["kind"]?.string })
            return type.columns.map {
                $0.name == "Age" ? "" : $0.cell(object).string ?? $0.cell(object).text()
            }
        }
        #expect(
            try await cells("\(Self.claims)/c") == [
                "c", "Pending", "", "", "", "standard", "<unset>", "", "Filesystem",
            ])
        #expect(
            try await cells("\(Self.volumes)/v") == [
                "v", "1Gi", "RWO", "Retain", "Pending", "default/c", "standard", "<unset>", "", "",
                "Filesystem",
            ])
        #expect(
            try await cells("\(Self.classes)/standard") == [
                "standard (default)", "p.example.com/x", "Delete", "Immediate", "false", "",
            ])
        await server.stop()
    }
}
