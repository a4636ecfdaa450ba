// Follows the pods of a cluster and prints a line for each change, until Ctrl-C.
//
//     KUBECONFIG=~/.kube/config swift run example-watch-pods [NAMESPACE]

import KubernetesAPI
import KubernetesClient

let namespace = CommandLine.arguments.dropFirst().first ?? ""
let client = try await KubernetesClient.make(try ClientConfiguration.load(), program: "example-watch-pods")
let pods = Informer<Pod>(client, namespace: namespace)

await pods.start()
// The copy is whole from here on; it is kept true through outages, expired versions and closed connections.
await pods.store.synced()
print("\(pods.store.list().count) pods, \(pods.store.list().filter(\.isReady).count) of them ready")

for await changes in pods.store.changes() {
    for change in changes {
        let pod = change.object
        let node = pod.spec.nodeName ?? "no node"
        switch change {
        case .added: print("+ \(change.key) on \(node): \(pod.phase)")
        case .modified: print("~ \(change.key) on \(node): \(pod.phase)\(pod.isReady ? ", ready" : "")")
        case .deleted: print("- \(change.key)")
        }
    }
}
