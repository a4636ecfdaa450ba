// Pods of other controllers that a kubelet did not take in.

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient
import Observability
import SchedulingTestSupport
import SystemIO
import Testing

@testable import Operator

@Suite("Rejected pods")
struct RejectedPodTests {
    private func pod(
        _ name: String, reason: String = "UnexpectedAdmissionError", kind: String? = "ReplicaSet",
        cores: Int = 1
    ) -> (object: JSON, status: JSON) {
        var pod: JSON = [
            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name), "namespace": "default"],
            "spec": [
                "nodeName": "a", "schedulerName": "default-scheduler",
                "containers": [
                    [
                        "name": "c", "image": "i",
                        "resources": ["limits": [WellKnown.neuronCore: .string(String(cores))]],
                    ]
                ],
            ],
        ]
        if cores == 0 { pod[path: ["spec", "containers"]] = [["name": "c", "image": "i"]] }
        if let kind {
            pod[path: ["metadata", "ownerReferences"]] = [
                [
                    "apiVersion": "apps/v1", "kind": .string(kind), "name": "owner", "uid": "owner",
                    "controller": true,
                ]
            ]
        }
        return (pod, ["phase": "Failed", "reason": .string(reason)])
    }

    @Test("go where a controller makes others, after a pause, and no others do")
    func goes() async throws {
        let cluster = try await LiveCluster.start()
        let objects = [
            pod("rejected"), pod("evicted", reason: "Evicted"), pod("bare", kind: nil),
            pod("plain", cores: 0),
        ]
        for (object, status) in objects {
            try await cluster.client.create(.pods, object)
            try await cluster.client.patch(
                .pods, object.objectKey, ["status": status], subresource: "status")
        }
        var settings = OperatorSettings()
        settings.deletesRejectedPods = true
        let observed = ObservedCluster(
            cluster.client, names: settings.names, registry: nil, log: .silent, loop: .shared)
        await observed.pods.start()
        await observed.pods.store.synced()
        let rejected = RejectedPods(
            client: cluster.client, cluster: observed,
            events: EventRecorder(cluster.client, controller: "test", instance: "test"))
        let due = observed.pods.store.list().filter(rejected.isDue).map(\.metadata.name)
        #expect(due == ["rejected"])
        let key = ObjectKey(namespace: "default", name: "rejected")
        let made = try #require(observed.pods.store[key]?.metadata.creationTimestamp)
        #expect(try await rejected.remove(key, now: made) == .seconds(10))
        let later = Timestamp(microseconds: made.microseconds + 10_000_000)
        #expect(try await rejected.remove(key, now: later) == nil)
        await cluster.wait(.pods) { pods in
            pods.allSatisfy { $0.meta.name != "rejected" || $0.meta.isTerminating }
        }
        await observed.pods.stop()
        await cluster.stop()
    }

    @Test("stay where nobody has asked for that")
    func optIn() {
        #expect(OperatorSettings().deletesRejectedPods == false)
    }
}
