// The one routine that makes sure that the kubelet knows us, whatever happens on either side. No I/O and no clock:
// events in, actions out. Three signals (kubelet.sock re-created, own socket gone, stream ended) and a slow poll all
// end in the same question, asked again after each event: is there a live ListAndWatch with the kubelet that is there
// now? The kubelet never opens that stream a second time by itself.
//
//               kubelet.sock there           bound                   Register sent
//     waiting ─────────────────────▶ starting ─────▶ registering ─────────────────────▶ accepted
//        ▲                              ▲  ▲             │   │ ListAndWatch opened        │ ListAndWatch opened
//        │ kubelet.sock gone            │  │     refused │   └───────────────┐            │
//        └──────────────────────────────┤  └── resting ◀─┘                   ▼            ▼
//                                       │         ▲                             registered
//                                       │         │ after failures   stream ended, socket gone, │ or no
//                                       └────── pausing ◀── closing ◀── new kubelet ────────────┘ stream
//
// Success is an open ListAndWatch, not an answer to Register. Register is never sent while an earlier stream is open:
// the kubelet (1.36, handler.go runClient) looks a plugin up by resource name when a stream ends, so the late end of an
// old stream takes a new registration with it. So all connections are closed first; and since the kubelet works through
// an end some moments after it, a pause follows, even when the kubelet seems to be a new one: by the time that we see
// a new socket, the kubelet behind it may have dialled us already.
//
// For the same reason two plugins of one resource would fight for ever: the kubelet takes whoever came last, tells
// nobody, and lets go of the wrong one when either ends. So before it serves, and now and then while it is registered,
// the machine asks who has the resource (RivalWatch.swift). While another has it, it is `yielding`: it does not register,
// and it keeps the stream that it may have, since closing it would take the other with it. It asks again after growing
// pauses, and registers when the other is gone. A kubelet that holds our stream and lists no device of ours has let
// go of us without a word, as it does when such another ends: then the machine starts over.

internal import SystemIO

