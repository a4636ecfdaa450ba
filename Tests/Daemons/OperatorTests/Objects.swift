// Objects for tests, as short as they can be.

import GanglionAPI
import JSON
import KubernetesClient
import Neuron
import Scheduling
import SchedulingTestSupport

@testable import Operator

extension ModelServerPlan {
    /// The status as it is written.
    var written: JSON { (try? JSON(encoding: status)) ?? .null }
}

/// Whether `observed` has everything that `desired` says, whatever else is there.
func covers(_ observed: JSON, _ desired: JSON) -> Bool {
    switch (observed, desired) {
    case (.object(let observed), .object(let desired)):
        return desired.allSatisfy { key, value in observed[key].map { covers($0, value) } ?? false }
    case (.array(let observed), .array(let desired)):
        return observed.count == desired.count && zip(observed, desired).allSatisfy { covers($0, $1) }
    default:
        return observed == desired
    }
}

extension Make {
    /// What pods get in these tests.
    static func defaults(image: String = "image") -> ServingDefaults {
        var defaults = ServingDefaults()
        defaults.image = image
        return defaults
    }

    static func server(_ name: String = "m", uid: String = "server-uid", spec: JSON) -> JSON {
        [
            "apiVersion": "ganglion.dev/v1alpha1", "kind": "ModelServer",
            "metadata": ["name": .string(name), "namespace": "n", "uid": .string(uid), "generation": 1],
            "spec": spec,
        ]
    }

    static func spec(replicas: Int = 1, cores: Int = 4, degree: Int? = nil) -> JSON {
        var neuron: JSON = ["cores": JSON(cores)]
        if let degree { neuron["tensorParallelDegree"] = JSON(degree) }
        return [
            "replicas": JSON(replicas), "neuron": neuron,
            "models": [["name": "mini", "uri": "file:///models/mini"]],
        ]
    }
}
