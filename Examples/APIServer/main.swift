// An API server in the process, as the tests of a controller have it: nothing runs but the server, on a port of this machine.
//
//     swift run example-api-server

import GanglionAPI
import JSON
import KubernetesAPI
import KubernetesClient
import LocalAPIServer

let server = try await EmbeddedAPIServer.start()
try await server.install(GanglionAPI.definitions.map { try YAMLReader.read($0) })
let client = server.client(program: "example-api-server")

let written = try await client.create(Namespace(ObjectMetadata(name: "demo")))
print("created namespace \(written.metadata.name), resource version \(written.metadata.resourceVersion)")

// What a real API server refuses, this one refuses, in the same words.
let refused: JSON = [
    "apiVersion": "ganglion.dev/v1alpha1", "kind": "ModelServer",
    "metadata": ["name": "minilm", "namespace": "demo"],
    "spec": [
        "neuron": ["cores": 3, "tensorParallelDegree": 2],
        "models": [["name": "minilm", "uri": "file:///models/all-MiniLM-L6-v2"]],
    ],
]
do {
    _ = try await client.create(.modelServers, refused)
} catch {
    print("refused: \(error)")
}
await server.stop()
