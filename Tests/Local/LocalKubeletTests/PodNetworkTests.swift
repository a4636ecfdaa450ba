import SystemIO
import TestSupport
import Testing

@testable import LocalKubelet

@Suite("The addresses of a kubelet's pods")
struct PodNetworkTests {
    @Test("are nobody else's on this machine, and the same again after a restart")
    func claims() throws {
        let (one, other) = (Scratch.path(), Scratch.path())
        for root in [one, other] { try Files.makeDirectory(root) }
        let first = try PodNetwork.claim(root: one)
        let second = try PodNetwork.claim(root: other)
        #expect(first.number != second.number)
        #expect(first.range == "127.88.\(first.number).0/24")
        // While a kubelet is away its pods run on.
        second.release()
        let again = try PodNetwork.claim(root: other)
        #expect(again.number == second.number && again.note == nil)
        again.release()
        // Somebody else has come in between.
        try Files.write(other + "/pod-network", Array("\(first.number)".utf8))
        let moved = try PodNetwork.claim(root: other)
        #expect(moved.number != first.number)
        #expect(moved.note?.contains("another kubelet has taken \(first.range)") == true)
        #expect(try Files.readText(other + "/pod-network") == "\(moved.number)")
        first.release()
        moved.release()
        for root in [one, other] { try Files.removeTree(root) }
    }

    @Test("are those that were asked for")
    func given() { #expect(PodNetwork(11).number == 11) }
}
