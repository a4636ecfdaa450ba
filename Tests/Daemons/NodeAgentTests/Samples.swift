// Pods, states and lists as the suites need them, short enough that a table can be read.

import JSON
import KubeletAPI
import KubernetesAPI
import KubernetesClient
import Placement

@testable import NodeAgent

let cores = "aws.amazon.com/neuroncore"

extension JSON {
    /// The object of a type; what a test has written wrongly ends it.
    func typed<Object: Decodable>(_ type: Object.Type = Object.self) -> Object {
        do { return try decode(type) } catch { fatalError("\(error) in \(text())") }
    }
}

/// A state of an inf2 node with chips of two cores.
func state(
    chips: Int = 6, unhealthy: [Int: String] = [:], faults: [NodePluginAPI.Fault] = [],
    instanceType: String = "inf2.24xlarge",
    resource: String = cores, devices: Int? = nil, registered: Bool = true
) -> NodePluginAPI.NodeState {
    NodePluginAPI.NodeState(
        instanceType: instanceType, driverVersion: "2.28.0", logicalCoreSize: 1,
        chips: (0..<chips).map { index in
            NodePluginAPI.Chip(
                index: Int32(index), memoryBytes: 32 << 30, cores: [Int64(2 * index), Int64(2 * index + 1)],
                health: unhealthy[index] == nil ? DevicePluginAPI.healthy : DevicePluginAPI.unhealthy,
                reason: unhealthy[index] ?? "",
                connected: [(index + chips - 1) % chips, (index + 1) % chips].sorted().map { Int64($0) },
                faults: unhealthy[index] == nil ? [] : faults)
        },
        resources: [
            NodePluginAPI.Resource(
                name: resource, devices: Int32(devices ?? 2 * chips), healthy: Int32(2 * chips),
                registered: registered)
        ])
}

/// A container of a pod that asks for devices.
func container(_ name: String, _ count: JSON, resource: String = cores, restarts: Bool = false) -> JSON {
    var json: JSON = ["name": .string(name), "resources": ["limits": [resource: count]]]
    if restarts { json["restartPolicy"] = "Always" }
    return json
}

/// A bound pod in namespace `n`, as the API server has it.
func pod(
    _ name: String, cores assigned: String?, containers: [JSON] = [container("c", "2")],
    initContainers: [JSON] = [], phase: String = "Pending", admitted: Bool = false
) -> JSON {
    var json: JSON = [
        "apiVersion": "v1", "kind": "Pod",
        "metadata": [
            "namespace": "n", "name": .string(name), "uid": .string("uid-\(name)"), "resourceVersion": "1",
            "creationTimestamp": "2026-01-01T00:00:00Z",
        ],
        "spec": [
            "nodeName": "node", "schedulerName": "ganglion-operator", "containers": .array(containers),
        ],
        "status": [
            "phase": .string(phase),
            "conditions": [
                ["type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-01-01T00:00:02Z"]
            ],
        ],
    ]
    if !initContainers.isEmpty { json[path: ["spec", "initContainers"]] = .array(initContainers) }
    if let assigned {
        json[path: ["metadata", "annotations"]] = ["ganglion.dev/neuroncores": .string(assigned)]
    }
    if admitted { json[path: ["status", "startTime"]] = "2026-01-01T00:00:03Z" }
    return json
}

/// What the kubelet says of one container of a pod in namespace `n`.
func listed(
    _ name: String, _ container: String, _ devices: [String], resource: String = cores
) -> PodResourcesAPI.PodResources {
    .init(
        name: name, namespace: "n",
        containers: [
            .init(name: container, devices: [.init(resourceName: resource, deviceIDs: devices)])
        ])
}

/// A holding in namespace `n`.
func holding(_ pod: String, _ container: String, _ cores: CoreSet) -> Holding {
    Holding(pod: ObjectKey(namespace: "n", name: pod), container: container, cores: cores)
}

/// Six healthy chips; for types that have a `state` of their own.
func sampleState() -> NodePluginAPI.NodeState { state() }
