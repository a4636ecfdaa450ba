import DevicePlugin
import Testing

typealias Machine = RegistrationMachine<Int>

/// A machine with middling jitter: pauses are exactly what they are said to be.
func machine() -> Machine { Machine(random: { 0.5 }) }

/// Feeds events; gives the actions of the last. Nobody else has the resource: RivalryTests has the others.
@discardableResult
func feed(_ machine: inout Machine, _ events: Machine.Event...) -> [Machine.Action] {
    var actions: [Machine.Action] = []
    for event in events {
        actions = machine.receive(event)
        if machine.phase == .asking, actions.last == .ask {
            actions.removeLast()
            actions += machine.receive(.answered(.nobody))
        }
    }
    return actions
}

/// A machine that is registered with kubelet 1 by stream 7.
func registered() -> Machine {
    var machine = machine()
    feed(
        &machine, .observed(kubelet: 1, ownInPlace: false), .start(afterPredecessor: false), .served,
        .registerAccepted,
        .streamOpened(7),
        .observed(kubelet: 1, ownInPlace: true))
    return machine
}

@Suite("Staying registered with the kubelet")
struct RegistrationMachineTests {
    @Test("serves before it registers, and takes the open stream for success")
    func start() {
        var machine = machine()
        #expect(feed(&machine, .observed(kubelet: 1, ownInPlace: false)) == [])
        #expect(feed(&machine, .start(afterPredecessor: false)) == [.serve])
        #expect(feed(&machine, .served) == [.register])
        #expect(feed(&machine, .registerAccepted) == [.wait(.seconds(5))])
        #expect(machine.phase == .accepted)
        #expect(feed(&machine, .streamOpened(1)) == [.wait(.seconds(10))])
        #expect(machine.phase == .registered)
    }

    @Test("the stream may open before Register is answered, and the answer may be lost")
    func earlyStream() {
        for answer in [Machine.Event.registerAccepted, .registerFailed] {
            var machine = machine()
            feed(
                &machine, .observed(kubelet: 1, ownInPlace: false), .start(afterPredecessor: false), .served,
                .streamOpened(1))
            #expect(machine.phase == .registered)
            #expect(feed(&machine, answer) == [])
            #expect(machine.phase == .registered)
        }
        var late = machine()
        feed(
            &late, .observed(kubelet: 1, ownInPlace: false), .start(afterPredecessor: false), .served,
            .registerFailed,
            .streamOpened(1))
        #expect(late.phase == .registered)
    }

    @Test("waits for a kubelet that is not there")
    func noKubelet() {
        var machine = machine()
        #expect(feed(&machine, .start(afterPredecessor: false)) == [])
        #expect(machine.phase == .waiting)
        #expect(feed(&machine, .observed(kubelet: nil, ownInPlace: false)) == [])
        #expect(feed(&machine, .observed(kubelet: 1, ownInPlace: false)) == [.serve])
    }

    @Test(
        "a predecessor that left its socket behind is given a pause, as its end has still to be worked through"
    )
    func predecessor() {
        var machine = machine()
        feed(&machine, .observed(kubelet: 1, ownInPlace: false))
        #expect(feed(&machine, .start(afterPredecessor: true)) == [.wait(.milliseconds(250))])
        #expect(machine.phase == .pausing)
        #expect(feed(&machine, .observed(kubelet: 2, ownInPlace: false)) == [])
        #expect(feed(&machine, .timer) == [.serve])
    }

