import GRPC
import Glibc
import KubeletAPI
import Neuron
import Observability
import Placement
import SystemIO
import Testing

@testable import DevicePlugin

@Suite("The guard between two resources")
struct CoreGuardTests {
    @Test("gives no core twice, and a resource its own again")
    func claims() throws {
        var books = CoreGuard()
        try books.claim([2, 3], for: "core")
        #expect(books.heldByOthers(than: "chip") == [2, 3])
        #expect(books.heldByOthers(than: "core") == [])
        #expect(throws: AllocationError.heldAs("core", [3])) { try books.claim([3, 4], for: "chip") }
        #expect(books.heldByOthers(than: "core") == [], "a claim that is refused changes nothing")
        try books.claim([2, 3], for: "core")
        try books.claim([4, 5], for: "chip")
        #expect(
            AllocationError.heldAs("aws.amazon.com/neuroncore", [3]).description
                == "cores 3 are given out as aws.amazon.com/neuroncore: create the pod again, the kubelet knows by now"
        )
    }

    @Test("frees a core when the kubelet's account has lacked it for a while")
    func release() throws {
        var books = CoreGuard()
        #expect(!books.isKnown)
        try books.claim([0, 1], for: "core")
        books.receive(["core": [0, 1]], isFirst: true, now: .seconds(1))
        #expect(books.isKnown && !books.isSettling)
        books.receive(["core": []], isFirst: false, now: .seconds(10))
        books.receive(["core": []], isFirst: false, now: .seconds(24))
        #expect(books.isSettling && books.heldByOthers(than: "chip") == [0, 1])
        books.receive(["core": [1]], isFirst: false, now: .seconds(25))
        #expect(books.heldByOthers(than: "chip") == [1])
        books.receive(["core": []], isFirst: false, now: .seconds(30))
        books.receive(["core": []], isFirst: false, now: .seconds(45))
        #expect(books == .init(afterHearing: ["core": []]))
    }

    @Test("believes no kubelet that has just started and lists nothing yet")
    func kubeletRestart() throws {
        var books = CoreGuard()
        books.receive(["core": [0]], isFirst: true, now: .zero)
        books.receive([:], isFirst: true, now: .seconds(60))
        books.receive([:], isFirst: false, now: .seconds(74))
        #expect(books.heldByOthers(than: "chip") == [0])
        books.receive([:], isFirst: true, now: .seconds(80))
        books.receive([:], isFirst: false, now: .seconds(90))
        #expect(books.heldByOthers(than: "chip") == [0])
        books.receive([:], isFirst: false, now: .seconds(95))
        #expect(books.heldByOthers(than: "chip") == [])
    }

    @Test("never gives a core twice, whatever comes in which order", arguments: 0..<50)
    func random(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var books = CoreGuard()
        var holders: [Int: String] = [:]
        books.receive([:], isFirst: true, now: .zero)
        for step in 1...400 {
            let resource = Bool.random(using: &random) ? "core" : "chip"
            let chip = Int.random(in: 0..<4, using: &random)
            let cores: CoreSet = resource == "chip" ? [2 * chip, 2 * chip + 1] : [2 * chip]
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                // The kubelet guards a resource against itself.
                guard cores.allSatisfy({ holders[$0] != resource }) else { continue }
                guard (try? books.claim(cores, for: resource)) != nil else { continue }
                for core in cores {
                    #expect(holders[core] == nil, "core \(core) was given twice")
                    holders[core] = resource
                }
            case 1: holders = holders.filter { _ in Bool.random(using: &random) }
            default:
                var listed: [String: CoreSet] = [:]
                for (core, holder) in holders { listed[holder, default: []].insert(core) }
                books.receive(
                    listed, isFirst: Int.random(in: 0..<20, using: &random) == 0, now: .seconds(step))
            }
        }
    }
}