/// Decides when to serve, to register and to start over. Feed every event; carry out every action, in order.
package struct RegistrationMachine<Identity: Equatable & Sendable>: Sendable {
    /// What has happened.
    package enum Event: Sendable {
        /// There is something to advertise: register and stay registered. After a predecessor that left its socket
        /// behind, which the kubelet may still be working through, a pause comes first.
        case start(afterPredecessor: Bool)
        /// Somebody has looked at both sockets, because of a signal or because it was time: which kubelet.sock is there,
        /// if any, and whether our own socket is still in its place.
        case observed(kubelet: Identity?, ownInPlace: Bool)
        /// A socket of somebody else has come or gone.
        case othersChanged
        /// Our socket is bound and serves.
        case served
        /// It could not be bound.
        case serveFailed
        /// The kubelet answered Register well.
        case registerAccepted
        /// It answered otherwise, or not in time, or could not be reached.
        case registerFailed
        /// Somebody opened ListAndWatch.
        case streamOpened(Int)
        /// A ListAndWatch ended, from either side.
        case streamEnded(Int)
        /// The server and all its connections are closed.
        case closed
        /// Somebody has asked who has our resource.
        case answered(Claimant)
        /// The time asked for by `wait` has passed.
        case timer
        /// Leave the kubelet for good.
        case stop
    }

    /// What to do.
    package enum Action: Equatable, Sendable {
        /// Bind our socket and serve; answer `served` or `serveFailed`.
        case serve
        /// Call Register with a deadline; answer `registerAccepted` or `registerFailed`.
        case register
        /// Give up a Register that is under way, end all streams, close all connections; answer `closed`, in bounded
        /// time.
        case close
        /// Find out who has our resource; answer `answered`, in bounded time. Replaces an earlier wish, whose answer is
        /// dropped.
        case ask
        /// Send `timer` after this time; replaces an earlier wish.
        case wait(Duration)
        /// Send no `timer`.
        case cancelWait
    }

    /// Where things stand, for logs and metrics.
    package enum Phase: String, Sendable {
        case idle, waiting, asking, starting, registering, accepted, registered, yielding, closing, pausing,
            resting
    }

    /// Times; the defaults suit a node.
    package struct Settings: Equatable, Sendable {
        /// How long after Register the stream may take to open.
        package var streamDeadline = Duration.seconds(5)
        /// Between the end of all connections and the next Register.
        package var pause = Duration.milliseconds(250)
        /// The first pause after a failure; it doubles with each.
        package var firstBackOff = Duration.milliseconds(100)
        /// The longest pause.
        package var longestBackOff = Duration.seconds(30)
        /// A registration that has held so long counts as good: the next failure is a first one.
        package var stable = Duration.seconds(10)
        /// The first pause while another plugin has the resource; it doubles, up to the longest.
        package var firstYield = Duration.milliseconds(250)

        /// The defaults.
        package init() {}
    }

    private enum State: Sendable {
        case idle
        case waiting
        case asking
        case starting
        case registering
        case accepted
        case registered(stream: Int)
        /// With the stream that the kubelet still holds, if it does.
        case yielding(stream: Int?)
        case closing(Afterwards)
        case pausing
        case resting(serving: Bool)
    }

    private enum Afterwards: Sendable {
        /// Go on at once: no kubelet can know us.
        case proceed
        /// Pause first.
        case pause
        case stay
    }

    private let settings: Settings
    private let random: @Sendable () -> Double
    private var state = State.idle
    /// The kubelet.sock that is there.
    private var kubelet: Identity?
    /// The kubelet.sock that the last Register went to, or at which another plugin was found since.
    private var peer: Identity?
    private var stopping = false
    /// Failures in a row.
    package private(set) var failures = 0
    /// Whether the registration has held for a while: only then does what the kubelet lists say anything of it.
    private var isSettled = false
    /// How often in a row the kubelet listed nothing of ours.
    private var misses = 0
    /// How often in a row that was reason to start over: each needs twice the misses, should it not help.
    private var losses = 0
    /// Whether the kubelet has ever listed a device of ours: the first with the call (1.21) list none without a NUMA node.
    private var hasBeenListed = false
    /// How often in a row another had the resource.
    private var yields = 0
    /// How often in a row nobody could tell whether it still has it.
    private var doubts = 0

    /// A machine that waits for `start`.
    ///
    /// - Parameter random: numbers from 0 to 1, for the jitter of back-off.
    package init(
        settings: Settings = Settings(), random: @escaping @Sendable () -> Double = { .random(in: 0...1) }
    ) {
        self.settings = settings
        self.random = random
    }

    /// Where things stand.
    package var phase: Phase {
        switch state {
        case .idle: .idle
        case .waiting: .waiting
        case .asking: .asking
        case .starting: .starting
        case .registering: .registering
        case .accepted: .accepted
        case .registered: .registered
        case .yielding: .yielding
        case .closing: .closing
        case .pausing: .pausing
        case .resting: .resting
        }
    }

    /// Takes an event; an event that does not matter now changes nothing.
    package mutating func receive(_ event: Event) -> [Action] {
        switch event {
        case .start(let afterPredecessor):
            guard case .idle = state, !stopping else { return [] }
            return afterPredecessor ? become(.pausing, .wait(settings.pause)) : proceed()
        case .observed(let kubelet, let ownInPlace):
            self.kubelet = kubelet
            return receiveObservation(ownInPlace: ownInPlace)
        case .othersChanged:
            guard phase == .yielding else { return [] }
            // A plugin that ends may remove its socket first: the pauses begin anew.
            yields = 0
            return [.ask]
        case .served:
            guard case .starting = state else { return [] }
            // The kubelet may have gone, or we may have been told to stop, while the socket was bound.
            if stopping { return close(.stay) }
            return kubelet == nil ? close(.proceed) : register()
        case .serveFailed:
            guard case .starting = state else { return [] }
            if stopping { return become(.idle) }
            failures += 1
            return become(.resting(serving: false), .wait(backOff))
        case .registerAccepted:
            guard case .registering = state else { return [] }
            return become(.accepted, .wait(settings.streamDeadline))
        case .registerFailed:
            guard case .registering = state else { return [] }
            failures += 1
            return become(.resting(serving: true), .wait(backOff))
        case .streamOpened(let stream):
            return receiveStream(stream)
        case .streamEnded(let stream):
            switch state {
            case .registered(stream), .yielding(stream): break
            default: return []
            }
            failures += 1
            return [.cancelWait] + close(.pause)
        case .closed:
            return receiveClosed()
        case .answered(let claimant):
            return receiveAnswer(claimant)
        case .timer:
            return receiveTimer()
        case .stop:
            return receiveStop()
        }
    }

    private mutating func receiveObservation(ownInPlace: Bool) -> [Action] {
        let isNew = kubelet != nil && kubelet != peer
        switch state {
        case .waiting:
            return kubelet == nil ? [] : proceed()
        case .registering, .accepted, .registered, .resting(serving: true), .yielding(stream: _?):
            // While kubelet.sock is not there, a kubelet is going or coming: nothing can be done before it is back.
            guard kubelet != nil else { return [] }
            guard isNew || !ownInPlace else { return phase == .registered && isSettled ? [.ask] : [] }
            failures = isNew ? 0 : failures + 1
            return [.cancelWait] + close(.pause)
        case .yielding(stream: nil):
            return isNew ? [.ask] : []
        case .resting(serving: false):
            guard isNew else { return [] }
            failures = 0
            return [.cancelWait] + proceed()
        case .closing, .pausing:
            // What a new kubelet will do has nothing to do with what the old one did.
            if isNew { failures = 0 }
            return []
        case .idle, .asking, .starting:
            return []
        }
    }

    private mutating func receiveAnswer(_ claimant: Claimant) -> [Action] {
        switch state {
        case .asking:
            // We are not registered: whatever the kubelet lists is another's.
            guard claimant == .somebody || claimant == .another else { return become(.starting, .serve) }
            return yield(stream: nil)
        case .yielding(let stream):
            let isAnothers = claimant == .another || stream == nil && claimant == .somebody
            // That a busy kubelet does not answer in time says nothing of the other. Where it never does, because nobody
            // can ask it, the other's socket was all that told, and that is gone.
            let doubts = claimant == .unknown ? self.doubts + 1 : 0
            if isAnothers || (1...5).contains(doubts) { return yield(stream: stream, doubts: doubts) }
            yields = 0
            failures = 0
            // The kubelet works through the other's end some moments after it.
            return stream == nil
                ? become(.pausing, .wait(settings.pause)) : [.cancelWait] + close(.pause)
        case .registered(let stream):
            return isSettled ? receiveReport(claimant, stream) : []
        case .idle, .waiting, .starting, .registering, .accepted, .closing, .pausing, .resting:
            return []
        }
    }

    /// What the kubelet lists while it holds our stream.
    private mutating func receiveReport(_ claimant: Claimant, _ stream: Int) -> [Action] {
        switch claimant {
        case .unknown:
            return []
        case .somebody:
            misses = 0
            losses = 0
            yields = 0
            hasBeenListed = true
            return []
        case .another:
            return yield(stream: stream)
        case .nobody:
            misses += 1
            // Each time the node is without devices for a moment: not for ever where a list says nothing.
            guard misses >= 2 << min(losses, 5), hasBeenListed || losses < 3 else { return [] }
            losses += 1
            failures += 1
            return [.cancelWait] + close(.pause)
        }
    }

    private mutating func yield(stream: Int?, doubts: Int = 0) -> [Action] {
        yields = doubts == 1 ? 1 : yields + 1
        self.doubts = doubts
        peer = kubelet
        return become(.yielding(stream: stream), .wait(pause(settings.firstYield, after: yields)))
    }

    /// A stream is taken for the kubelet's as soon as Register may have reached it: the stream can be faster than the
    /// answer, and the answer can be lost.
    private mutating func receiveStream(_ stream: Int) -> [Action] {
        switch state {
        case .registering, .accepted, .resting(serving: true):
            isSettled = false
            misses = 0
            return become(.registered(stream: stream), .wait(settings.stable))
        case .idle, .waiting, .asking, .starting, .registered, .yielding, .closing, .pausing,
            .resting(serving: false):
            return []
        }
    }

    private mutating func receiveClosed() -> [Action] {
        guard case .closing(let afterwards) = state else { return [] }
        return switch afterwards {
        case .stay: become(.idle)
        case .proceed: proceed()
        case .pause: become(.pausing, .wait(settings.pause))
        }
    }

    private mutating func receiveTimer() -> [Action] {
        switch state {
        case .pausing:
            let rest = backOff - settings.pause
            return rest > .zero ? become(.resting(serving: false), .wait(rest)) : proceed()
        case .resting(serving: false):
            return proceed()
        case .resting(serving: true):
            return kubelet == nil ? close(.pause) : register()
        case .accepted:
            failures += 1
            return close(.pause)
        case .registered:
            failures = 0
            isSettled = true
            return [.ask]
        case .yielding:
            return [.ask]
        case .idle, .waiting, .asking, .starting, .registering, .closing:
            return []
        }
    }

    private mutating func receiveStop() -> [Action] {
        stopping = true
        switch state {
        case .idle, .starting:
            return []
        case .waiting, .asking, .pausing, .resting(serving: false), .yielding(stream: nil):
            return become(.idle, .cancelWait)
        case .registering, .accepted, .registered, .resting(serving: true), .yielding(stream: _?):
            return [.cancelWait] + close(.stay)
        case .closing:
            return become(.closing(.stay))
        }
    }

    /// From no server: serve if there is a kubelet to serve, and nobody else does.
    private mutating func proceed() -> [Action] {
        if stopping { return become(.idle) }
        return kubelet == nil ? become(.waiting) : become(.asking, .ask)
    }

    private mutating func register() -> [Action] {
        peer = kubelet
        return become(.registering, .register)
    }

    private mutating func close(_ afterwards: Afterwards) -> [Action] { become(.closing(afterwards), .close) }

    private mutating func become(_ state: State, _ actions: Action...) -> [Action] {
        self.state = state
        return actions
    }

    private var backOff: Duration { pause(settings.firstBackOff, after: failures) }

    /// Doubles with each time in a row, with a fifth of jitter either way, so that a rack does not come at once.
    private func pause(_ first: Duration, after times: Int) -> Duration {
        guard times > 0 else { return .zero }
        return Backoff(base: first, limit: settings.longestBackOff, jitter: -0.2...0.2)
            .pause(after: times, random: random())
    }
}
