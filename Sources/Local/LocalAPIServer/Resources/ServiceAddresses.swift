// The addresses that services get: loopback addresses, which Linux lets anyone listen on.

internal import APIMachinery
internal import JSON

/// Cluster addresses of services: 127.96.0.0/16 or another network of its size, loopback addresses nobody else uses.
struct ServiceAddresses {
    /// Its first two numbers and a dot, `127.96.`.
    let prefix: String
    private var next = 2

    /// - Parameter network: the second number of the addresses.
    init(network: UInt8) { prefix = "127.\(network)." }

    /// Sets spec.clusterIP where the service wants one.
    mutating func assign(_ service: inout JSON, taken: Set<String>) throws(APIError) {
        guard ["ClusterIP", "NodePort", "LoadBalancer"].contains(service.spec?.type?.string ?? "") else {
            return
        }
        if let wanted = service.spec?.clusterIP?.string, !wanted.isEmpty {
            if wanted != "None", taken.contains(wanted) || !wanted.hasPrefix(prefix) {
                throw .invalid(
                    group: "", kind: "Service", name: service.metadata?.name?.string ?? "",
                    [
                        .invalid(
                            "spec.clusterIPs", .array([.string(wanted)]),
                            taken.contains(wanted)
                                ? "failed to allocate IP \(wanted): provided IP is already allocated"
                                : "failed to allocate IP \(wanted): the provided network does not match the current"
                                    + " range \(prefix)0.0/16")
                    ])
            }
            service.spec?.clusterIPs = .array([.string(wanted)])
            return
        }
        for _ in 0..<65_000 {
            next = next % 65_000 + 1
            let address = "\(prefix)\(next / 256).\(next % 256)"
            if next % 256 == 0 || next % 256 == 255 || taken.contains(address) { continue }
            service.spec?.clusterIP = .string(address)
            service.spec?.clusterIPs = .array([.string(address)])
            return
        }
        throw .internalError("no cluster IP is left in \(prefix)0.0/16")
    }
}
