import DevicePlugin
import Testing

/// A kubelet of version 1.36 as far as registration goes, with its fault: when a stream ends it looks the plugin up by
/// name, some time later, and disconnects whatever it finds. Of two plugins for one name it uses the one that came last.
struct SimulatedKubelet {
    /// kubelet.sock; nil while there is none. It outlives the process that made it.
    var socket: Int?
    var isRunning = false
    var starts = 0
    /// Open streams of this process; the books have the newest.
    var streams: Set<Int> = []
    /// Ends that it has not worked through.
    var lateEnds = 0
    /// Another plugin has registered, and the kubelet uses it.
    var usesRival = false
    /// Whether it lists devices of ours.
    var listsOurs = false

    /// A new process: nothing is left of what the old one knew.
    mutating func start() {
        starts += 1
        self = SimulatedKubelet(socket: starts, isRunning: true, starts: starts)
    }

    /// Another plugin of the name registers; our stream stays open.
    mutating func takeRival() {
        guard isRunning else { return }
        usesRival = true
        listsOurs = false
    }

    /// It ends: nothing is listed any more, and whoever has an open stream is not told.
    mutating func loseRival() {
        guard usesRival else { return }
        usesRival = false
        listsOurs = false
    }

    /// What somebody who asks is told.
    func claimant(isAlive: Bool) -> Machine.Claimant {
        guard isRunning else { return isAlive ? .another : .unknown }
        return isAlive ? .another : usesRival || listsOurs ? .somebody : .nobody
    }

    /// All streams end; gives them.
    mutating func endStreams() -> [Int] {
        defer {
            streams = []
            listsOurs = false
        }
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
        var asked = false
        // A rival as a process; it may be there and known to no kubelet.
        var rivalIsAlive = false

        func perform(_ actions: [Machine.Action]) {
            for action in actions {
                switch action {
                case .serve:
                    #expect(!serving && kubelet.streams.isEmpty && !closing)
                    serving = true
                    ownInPlace = true
                    pending.append(.served)
                case .ask: asked = true
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
            switch Int.random(in: 0..<(calm ? 7 : 14), using: &random) {
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
                kubelet.usesRival = false
                kubelet.listsOurs = true
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
            case 6 where asked:
                asked = false
                pending.append(.answered(kubelet.claimant(isAlive: rivalIsAlive)))
            case 7:  // the kubelet dies; its socket stays
                pending += kubelet.endStreams().map { .streamEnded($0) }
                kubelet.isRunning = false
                kubelet.lateEnds = 0
            case 8:  // a new kubelet wipes the sockets and makes its own
                pending += kubelet.endStreams().map { .streamEnded($0) }
                ownInPlace = false
                kubelet.start()
            case 9: kubelet.socket = nil
            case 10: ownInPlace = false
            case 11:  // the kubelet drops us
                pending += kubelet.endStreams().map { .streamEnded($0) }
            case 12:
                rivalIsAlive = true
                kubelet.takeRival()
                pending.append(.othersChanged)
            case 13:
                rivalIsAlive = false
                kubelet.loseRival()
                if Bool.random(using: &random) { pending.append(.othersChanged) }
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
            // A rival that stays is left alone, whatever else there is to do: nothing is registered over it.
            if rivalIsAlive, Bool.random(using: &random) {
                for _ in 0..<300 { step(calm: true) }
                let last = nextStream
                for _ in 0..<1_000 { step(calm: true) }
                #expect(nextStream == last, "registered while another plugin has the resource")
                #expect(machine.phase == .yielding)
            }
            rivalIsAlive = false
            kubelet.loseRival()
            for _ in 0..<4_000 { step(calm: true) }
            #expect(kubelet.listsOurs)
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
