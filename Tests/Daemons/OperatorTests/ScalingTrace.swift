// A server and its load, moment by moment, for tests of what the autoscaler decides.

import GanglionAPI

@testable import Operator

/// What the autoscaler decides about a load that a script gives.
struct ScalingTrace {
    var history = ScalingHistory()
    var rules: Autoscaling
    var replicas: Int
    /// Seconds.
    var time = 0
    var wake: String?
    /// The replicas after each measurement.
    var course: [Int] = []
    var last = ScalingDecision.keep(0, .stopped)

    /// Ten requests a replica, up to 100 replicas.
    init(replicas: Int = 1, change: (inout Autoscaling) -> Void = { _ in }) {
        self.replicas = replicas
        rules = Autoscaling(maxReplicas: 100, targetInFlight: 10)
        change(&rules)
    }

    /// Measures once, and carries the decision out.
    @discardableResult
    mutating func measure(_ load: ServerLoad) -> ScalingDecision {
        last = history.decide(load, replicas: replicas, wake: wake, rules, now: .seconds(time))
        if last.desired != replicas {
            replicas = last.desired
            history.wrote(replicas)
        }
        course.append(replicas)
        time += rules.intervalSeconds
        return last
    }

    /// Measures for some seconds, with all pods ready at once.
    mutating func run(seconds: Int, _ inFlight: (Int) -> Double) {
        let end = time + seconds
        while time < end {
            measure(ServerLoad(inFlight: replicas > 0 ? inFlight(time) : 0, measured: replicas))
        }
    }

    /// How often it went from up to down or back.
    var turns: Int {
        let steps = zip(course, course.dropFirst()).map { $1 - $0 }.filter { $0 != 0 }
        return zip(steps, steps.dropFirst()).count { ($0 > 0) != ($1 > 0) }
    }
}
