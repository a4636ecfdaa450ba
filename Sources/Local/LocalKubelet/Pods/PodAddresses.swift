// A pod's address is a loopback address of its own: 127.88.x.y needs no interface and no rights, and two pods
// can listen on the same port.

/// The addresses of one node's pods.
struct PodAddresses: Equatable, Sendable {
    /// The third number: one per node of this machine.
    var network: UInt8
    private var used: Set<String> = []
    private var next: UInt8 = 1

    init(network: UInt8) { self.network = network }

    /// An address that a pod has already.
    mutating func take(_ address: String) { used.insert(address) }

    /// A free address; nil when 254 pods have one.
    mutating func allocate() -> String? {
        for _ in 0..<254 {
            let address = "127.88.\(network).\(next)"
            next = next == 254 ? 1 : next + 1
            if used.insert(address).inserted { return address }
        }
        return nil
    }

    mutating func release(_ address: String) { used.remove(address) }
}
