// A whole controller: writes beside each ModelServer on which nodes its pods run, and keeps that true.
//
//     KUBECONFIG=~/.kube/config swift run example-controller
//     kubectl get modelservers -o custom-columns='NAME:.metadata.name,NODES:.metadata.annotations.example\.dev/nodes'

import Controller
import GanglionAPI
import KubernetesAPI
import KubernetesClient
import Observability
import SystemIO

let annotation = "example.dev/nodes"
let log = Logger()
let client = try await KubernetesClient.make(try ClientConfiguration.load(), program: "example-controller")

// Copies of what is wanted and of what is, kept true through outages and closed connections.
let servers = Informer<ModelServer>(client, log: log)
let pods = Informer<Pod>(client, log: log)

// Told a key and not a change, it reads what there is and writes what is missing. A second call finds nothing to do.
let controller = Controller<ObjectKey>(named: "nodes-of-servers", workers: 2, log: log) {
    [servers, pods, client, annotation] key in
    // A server that is gone took its annotation with it.
    guard let server = servers.store[key], !server.metadata.isTerminating else { return .done }
    let own = pods.store.list(namespace: key.namespace).filter { $0.owner(of: ModelServer.resource) == key }
    let nodes = Set(own.compactMap(\.spec.nodeName)).sorted().joined(separator: ",")
    guard server.metadata.annotations[annotation] != nodes else { return .done }
    // Server-side apply: this annotation is ours, everything else stays as it is.
    let metadata = ObjectMetadata(
        name: key.name, namespace: key.namespace, annotations: [annotation: nodes])
    try await client.apply(ModelServer(metadata: metadata), manager: "example-controller")
    log.info("annotated", ["server": key.description, "nodes": nodes])
    // What throws is tried again after a pause that grows; time alone brings nothing new here.
    return .done
}
// The servers themselves, and those whose pods have changed.
.for(servers)
.owns(pods, by: ModelServer.resource)

let manager = ControllerManager(log: log)
manager.add(controller)

// Starts the copies, waits until they are whole, and works until Ctrl-C.
let signals = try SignalWatcher()
Task {
    _ = await signals.first()
    await manager.stop()
}
_ = await manager.run()