extension CoreGuard {
    /// One that has heard this account and nothing else.
    fileprivate init(afterHearing listed: [String: CoreSet]) {
        self.init()
        receive(["core": [0]], isFirst: true, now: .zero)
        receive(listed, isFirst: false, now: .zero)
        receive(listed, isFirst: false, now: Self.release)
    }
}

@Suite("Cores and chips as two resources of one node", .timeLimit(.minutes(10)))
struct BothResourcesTests {
    static let chips = "aws.amazon.com/neuron"

    @Test("are advertised when the kubelet has said what is taken, and mask each other")
    func masks() async throws {
        let node = try Node(both: true)
        try await node.kubelet.start()
        let plugin = node.plugin()
        try await plugin.start()
        #expect(await node.kubelet.state.registrations == 0, "who holds what is not known yet")
        await node.kubelet.setPods([(Self.chips, ["5"])])
        try await node.kubelet.servePodResources()
        await node.kubelet.wait {
            $0.resources[Self.chips]?.allocatable == 6 && $0.resources[Node.resource]?.allocatable == 10
        }
        let cores = try await node.kubelet.client(Node.resource)
        let chips = try await node.kubelet.client(Self.chips)
        _ = try await cores.allocate(.init(containerRequests: [.init(deviceIDs: ["0"])]))
        let masked = await node.kubelet.wait { $0.resources[Self.chips]?.allocatable == 5 }
        #expect(masked.resources[Self.chips]?.devices.first { $0.health != "Healthy" }?.id == "0")
        #expect(masked.resources[Node.resource]?.allocatable == 10, "its own cores stay as they are")
        await #expect(
            throws: GRPCStatus(
                .invalidArgument,
                "cores 0 are given out as aws.amazon.com/neuroncore: create the pod again, the kubelet knows by now"
            )
        ) { try await chips.allocate(.init(containerRequests: [.init(deviceIDs: ["0"])])) }
        _ = try await chips.allocate(.init(containerRequests: [.init(deviceIDs: ["1"])]))
        await node.kubelet.wait { $0.resources[Node.resource]?.allocatable == 8 }
        await plugin.stop()
        await node.kubelet.close()
    }

    @Test("are known again after a restart of the plugin before anything is given")
    func restart() async throws {
        let node = try Node(both: true)
        try await node.kubelet.start()
        await node.kubelet.setPods([(Node.resource, ["0", "1", "2"]), (Self.chips, ["4"])])
        try await node.kubelet.servePodResources()
        for _ in 0..<2 {
            let plugin = node.plugin()
            try await plugin.start()
            let state = await node.kubelet.wait {
                $0.resources[Self.chips]?.allocatable == 4 && $0.resources[Node.resource]?.allocatable == 10
            }
            #expect(state.resources[Self.chips]?.lists ?? 0 > 0)
            await plugin.stop()
            await node.kubelet.wait { $0.allocatable == 0 }
        }
        await node.kubelet.close()
    }

    @Test("what the agent calls stopped holds nothing, for as long as the agent is there")
    func stoppedPods() async throws {
        let node = try Node(agentSocket: true, both: true)
        try await node.kubelet.start()
        let plugin = node.plugin()
        try await plugin.start()
        let socket = try #require(node.settings.agentSocket)
        let agent = NodePluginClient(try await GRPCClient.connect(to: .unix(socket)))
        var states = try await agent.watchState().makeAsyncIterator()
        _ = try await states.next()
        _ = try await agent.setAssignments(
            .init(stoppedPods: [.init(namespace: "default", name: "pod-0"), .init(name: "pod-1")]))
        // A kubelet before 1.34 lists both, the first has ended long ago.
        await node.kubelet.setPods([(Self.chips, ["5"]), (Node.resource, ["0", "1"])])
        try await node.kubelet.servePodResources()
        await node.kubelet.wait {
            $0.resources[Node.resource]?.allocatable == 12 && $0.resources[Self.chips]?.allocatable == 5
        }
        await agent.connection.close()
        await node.kubelet.wait { $0.resources[Node.resource]?.allocatable == 10 }
        await plugin.stop()
        await node.kubelet.close()
    }
}
