// What the operator keeps of a pod that is none of its own.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesWire
import Scheduling
import SchedulingTestSupport
import Testing

@testable import Operator

@Suite("Pods of others in the operator's copy")
struct ReducedPodTests {
    private static let pod: JSON = [
        "metadata": [
            "name": "web", "namespace": "n", "uid": "u", "resourceVersion": "7",
            "labels": ["app": "web"], "annotations": ["example.com/large": "text"], "finalizers": ["x/y"],
            "creationTimestamp": "2026-01-01T00:00:00Z", "deletionTimestamp": "2026-01-02T00:00:00Z",
        ],
        "spec": [
            "nodeName": "a", "schedulerName": "default-scheduler", "priority": 5, "hostNetwork": true,
            "overhead": ["cpu": "50m"], "volumes": [["name": "v", "emptyDir": [:]]],
            "resources": ["requests": ["memory": "4Gi"]],
            "initContainers": [
                ["name": "side", "restartPolicy": "Always", "resources": ["requests": ["cpu": "100m"]]],
                ["name": "first", "resources": ["requests": ["cpu": "3"]], "command": ["sh"]],
            ],
            "containers": [
                [
                    "name": "c", "image": "i", "env": [["name": "A", "value": "text"]], "args": ["-v"],
                    "ports": [["containerPort": 80], ["containerPort": 81, "hostPort": 8081]],
                    "resources": [
                        "requests": ["cpu": "1", "aws.amazon.com/neuroncore": "2"],
                        "limits": ["aws.amazon.com/neuroncore": "2"],
                    ],
                ]
            ],
        ],
        "status": [
            "phase": "Running", "podIP": "10.0.0.1",
            "conditions": [["type": "Ready", "status": "True"]],
            "containerStatuses": [
                [
                    "name": "c", "state": ["running": [:]], "lastState": [:], "image": "i",
                    "resources": ["requests": ["cpu": "2"]], "allocatedResources": ["cpu": "2"],
                ]
            ],
        ],
    ]

    @Test("keep the claims that they use, without what their templates say")
    func claims() throws {
        var pod = Self.pod
        pod[path: ["spec", "volumes"]] = [
            ["name": "e", "emptyDir": [:]], ["name": "c", "persistentVolumeClaim": ["claimName": "models"]],
            [
                "name": "own",
                "ephemeral": ["volumeClaimTemplate": ["spec": ["accessModes": ["ReadWriteOnce"]]]],
            ],
        ]
        let whole: Pod = try pod.decode()
        let reduced = whole.reducedToPlacement()
        #expect(PodInfo(reduced).claims == PodInfo(whole).claims && PodInfo(reduced).claims != nil)
        #expect(reduced.spec.volumes.map(\.name) == ["c", "own"])
        #expect(reduced.spec.volumes.last?.source == .ephemeral(EphemeralVolume()))
    }

    @Test("have what placement counts, and nothing else")
    func reduced() throws {
        let whole: Pod = try Self.pod.decode()
        let reduced = whole.reducedToPlacement()
        #expect(PodRequirements(reduced).requests == PodRequirements(whole).requests)
        #expect(
            PodRequirements(reduced).requests.keys.sorted() == ["aws.amazon.com/neuroncore", "cpu", "memory"])
        #expect(reduced.metadata.key == whole.metadata.key)
        #expect(reduced.metadata.uid == "u" && reduced.metadata.resourceVersion == "7")
        #expect(reduced.metadata.labels == ["app": "web"])
        #expect(reduced.metadata.isTerminating)
        #expect(reduced.isBound && reduced.phase == .running)
        #expect(reduced.spec.hostNetwork == true)
        #expect(reduced.spec.containers.first?.ports.map(\.hostPort) == [8081])
        let text = try JSON(encoding: reduced).text()
        for gone in ["large", "text", "-v", "emptyDir", "10.0.0.1", "Ready", "finalizers"] {
            #expect(!text.contains(gone), "\(gone) is still there")
        }
    }

    @Test("resized in place they count as before", arguments: ["Infeasible", "Deferred"])
    func resized(reason: String) throws {
        var object = Self.pod
        object[path: ["status", "conditions"]] = [
            ["type": "PodResizePending", "status": "True", "reason": .string(reason)]
        ]
        let whole: Pod = try object.decode()
        #expect(PodRequirements(whole.reducedToPlacement()).requests == PodRequirements(whole).requests)
    }

    @Test("keep which pods they keep away, and nothing else of their affinity")
    func antiAffinity() throws {
        let required = "requiredDuringSchedulingIgnoredDuringExecution"
        let term: JSON = [
            "topologyKey": "zone", "labelSelector": ["matchLabels": ["a": "b"]],
        ]
        var object = Self.pod
        object[path: ["spec", "affinity"]] = [
            "podAntiAffinity": [required: [term]], "podAffinity": [required: [term]],
            "nodeAffinity": [required: ["nodeSelectorTerms": [[:]]]],
        ]
        let reduced = try (object.decode() as Pod).reducedToPlacement()
        let kept = try JSON(encoding: reduced)[path: ["spec", "affinity"]]
        #expect(kept?.object?.keys.sorted() == ["podAntiAffinity"])
        #expect(kept?["podAntiAffinity"]?[required]?[0]?["topologyKey"] == "zone")
    }

    @Test("of a pod that has failed it stays known that a container still runs", arguments: [true, false])
    func failing(runs: Bool) throws {
        var object = Self.pod
        object[path: ["status", "phase"]] = "Failed"
        if !runs {
            object[path: ["status", "containerStatuses"]] = [
                ["name": "c", "state": ["terminated": ["exitCode": 1]], "lastState": [:]]
            ]
        }
        let whole: Pod = try object.decode()
        #expect(whole.hasStopped == !runs)
        #expect(whole.reducedToPlacement().hasStopped == !runs)
    }

    @Test("this operator's own stay whole: by scheduler, or as a ModelServer's", arguments: [true, false])
    func own(byScheduler: Bool) throws {
        var object = Self.pod
        if byScheduler {
            object[path: ["spec", "schedulerName"]] = .string(WellKnown.scheduler)
        } else {
            object[path: ["metadata", "ownerReferences"]] = [
                [
                    "apiVersion": "ganglion.dev/v1alpha1", "kind": "ModelServer", "name": "m", "uid": "o",
                    "controller": true,
                ]
            ]
        }
        let whole: Pod = try object.decode()
        #expect(whole.reducedToPlacement() == whole)
    }

    @Test("leave out only fields that there are")
    func omitted() { #expect(Pod.unreadForPlacement.unknown == []) }
}
