// Kubelets of one machine share its loopback addresses, be they of one cluster or of several: each takes a network of its own,
// and the same one again when it is started again, since its pods run on.

internal import SystemIO

/// The addresses 127.88.NUMBER.1 to 127.88.NUMBER.254.
struct PodNetwork: Sendable {
    /// The third number of the addresses.
    let number: UInt8
    /// What has to be said of it; nil where nothing has.
    let note: String?
    private let claim: NameClaim?

    private static let fileName = "pod-network"
    private static func name(_ number: UInt8) -> String { "ganglion-pod-network-\(number)" }

    /// A network that somebody else has chosen.
    init(_ number: UInt8) { self.init(number, claim: nil, note: nil) }

    private init(_ number: UInt8, claim: NameClaim?, note: String?) {
        self.number = number
        self.claim = claim
        self.note = note
    }

    /// As it is written.
    var range: String { "127.88.\(number).0/24" }

    /// The network that the last kubelet of this root had, or one that nobody has.
    ///
    /// - Throws: `SystemError` where all are taken.
    static func claim(root: String) throws(SystemError) -> PodNetwork {
        let file = root + "/" + fileName
        let last = (try? Files.readText(file, limit: 16)).flatMap { UInt8($0) }
        if let last, let claim = try NameClaim(name(last)) {
            return PodNetwork(last, claim: claim, note: nil)
        }
        for number in UInt8.min...UInt8.max {
            guard let claim = try NameClaim(name(number)) else { continue }
            try Files.writeAtomically(file, Array("\(number)".utf8))
            let note = last.map {
                "another kubelet has taken 127.88.\($0).0/24: pods that run keep their addresses, new ones get others"
            }
            return PodNetwork(number, claim: claim, note: note)
        }
        throw SystemError(
            "take a network for pods", "127.88.0.0/16", code: 0,
            hint: "256 kubelets of this machine have one each: stop some of them")
    }

    func release() { claim?.release() }
}
