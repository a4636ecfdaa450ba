// Ports of the node that pods take, and when two of them cannot be on one node: kube-scheduler's plugin NodePorts.

package import KubernetesAPI

/// A port of the node.
package struct HostPort: Hashable, Sendable {
    /// 1 to 65,535.
    package var number: Int
    /// `TCP`, `UDP` or `SCTP`.
    package var transport: String
    /// The node's address, `0.0.0.0` for all of them.
    package var address: String

    /// Those that a pod's containers and sidecars take. Of pods in the node's network, the API server makes each port one.
    package static func taken(by spec: PodSpec) -> [HostPort] {
        let containers = spec.containers + spec.initContainers.filter(\.isSidecar)
        return containers.flatMap(\.ports).compactMap { port in
            guard let number = port.hostPort, number > 0 else { return nil }
            return HostPort(
                number: number, transport: port.protocol ?? "TCP",
                address: port.hostIP.flatMap { $0.isEmpty ? nil : $0 } ?? "0.0.0.0")
        }
    }

    /// Whether both cannot be had at once (framework HostPortInfo.CheckConflict).
    package func collides(with other: HostPort) -> Bool {
        number == other.number && transport == other.transport
            && (address == other.address || address == "0.0.0.0" || other.address == "0.0.0.0")
    }
}
