// The autoscaler's decisions on scripted loads.

import GanglionAPI
import Testing

@testable import Operator

@Suite("Autoscaling decisions")
struct ScalingHistoryTests {
    // MARK: Cortex's formula

    /// Without windows, one measurement is a decision.
    private func decision(
        from replicas: Int, _ inFlight: Double, change: (inout Autoscaling) -> Void = { _ in }
    ) -> ScalingDecision {
        var trace = ScalingTrace(replicas: replicas) {
            $0.scaleUp.stabilizationWindowSeconds = 0
            $0.scaleDown.stabilizationWindowSeconds = 0
            change(&$0)
        }
        return trace.measure(ServerLoad(inFlight: inFlight, measured: replicas))
    }

    @Test(
        "rounds up, leaves what is within 5 %, grows to 1.5 and shrinks to 0.75 of what there is, and by one at least",
        arguments: [
            (1, 11, 2), (1, 10.5, 1), (1, 1000, 2), (2, 1000, 3), (3, 1000, 5), (10, 1000, 15), (10, 101, 10),
            (10, 105, 10), (10, 106, 11), (20, 191, 20), (20, 190, 20), (20, 189, 19), (100, 1, 75),
            (10, 1, 8),
            (3, 1, 2), (2, 1, 1), (1, 0, 1), (1, 3, 1), (4, 30, 3), (4, 31, 4), (99, 2000, 100),
        ] as [(Int, Double, Int)])
    func formula(replicas: Int, inFlight: Double, desired: Int) {
        #expect(decision(from: replicas, inFlight).desired == desired)
    }

    @Test("what is too large for any number of replicas asks for the most", arguments: [1e6, 1e18, 1e300])
    func huge(inFlight: Double) {
        #expect(decision(from: 80, inFlight).desired == 100)
        #expect(decision(from: 100, inFlight).reason == .atMaximum)
    }

    @Test("bounds come before the load, in one step and without a measurement")
    func bounds() {
        var low = ScalingTrace(replicas: 1) { $0.minReplicas = 7 }
        #expect(low.measure(ServerLoad()).desired == 7)
        var high = ScalingTrace(replicas: 900)
        #expect(high.measure(ServerLoad()).desired == 100)
        // Who stops a server by hand wants it stopped.
        var stopped = ScalingTrace(replicas: 0) { $0.minReplicas = 7 }
        #expect(stopped.measure(ServerLoad()) == .keep(0, .disabled))
    }

    @Test("says at which bound it stands")
    func atBounds() {
        #expect(decision(from: 100, 2000).reason == .atMaximum)
        #expect(decision(from: 4, 1) { $0.minReplicas = 4 }.reason == .atMinimum)
        #expect(decision(from: 4, 40).reason == .onTarget)
    }

    // MARK: Loads as they come

    @Test("a step is followed after the window, to the replicas that it needs, and back after the other")
    func step() {
        var trace = ScalingTrace()
        trace.run(seconds: 120) { _ in 8 }
        #expect(Set(trace.course) == [1])
        let start = trace.course.count
        trace.run(seconds: 240) { _ in 200 }
        // The average takes 30 s to be that of the new load, and the window 60 s more; then 1, 2, 3, 5, 8, 12, 18, 20.
        #expect(trace.course[start..<(start + 6)].allSatisfy { $0 == 1 })
        #expect(trace.replicas == 20)
        #expect(trace.last.reason == .onTarget)
        let end = trace.course.count
        trace.run(seconds: 300) { _ in 8 }
        #expect(trace.course[end..<(end + 29)].allSatisfy { $0 == 20 })
        trace.run(seconds: 300) { _ in 8 }
        #expect(trace.replicas == 1)
        #expect(trace.turns == 1)
    }

    @Test("a ramp is followed without a step back")
    func ramp() {
        var trace = ScalingTrace()
        trace.run(seconds: 3_000) { 10 + Double($0) / 10 }
        trace.run(seconds: 180) { _ in 310 }
        // Within the tolerance of 31.
        #expect(trace.replicas == 30)
        #expect(trace.turns == 0)
    }

