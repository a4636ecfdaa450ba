// How many replicas a server shall have: Cortex's formula with the windows of HorizontalPodAutoscaler. No I/O and no clock:
// what was measured goes in, what shall be comes out. It is kept in memory only; a new operator begins with whole windows.
//
//     requests in flight ─ average over the window ─ divided by the target, rounded up ─▶ recommended, unless within tolerance
//     the fewest that were recommended in the window up   ─▶ is more than there are: at most maxPercent more at a time
//     the most that were recommended in the window down   ─▶ is less than there are: at most maxPercent fewer at a time
//
// Windows hold what the load alone asks for, not what the steps make of it: a step up to the tenfold begins when the window
// is over and goes on with every measurement, not with every window.
//
// The number depends on the load alone, not on how many pods carry it, so pods that start change nothing. A replica is a pod
// with all its groups: no decision divides one.

internal import GanglionAPI

/// What an autoscaler remembers of one server.
struct ScalingHistory: Sendable {
    /// Changes of `spec.replicas` by others within `contestWindow` from which on it is left to them.
    private static let contestLimit = 3
    /// Seconds.
    private static let contestWindow = Duration.seconds(600)

    private struct Sample {
        var time: Duration
        /// Requests in flight if silent pods have none, and if they have as many as they should.
        var low: Double
        var high: Double
    }

    private var samples: [Sample] = []
    private var recommendations: [(time: Duration, replicas: Int)] = []
    /// `spec.replicas` as it was left.
    private var replicas: Int?
    private var idleSince: Duration?
    /// Whether a pod has been ready since the replicas were set: whoever started a server has its whole cooldown, however
    /// long its model takes to load.
    private var hasStarted = false
    private var foreignChanges: [Duration] = []
    private var wake: String?

    /// A beginning.
    ///
    /// - Parameter wake: the value of the annotation that was obeyed last.
    init(wake: String? = nil) { self.wake = wake }

    /// The value of the annotation that was obeyed last.
    var obeyedWake: String? { wake }

    /// What shall be.
    ///
    /// - Parameters:
    ///   - replicas: `spec.replicas` now.
    ///   - wake: the value of the annotation.
    ///   - now: on any clock that does not jump.
    mutating func decide(
        _ load: ServerLoad, replicas current: Int, wake value: String?, _ rules: Autoscaling, now: Duration
    ) -> ScalingDecision {
        noteReplicas(current, now)
        let isWoken = value != nil && value != wake
        wake = value
        if isWoken { idleSince = nil }
        foreignChanges.removeAll { $0 <= now - Self.contestWindow }
        guard current > 0 else { return asleep(isWoken, rules, now) }
        guard foreignChanges.count < Self.contestLimit else { return .keep(current, .contested) }
        if current < rules.minReplicas { return bound(current, to: rules.minReplicas, .scalingUp, now) }
        if current > rules.maxReplicas { return bound(current, to: rules.maxReplicas, .scalingDown, now) }
        guard load.measured > 0 else { return .keep(current, load.silent > 0 ? .noMetrics : .noReadyPods) }
        record(load, current, rules, now)
        return scaled(load, current, rules, now)
    }

    /// `spec.replicas` was written.
    mutating func wrote(_ replicas: Int) { self.replicas = replicas }

    // MARK: What is not for the load to decide

    private func asleep(_ isWoken: Bool, _ rules: Autoscaling, _ now: Duration) -> ScalingDecision {
        guard rules.minReplicas == 0 else { return .keep(0, .disabled) }
        return isWoken ? ScalingDecision(replicas: 0, desired: 1, reason: .woken) : .keep(0, .stopped)
    }

    private mutating func bound(
        _ current: Int, to desired: Int, _ reason: ScalingReason, _ now: Duration
    ) -> ScalingDecision {
        restart(from: desired, now)
        return ScalingDecision(replicas: current, desired: desired, reason: reason)
    }

    /// Where somebody else has set the replicas, everything goes on from there, with whole windows.
    private mutating func noteReplicas(_ current: Int, _ now: Duration) {
        defer { replicas = current }
        guard let replicas, replicas != current else {
            if replicas == nil { restart(from: current, now) }
            return
        }
        // To stop or to start a server is a user's right, not a rivalry.
        if current > 0 && replicas > 0 { foreignChanges.append(now) }
        restart(from: current, now)
    }

