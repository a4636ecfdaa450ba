import Placement
import Testing

@Suite("Choice of a node")
struct NodeChoiceTests {
    private func node(_ name: String, _ topology: CoreTopology, free: CoreSet? = nil) -> NodeCandidate {
        NodeCandidate(name: name, topology: topology, free: free ?? topology.allCores)
    }

    @Test("prefers the node whose chip is broken already")
    func brokenChip() throws {
        let nodes = [
            node("a", Shape.inf2Ring),
            node("b", Shape.inf2Ring, free: Shape.inf2Ring.allCores.subtracting([6])),
        ]
        #expect(try chooseNode(among: nodes, size: 1) == chooseNode(among: nodes.reversed(), size: 1))
        let choice = try chooseNode(among: nodes, size: 1)
        #expect(choice.node == "b")
        #expect(choice.cores == [7])
    }

    @Test("prefers the fuller node, so that the empty one stays whole")
    func fuller() throws {
        let nodes = [node("a", Shape.inf2Ring), node("b", Shape.inf2Ring, free: CoreSet(12..<24))]
        let choice = try chooseNode(among: nodes, size: 4)
        #expect(choice.node == "b")
        #expect(choice.cores == [12, 13, 14, 15])
    }

    @Test("prefers a small node to breaking up a large one")
    func small() throws {
        let nodes = [node("large", Shape.trn1), node("small", Shape.line(1))]
        #expect(try chooseNode(among: nodes, size: 2).node == "small")
    }

    @Test("takes the first name of equals")
    func names() throws {
        let nodes = ["c", "a", "b"].map { node($0, Shape.inf2Line) }
        #expect(try chooseNode(among: nodes, size: 2).node == "a")
    }

    @Test("never gives a Trainium group that the runtime refuses")
    func aligned() throws {
        let nodes = [
            node("a", Shape.trn1, free: CoreSet(2..<14)), node("b", Shape.trn1, free: CoreSet(24..<32)),
        ]
        #expect(try chooseNode(among: nodes, size: 8).cores == Array(24..<32))
    }

    @Test("says for each node why nothing fits")
    func refusals() {
        let nodes = [
            node("d", Shape.trn1), node("c", Shape.line(1)), node("b", Shape.inf2Ring, free: [0, 1, 2]),
            node("a", Shape.inf2Ring, free: [0, 1, 2, 6, 7, 10, 11]),
        ]
        let error = #expect(throws: NoPlacement.self) { try chooseNode(among: nodes, size: 6) }
        #expect(
            error?.refusals.map(\.reason) == [
                .noneContiguous(free: 7, largestFreeGroup: 3), .tooFewFree(free: 3), .nodeTooSmall(cores: 2),
                .countNotAllowed(valid: [1, 2, 8, 16, 32]),
            ])
        #expect(
            error?.description
                == "0/4 nodes can hold a group of 6 NeuronCores: a has 7 free cores, but the largest free group is 3; "
                + "b has only 3 free cores; c has only 2 cores; d takes groups of 1, 2, 8, 16 or 32 cores only"
        )
    }

    @Test("draws nodes with one reason together")
    func together() {
        let nodes = ["a", "b"].map { node($0, Shape.inf2Line, free: [3]) }
        let error = #expect(throws: NoPlacement.self) { try chooseNode(among: nodes, size: 2) }
        #expect(
            error?.description
                == "0/2 nodes can hold a group of 2 NeuronCores: 2 nodes: each has only 1 free cores")
    }

    @Test("says so when there is no node, and refuses nonsense")
    func none() {
        let error = #expect(throws: NoPlacement.self) { try chooseNode(among: [], size: 2) }
        #expect(error?.description == "no node has NeuronCores: 2 asked for")
        #expect(throws: NoPlacement.self) { try chooseNode(among: [node("a", Shape.trn1)], size: 0) }
    }
}

@Suite("What the runtime can use")
struct RuntimeUsabilityTests {
    @Test(
        "is a valid group of consecutive cores",
        arguments: [
            (Shape.inf2Ring, CoreSet(3..<8)), (Shape.inf2Ring, CoreSet([23])), (Shape.trn1, CoreSet([4])),
            (Shape.trn1, CoreSet([4, 5])),
            (Shape.trn1, CoreSet(8..<16)), (Shape.trn2, CoreSet(13..<16)), (Shape.trn2, CoreSet(32..<64)),
            (Shape.trn2LNC1, CoreSet(0..<128)),
        ] as [(CoreTopology, CoreSet)])
    func usable(topology: CoreTopology, cores: CoreSet) throws {
        try topology.checkUsable(cores)
        #expect(topology.isUsableByRuntime(cores))
    }

    @Test(
        "is not anything else, and the reason is named",
        arguments: [
            (Shape.inf2Ring, [], .empty), (Shape.inf2Ring, [24], .noSuchCore(24, coreCount: 24)),
            (Shape.inf2Ring, [0, 1, 22, 23], .notConsecutive([0, 1, 22, 23], missing: 2)),
            (Shape.trn1, CoreSet(0..<6), .countNotAllowed(6, valid: [1, 2, 8, 16, 32])),
            (Shape.trn1, CoreSet(2..<10), .notAligned(CoreSet(2..<10))),
            (Shape.trn1, [1, 2], .notAligned([1, 2])),
        ] as [(CoreTopology, CoreSet, UnusableGroup)])
    func unusable(topology: CoreTopology, cores: CoreSet, why: UnusableGroup) {
        #expect(throws: why) { try topology.checkUsable(cores) }
        #expect(!topology.isUsableByRuntime(cores))
    }

    @Test("is refused in one sentence")
    func sentences() {
        #expect(
            UnusableGroup.notConsecutive([0, 1, 22, 23], missing: 2).description
                == "cores 0-1,22-23 are not consecutive (2 is missing): the runtime takes only runs without gaps"
        )
        #expect(
            UnusableGroup.countNotAllowed(6, valid: [1, 2, 3, 4, 16]).description
                == "6 cores are no valid group on this family: ask for 1-4 or 16")
    }

    @Test(
        "leaves a largest free group",
        arguments: [
            (Shape.inf2Ring, CoreSet(3..<11), 8), (Shape.inf2Ring, [], 0), (Shape.trn1, CoreSet(2..<16), 8),
            (Shape.trn1, CoreSet(2..<14), 2), (Shape.trn1, [1, 3], 1), (Shape.trn2, CoreSet(1..<4), 3),
            (Shape.trn1, Shape.trn1.allCores, 32),
        ] as [(CoreTopology, CoreSet, Int)])
    func largest(topology: CoreTopology, free: CoreSet, size: Int) {
        #expect(topology.largestFreeGroup(free) == size)
    }
}
