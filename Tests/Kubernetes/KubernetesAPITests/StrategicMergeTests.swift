// Lists of a pod merge by their keys, as Kubernetes' struct tags say.

import JSON
import Testing

@testable import KubernetesAPI

@Suite("Strategic merge of pods")
struct StrategicMergeTests {
    private func merged(_ value: JSON, _ patch: JSON) -> JSON {
        StrategicMergePatch(rules: .pod).applied(patch, to: value)
    }

    @Test("containers merge by name, and so do their variables; what is new comes after")
    func containers() {
        let value: JSON = [
            "spec": [
                "containers": [
                    [
                        "name": "a", "image": "i",
                        "env": [["name": "A", "value": "1"], ["name": "B", "value": "2"]],
                    ],
                    ["name": "b"],
                ]
            ]
        ]
        let patch: JSON = [
            "spec": [
                "containers": [
                    ["name": "c"],
                    ["name": "a", "env": [["name": "B", "value": "3"], ["name": "C", "value": "4"]]],
                ]
            ]
        ]
        #expect(
            merged(value, patch) == [
                "spec": [
                    "containers": [
                        [
                            "name": "a", "image": "i",
                            "env": [
                                ["name": "A", "value": "1"], ["name": "B", "value": "3"],
                                ["name": "C", "value": "4"],
                            ],
                        ],
                        ["name": "b"], ["name": "c"],
                    ]
                ]
            ])
    }

    @Test("ports, mounts and volumes merge by their own keys; tolerations are one list")
    func keys() {
        let value: JSON = [
            "spec": [
                "containers": [
                    [
                        "name": "a", "ports": [["containerPort": 80, "name": "x"]],
                        "volumeMounts": [["mountPath": "/a", "name": "v"]],
                    ]
                ],
                "volumes": [["name": "v", "emptyDir": [:]]], "tolerations": [["key": "a"]],
            ]
        ]
        let patch: JSON = [
            "spec": [
                "containers": [
                    [
                        "name": "a",
                        "ports": [["containerPort": 80, "protocol": "TCP"], ["containerPort": 81]],
                        "volumeMounts": [["mountPath": "/a", "readOnly": true]],
                    ]
                ],
                "volumes": [["name": "w"]], "tolerations": [["key": "b"]],
            ]
        ]
        #expect(
            merged(value, patch) == [
                "spec": [
                    "containers": [
                        [
                            "name": "a",
                            "ports": [
                                ["containerPort": 80, "name": "x", "protocol": "TCP"], ["containerPort": 81],
                            ],
                            "volumeMounts": [["mountPath": "/a", "name": "v", "readOnly": true]],
                        ]
                    ],
                    "volumes": [["name": "v", "emptyDir": [:]], ["name": "w"]], "tolerations": [["key": "b"]],
                ]
            ])
    }

    @Test("null and $patch remove")
    func removes() {
        let value: JSON = ["spec": ["nodeName": "x", "containers": [["name": "a"], ["name": "b"]]]]
        let patch: JSON = ["spec": ["nodeName": .null, "containers": [["name": "a", "$patch": "delete"]]]]
        #expect(merged(value, patch) == ["spec": ["containers": [["name": "b"]]]])
        #expect(
            merged(value, ["spec": ["containers": [["$patch": "replace"], ["name": "c"]]]])
                == ["spec": ["nodeName": "x", "containers": [["name": "c"]]]])
    }

    @Test("conditions merge by type, finalizers as a set")
    func status() {
        let value: JSON = [
            "metadata": ["finalizers": ["a"]], "status": ["conditions": [["type": "A", "status": "True"]]],
        ]
        let patch: JSON = [
            "metadata": ["finalizers": ["a", "b"]],
            "status": ["conditions": [["type": "B", "status": "True"], ["type": "A", "status": "False"]]],
        ]
        #expect(
            merged(value, patch) == [
                "metadata": ["finalizers": ["a", "b"]],
                "status": [
                    "conditions": [["type": "A", "status": "False"], ["type": "B", "status": "True"]]
                ],
            ])
    }

    @Test("the rules of a spec are those of a pod, one floor down")
    func specs() {
        let patch: JSON = ["containers": [["name": "a", "image": "j"]]]
        let value: JSON = ["containers": [["name": "a", "command": ["c"]]]]
        #expect(
            StrategicMergePatch(rules: .podSpec).applied(patch, to: value)
                == ["containers": [["name": "a", "command": ["c"], "image": "j"]]])
    }
}