    private mutating func restart(from replicas: Int, _ now: Duration) {
        samples = []
        recommendations = [(now, replicas)]
        idleSince = nil
        hasStarted = false
    }

    // MARK: The load

    private mutating func record(
        _ load: ServerLoad, _ current: Int, _ rules: Autoscaling, _ now: Duration
    ) {
        // What was before a silence says nothing of the time after it.
        if let last = samples.last, now - last.time > rules.interval * 3 + .seconds(10) {
            restart(from: current, now)
        }
        let missing = Double(load.silent) * Double(rules.targetInFlight)
        samples.append(Sample(time: now, low: load.inFlight, high: load.inFlight + missing))
        samples.removeAll { $0.time <= now - rules.window }
        if samples.isEmpty {
            samples = [Sample(time: now, low: load.inFlight, high: load.inFlight + missing)]
        }
        hasStarted = hasStarted || load.starting < load.measured
        let isIdle = hasStarted && load.inFlight == 0 && load.silent == 0 && !load.hasServed
        idleSince = isIdle ? idleSince ?? now : nil
    }

    private mutating func scaled(
        _ load: ServerLoad, _ current: Int, _ rules: Autoscaling, _ now: Duration
    ) -> ScalingDecision {
        var decision = ScalingDecision.keep(current, .onTarget)
        defer { recommendations.append((now, decision.recommended ?? current)) }
        let count = Double(max(1, samples.count))
        let low = samples.reduce(0) { $0 + $1.low } / count
        let high = samples.reduce(0) { $0 + $1.high } / count
        decision.inFlight = low
        // Pods that do not say are no reason to move: for more they count as idle, for fewer as busy.
        let (least, most) = (rules.replicas(for: low, now: current), rules.replicas(for: high, now: current))
        let unbounded = least > current ? least : most < current ? most : current
        let recommended = min(max(unbounded, max(1, rules.minReplicas)), rules.maxReplicas)
        decision.recommended = recommended
        let (up, down) = (rules.scaleUp, rules.scaleDown)
        recommendations.removeAll { $0.time < now - max(up.window, down.window) }
        if recommended > current {
            let stable = earlier(up.window, now).reduce(recommended, min)
            decision.desired = min(max(current, stable), max(current + 1, rules.ceiling(of: current)))
            decision.reason = decision.desired > current ? .scalingUp : .stabilizing
        } else if recommended < current {
            let stable = earlier(down.window, now).reduce(recommended, max)
            decision.desired = max(min(current, stable), min(current - 1, rules.floor(of: current)))
            decision.reason = decision.desired < current ? .scalingDown : .stabilizing
        } else if unbounded > rules.maxReplicas {
            decision.reason = .atMaximum
        } else if current == 1, rules.minReplicas == 0, let idleSince {
            decision.reason = .coolingDown
            guard now - idleSince >= .seconds(rules.cooldownSeconds) else { return decision }
            decision.desired = 0
            decision.recommended = 0
            decision.reason = .scalingDown
        } else if unbounded < recommended, current == rules.minReplicas {
            decision.reason = .atMinimum
        }
        return decision
    }

    /// What was recommended within a window, its very beginning included: it has to last for the whole of it.
    private func earlier(_ window: Duration, _ now: Duration) -> [Int] {
        window > .zero ? recommendations.filter { $0.time >= now - window }.map(\.replicas) : []
    }
}

extension Autoscaling {
    fileprivate var interval: Duration { .seconds(intervalSeconds) }
    fileprivate var window: Duration { .seconds(windowSeconds) }

    /// Replicas for a load: as many as there are where it is within the tolerance.
    fileprivate func replicas(for inFlight: Double, now current: Int) -> Int {
        let wanted = Double(current * targetInFlight)
        guard abs(inFlight - wanted) * 100 > Double(tolerancePercent) * wanted else { return current }
        // As large as a number of replicas gets, and far from the limits of an Int.
        return Int(min((inFlight / Double(targetInFlight)).rounded(.up), 1_000_000))
    }

    /// The most replicas after a step up.
    fileprivate func ceiling(of replicas: Int) -> Int { (replicas * (100 + scaleUp.maxPercent) + 99) / 100 }

    /// The fewest replicas after a step down.
    fileprivate func floor(of replicas: Int) -> Int { (replicas * (100 - scaleDown.maxPercent) + 99) / 100 }
}

extension Autoscaling.Direction {
    fileprivate var window: Duration { .seconds(stabilizationWindowSeconds) }
}