    @Test("a burst that is shorter than the window moves nothing")
    func burst() {
        var trace = ScalingTrace(replicas: 4) { $0.minReplicas = 2 }
        trace.run(seconds: 3_600) { $0 % 600 < 20 ? 300 : 38 }
        #expect(Set(trace.course) == [4])
    }

    @Test("a load that goes up and down every two minutes keeps what its peaks need", arguments: [60, 120])
    func flapping(period: Int) {
        var trace = ScalingTrace(replicas: 10)
        trace.run(seconds: 7_200) { $0 / period % 2 == 0 ? 100 : 40 }
        #expect(trace.turns == 0)
    }

    /// Noise of a tenth, the same in every run.
    @Test("a noisy load ends within a tenth of its target's replicas and stays", arguments: [20, 100, 700])
    func noise(load: Int) {
        var trace = ScalingTrace(replicas: 1)
        var state: UInt64 = 42
        trace.run(seconds: 3_600) { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return Double(load) * (0.9 + 0.2 * Double(state >> 40) / Double(1 << 24))
        }
        let wanted = Double(load) / 10
        #expect(trace.course.suffix(100).allSatisfy { abs(Double($0) - wanted) <= max(1, wanted / 10) })
        #expect(trace.turns <= 1)
    }

    @Test("a queue that grows while pods start asks for no more than the load says")
    func starting() {
        var trace = ScalingTrace(replicas: 2) { $0.scaleUp.stabilizationWindowSeconds = 0 }
        // The new pods take four minutes; the two that there are hold all of it.
        for _ in 0..<24 { trace.measure(ServerLoad(inFlight: 60, measured: 2)) }
        #expect(trace.replicas == 6)
        trace.run(seconds: 600) { _ in 60 }
        #expect(trace.replicas == 6)
        #expect(trace.turns == 0)
    }

    // MARK: Pods that do not say

    @Test("pods that do not say count as idle where more are wanted and as busy where fewer are")
    func silent() {
        func answer(_ inFlight: Double, measured: Int, silent: Int) -> ScalingDecision {
            var trace = ScalingTrace(replicas: 4) {
                $0.scaleUp.stabilizationWindowSeconds = 0
                $0.scaleDown.stabilizationWindowSeconds = 0
            }
            return trace.measure(ServerLoad(inFlight: inFlight, measured: measured, silent: silent))
        }
        #expect(answer(30, measured: 3, silent: 1).desired == 4)
        #expect(answer(44, measured: 3, silent: 1).desired == 5)
        #expect(answer(5, measured: 3, silent: 1).desired == 3)
        #expect(answer(25, measured: 3, silent: 1).desired == 4)
        #expect(answer(0, measured: 0, silent: 4) == .keep(4, .noMetrics))
        #expect(answer(0, measured: 0, silent: 0) == .keep(4, .noReadyPods))
    }

    @Test("after a silence both windows begin anew")
    func silence() {
        var trace = ScalingTrace(replicas: 10)
        trace.run(seconds: 600) { _ in 100 }
        for _ in 0..<60 { trace.measure(ServerLoad(silent: 10)) }
        trace.run(seconds: 290) { _ in 0 }
        #expect(trace.replicas == 10)
        trace.run(seconds: 30) { _ in 0 }
        #expect(trace.replicas < 10)
    }

    // MARK: To zero and back

    private func sleeper(_ replicas: Int = 1) -> ScalingTrace {
        ScalingTrace(replicas: replicas) {
            $0.minReplicas = 0
            $0.cooldownSeconds = 120
            $0.scaleDown.stabilizationWindowSeconds = 30
        }
    }

    @Test("an idle server stops after the cooldown, and one request puts it off")
    func idle() {
        var trace = sleeper()
        trace.run(seconds: 100) { _ in 0 }
        #expect(trace.last.reason == .coolingDown)
        trace.measure(ServerLoad(inFlight: 1, measured: 1))
        // Over between two measurements: only the counter knows of it.
        trace.run(seconds: 110) { _ in 0 }
        trace.measure(ServerLoad(measured: 1, hasServed: true))
        trace.run(seconds: 120) { _ in 0 }
        #expect(trace.replicas == 1)
        trace.run(seconds: 10) { _ in 0 }
        #expect(trace.replicas == 0)
        #expect(trace.measure(ServerLoad()).reason == .stopped)
        #expect(trace.turns == 0)
    }

