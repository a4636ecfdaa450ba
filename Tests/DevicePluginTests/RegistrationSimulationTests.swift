import DevicePlugin
import Testing

/// A kubelet of version 1.36 as far as registration goes, with its fault: when a stream ends it looks the plugin up by
/// name, some time later, and disconnects whatever it finds.
struct SimulatedKubelet {
    /// kubelet.sock; nil while there is none. It outlives the process that made it.
    var socket: Int?
    var isRunning = false
    var starts = 0
    /// Open streams of this process; the books have the newest.
    var streams: Set<Int> = []
    /// Ends that it has not worked through.
    var lateEnds = 0

    /// A new process: nothing is left of what the old one knew.
    mutating func start() {
        starts += 1
        self = SimulatedKubelet(socket: starts, isRunning: true, starts: starts)
    }

    /// All streams end; gives them.
    mutating func endStreams() -> [Int] {
        defer { streams = [] }
        if isRunning { lateEnds += streams.count }
        return streams.sorted()
    }

    /// Works through one end. True when it took a newer registration with it.
    mutating func finishEnd() -> Bool {
        guard lateEnds > 0 else { return false }
        lateEnds -= 1
        return !streams.isEmpty
    }
}

@Suite("Registration against a simulated kubelet and every order of events")
struct RegistrationSimulationTests {
    @Test(
        "never registers over an open stream, and is registered again whenever things calm down",
        arguments: 0..<200)
    func random(seed: UInt64) {
        var random = SplitMix(state: seed)
        var kubelet = SimulatedKubelet()
        var machine = Machine(random: { 0.5 })
        var serving = false
        var ownInPlace = false
        var closing = false
        var registering = false
        var timer = false
        var nextStream = 1
        var pending: [Machine.Event] = []

        func perform(_ actions: [Machine.Action]) {
            for action in actions {
                switch action {
                case .serve:
                    #expect(!serving && kubelet.streams.isEmpty && !closing)
                    serving = true
                    ownInPlace = true
                    pending.append(.served)
                case .register:
                    #expect(serving && !closing && !registering)
                    #expect(kubelet.streams.isEmpty, "Register while a stream is open")
                    registering = true
                case .close:
                    #expect(serving && !closing)
                    closing = true
                    registering = false
                case .wait: timer = true
                case .cancelWait: timer = false
                }
            }
        }

        func step(calm: Bool) {
            switch Int.random(in: 0..<(calm ? 6 : 11), using: &random) {
            case 0 where !pending.isEmpty:
                perform(machine.receive(pending.removeFirst()))
            case 1:
                perform(machine.receive(.observed(kubelet: kubelet.socket, ownInPlace: ownInPlace)))
            case 2 where registering:
                registering = false
                guard kubelet.isRunning, kubelet.socket != nil, ownInPlace else {
                    pending.append(.registerFailed)
                    return
                }
                let stream = nextStream
                nextStream += 1
                kubelet.streams.insert(stream)
                // The stream and the answer come in either order.
                pending +=
                    Bool.random(using: &random)
                    ? [.registerAccepted, .streamOpened(stream)] : [.streamOpened(stream), .registerAccepted]
            case 3 where closing:
                pending += kubelet.endStreams().map { .streamEnded($0) } + [.closed]
                serving = false
                ownInPlace = false
                closing = false
            // The pause is longer than an end takes.
            case 4 where timer && pending.isEmpty && kubelet.lateEnds == 0:
                timer = false
                perform(machine.receive(.timer))
            case 5:
                let tookNew = kubelet.finishEnd()
                #expect(!tookNew, "an old stream's end took a new registration with it")
            case 6:  // the kubelet dies; its socket stays
                pending += kubelet.endStreams().map { .streamEnded($0) }
                kubelet.isRunning = false
                kubelet.lateEnds = 0
            case 7:  // a new kubelet wipes the sockets and makes its own
                pending += kubelet.endStreams().map { .streamEnded($0) }
                ownInPlace = false
                kubelet.start()
            case 8: kubelet.socket = nil
            case 9: ownInPlace = false
            case 10:  // the kubelet drops us
                pending += kubelet.endStreams().map { .streamEnded($0) }
            default: break
            }
        }

        perform(machine.receive(.start(afterPredecessor: false)))
        for _ in 0..<5 {
            for _ in 0..<200 { step(calm: false) }
            if kubelet.socket == nil || !kubelet.isRunning {
                pending += kubelet.endStreams().map { .streamEnded($0) }
                ownInPlace = false
                kubelet.start()
            }
            for _ in 0..<2_000 { step(calm: true) }
            #expect(machine.phase == .registered)
            #expect(kubelet.streams.count == 1)
        }
    }
}

/// A small seeded generator: the same order in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