    @Test("does nothing before there is something to advertise")
    func notStarted() {
        var machine = machine()
        let events: [Machine.Event] = [
            .observed(kubelet: 1, ownInPlace: false), .timer, .closed, .served, .streamOpened(1),
            .streamEnded(1),
        ]
        for event in events { #expect(feed(&machine, event) == []) }
        #expect(machine.phase == .idle)
    }

    @Test("a new kubelet is registered with after everything of the old one is closed, and a pause")
    func kubeletRestart() {
        var machine = registered()
        #expect(feed(&machine, .observed(kubelet: nil, ownInPlace: false)) == [])
        #expect(feed(&machine, .observed(kubelet: 2, ownInPlace: false)) == [.cancelWait, .close])
        #expect(feed(&machine, .streamEnded(7)) == [])
        #expect(feed(&machine, .closed) == [.wait(.milliseconds(250))])
        #expect(feed(&machine, .timer) == [.serve])
        #expect(feed(&machine, .served) == [.register])
    }

    @Test("the signals of a restart may come in any order")
    func restartOrders() {
        let signals: [Machine.Event] = [
            .streamEnded(7), .observed(kubelet: nil, ownInPlace: false),
            .observed(kubelet: 2, ownInPlace: false),
        ]
        for order in [[0, 1, 2], [1, 0, 2], [1, 2, 0], [0, 2, 1]] {
            var machine = registered()
            var closes = 0
            for index in order { closes += feed(&machine, signals[index]).filter { $0 == .close }.count }
            #expect(closes == 1)
            #expect(feed(&machine, .observed(kubelet: 2, ownInPlace: false)) == [])
            #expect(feed(&machine, .closed) == [.wait(.milliseconds(250))])
            #expect(feed(&machine, .timer) == [.serve])
        }
    }

    @Test("an ended stream is closed for good, and the same kubelet gets a pause: its books are kept by name")
    func streamEnds() {
        var machine = registered()
        #expect(feed(&machine, .streamEnded(7)) == [.cancelWait, .close])
        #expect(feed(&machine, .closed) == [.wait(.milliseconds(250))])
        #expect(feed(&machine, .timer) == [.serve])
        #expect(feed(&machine, .served) == [.register])
    }

    @Test("a new kubelet ends a back-off, but not the pause")
    func backOffEnds() {
        var machine = registered()
        for _ in 0..<3 {
            feed(
                &machine, .streamEnded(7), .closed, .timer, .timer, .served, .registerAccepted,
                .streamOpened(7))
        }
        feed(&machine, .streamEnded(7), .closed)
        #expect(feed(&machine, .observed(kubelet: 1, ownInPlace: false)) == [])
        #expect(machine.phase == .pausing)
        #expect(feed(&machine, .timer) == [.wait(.milliseconds(550))])
        #expect(machine.phase == .resting)
        #expect(feed(&machine, .observed(kubelet: 1, ownInPlace: false)) == [])
        #expect(feed(&machine, .observed(kubelet: 2, ownInPlace: false)) == [.cancelWait, .serve])
        #expect(machine.failures == 0)

        var pausing = registered()
        feed(&pausing, .streamEnded(7), .closed)
        #expect(feed(&pausing, .observed(kubelet: 2, ownInPlace: false)) == [])
        #expect(feed(&pausing, .timer) == [.serve])
    }

    @Test("streams of others are not the kubelet's")
    func otherStreams() {
        var machine = registered()
        #expect(feed(&machine, .streamOpened(8)) == [])
        #expect(feed(&machine, .streamEnded(8)) == [])
        #expect(machine.phase == .registered)
    }

    @Test("our socket is made again when somebody has removed it")
    func ownSocket() {
        var machine = registered()
        #expect(feed(&machine, .observed(kubelet: 1, ownInPlace: false)) == [.cancelWait, .close])
        #expect(feed(&machine, .closed) == [.wait(.milliseconds(250))])
        #expect(feed(&machine, .timer) == [.serve])
    }

    @Test("refusals are repeated with growing pauses, up to the longest")
    func backOff() {
        var machine = machine()
        feed(&machine, .observed(kubelet: 1, ownInPlace: false), .start(afterPredecessor: false), .served)
        var pauses: [Duration] = []
        for _ in 0..<12 {
            if case .wait(let pause)? = feed(&machine, .registerFailed).first { pauses.append(pause) }
            #expect(feed(&machine, .timer) == [.register])
        }
        let milliseconds = [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000, 30_000]
        #expect(pauses.map { Int(($0 / .milliseconds(1)).rounded()) } == milliseconds)
    }

    @Test("jitter moves a pause by a fifth at most", arguments: [(0.0, 80), (1.0, 120)])
    func jitter(random: Double, milliseconds: Int) {
        var machine = Machine(random: { random })
        let actions = feed(
            &machine, .observed(kubelet: 1, ownInPlace: false), .start(afterPredecessor: false), .served,
            .registerFailed)
        guard case .wait(let pause)? = actions.first else {
            Issue.record("no pause")
            return
        }
        #expect(abs((pause / .milliseconds(1)) - Double(milliseconds)) < 0.001)
    }

    @Test("a kubelet that accepts and never opens the stream is tried again")
    func noStream() {
        var machine = machine()
        feed(
            &machine, .observed(kubelet: 1, ownInPlace: false), .start(afterPredecessor: false), .served,
            .registerAccepted)
        #expect(feed(&machine, .timer) == [.close])
        #expect(feed(&machine, .closed) == [.wait(.milliseconds(250))])
        #expect(machine.failures == 1)
    }

    @Test("a kubelet that drops every stream at once is tried with growing pauses, until one holds")
    func flapping() {
        var machine = registered()
        for rest in [0, 0, 150, 550, 1_350] {
            feed(&machine, .streamEnded(7))
            #expect(feed(&machine, .closed) == [.wait(.milliseconds(250))])
            let actions = feed(&machine, .timer)
            if rest > 0 {
                #expect(actions == [.wait(.milliseconds(rest))])
                #expect(feed(&machine, .timer) == [.serve])
            } else {
                #expect(actions == [.serve])
            }
            feed(&machine, .served, .registerAccepted, .streamOpened(7))
        }
        feed(&machine, .timer, .streamEnded(7), .closed)
        #expect(feed(&machine, .timer) == [.serve])
    }

    @Test("a socket that cannot be bound is tried again")
    func bindFails() {
        var machine = machine()
        feed(&machine, .observed(kubelet: 1, ownInPlace: false), .start(afterPredecessor: false))
        #expect(feed(&machine, .serveFailed) == [.wait(.milliseconds(100))])
        #expect(feed(&machine, .timer) == [.serve])
    }

    @Test("a kubelet that goes while our socket is bound is not called")
    func kubeletGoes() {
        var machine = machine()
        feed(
            &machine, .observed(kubelet: 1, ownInPlace: false), .start(afterPredecessor: false),
            .observed(kubelet: nil, ownInPlace: false))
        #expect(feed(&machine, .served) == [.close])
        #expect(feed(&machine, .closed) == [])
        #expect(machine.phase == .waiting)
    }

    @Test("stopping closes what is open and starts nothing again")
    func stop() {
        var machine = registered()
        #expect(feed(&machine, .stop) == [.cancelWait, .close])
        #expect(feed(&machine, .observed(kubelet: 2, ownInPlace: false)) == [])
        #expect(feed(&machine, .closed) == [])
        #expect(feed(&machine, .start(afterPredecessor: false)) == [])
        #expect(machine.phase == .idle)

        var starting = machine
        starting = Machine(random: { 0.5 })
        feed(&starting, .observed(kubelet: 1, ownInPlace: false), .start(afterPredecessor: false), .stop)
        #expect(feed(&starting, .served) == [.close])
        #expect(feed(&starting, .closed) == [])
        #expect(starting.phase == .idle)
    }
}