    @Test("one that is asked and does not answer is not idle")
    func silentIsNotIdle() {
        var trace = sleeper(2)
        for _ in 0..<100 { trace.measure(ServerLoad(measured: 1, silent: 1)) }
        #expect(trace.replicas > 0)
    }

    @Test("many replicas go step by step before the last one does")
    func manyToZero() {
        var trace = sleeper(8)
        trace.run(seconds: 600) { _ in 0 }
        #expect(trace.course.first == 8)
        #expect(trace.replicas == 0)
        #expect(zip(trace.course, trace.course.dropFirst()).allSatisfy { $0 - $1 <= 2 })
    }

    @Test("each new value of the annotation starts one replica, an old one none")
    func woken() {
        var trace = sleeper(0)
        #expect(trace.measure(ServerLoad()).reason == .stopped)
        trace.wake = "1"
        #expect(trace.measure(ServerLoad()).reason == .woken)
        #expect(trace.replicas == 1)
        trace.run(seconds: 120) { _ in 0 }
        #expect(trace.replicas == 1)
        trace.run(seconds: 20) { _ in 0 }
        #expect(trace.replicas == 0)
        trace.run(seconds: 600) { _ in 0 }
        #expect(trace.replicas == 0)
        trace.wake = "2"
        trace.measure(ServerLoad())
        #expect(trace.replicas == 1)
        // A new operator knows from the status which value was obeyed.
        trace.history = ScalingHistory(wake: "2")
        trace.replicas = 0
        #expect(trace.measure(ServerLoad()).reason == .stopped)
    }

    @Test("the cooldown begins when a pod is ready, and goes on where it is not any more")
    func loading() {
        var trace = sleeper(0)
        trace.wake = "1"
        trace.measure(ServerLoad())
        for _ in 0..<100 { trace.measure(ServerLoad(measured: 1, starting: 1)) }
        #expect(trace.replicas == 1)
        trace.run(seconds: 60) { _ in 0 }
        #expect(trace.last.reason == .coolingDown)
        for _ in 0..<100 { trace.measure(ServerLoad(measured: 1, starting: 1)) }
        #expect(trace.replicas == 0)
    }

    @Test("a server that is started by hand has its whole cooldown")
    func byHand() {
        var trace = sleeper(0)
        trace.run(seconds: 600) { _ in 0 }
        trace.replicas = 2
        trace.run(seconds: 120) { _ in 0 }
        #expect(trace.replicas > 0)
        trace.run(seconds: 100) { _ in 0 }
        #expect(trace.replicas == 0)
        #expect(trace.last.reason != .contested)
    }

    // MARK: Others who write spec.replicas

    @Test("what somebody sets is where it goes on from, with whole windows")
    func setByOthers() {
        var trace = ScalingTrace(replicas: 4)
        trace.run(seconds: 600) { _ in 40 }
        trace.replicas = 10
        trace.run(seconds: 300) { _ in 40 }
        #expect(trace.course.last == 10)
        trace.run(seconds: 120) { _ in 40 }
        #expect(trace.replicas == 4)
    }

    @Test("a rival is told and left alone until it has been quiet for ten minutes")
    func rival() {
        var trace = ScalingTrace(replicas: 4) { $0.scaleDown.stabilizationWindowSeconds = 0 }
        for _ in 0..<3 {
            trace.measure(ServerLoad(inFlight: 40, measured: 4))
            trace.replicas = 9
            trace.measure(ServerLoad(inFlight: 40, measured: 4))
            trace.replicas = 9
        }
        #expect(trace.measure(ServerLoad(inFlight: 40, measured: 4)) == .keep(9, .contested))
        trace.run(seconds: 700) { _ in 40 }
        #expect(trace.replicas == 4)
    }
}
