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
        /// Send `timer` after this time; replaces an earlier wish.
        case wait(Duration)
        /// Send no `timer`.
        case cancelWait
    }

    /// Where things stand, for logs and metrics.
    package enum Phase: String, Sendable {
        case idle, waiting, starting, registering, accepted, registered, closing, pausing, resting
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

        /// The defaults.
        package init() {}
    }

    private enum State: Sendable {
        case idle
        case waiting
        case starting
        case registering
        case accepted
        case registered(stream: Int)
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
    /// The kubelet.sock that the last Register went to.
    private var peer: Identity?
    private var stopping = false
    /// Failures in a row.
    package private(set) var failures = 0

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
        case .starting: .starting
        case .registering: .registering
        case .accepted: .accepted
        case .registered: .registered
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
            guard case .registered(stream) = state else { return [] }
            failures += 1
            return [.cancelWait] + close(.pause)
        case .closed:
            return receiveClosed()
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
        case .registering, .accepted, .registered, .resting(serving: true):
            // While kubelet.sock is not there, a kubelet is going or coming: nothing can be done before it is back.
            guard kubelet != nil, isNew || !ownInPlace else { return [] }
            failures = isNew ? 0 : failures + 1
            return [.cancelWait] + close(.pause)
        case .resting(serving: false):
            guard isNew else { return [] }
            failures = 0
            return [.cancelWait] + proceed()
        case .closing, .pausing:
            // What a new kubelet will do has nothing to do with what the old one did.
            if isNew { failures = 0 }
            return []
        case .idle, .starting:
            return []
        }
    }

    /// A stream is taken for the kubelet's as soon as Register may have reached it: the stream can be faster than the
    /// answer, and the answer can be lost.
    private mutating func receiveStream(_ stream: Int) -> [Action] {
        switch state {
        case .registering, .accepted, .resting(serving: true):
            return become(.registered(stream: stream), .wait(settings.stable))
        case .idle, .waiting, .starting, .registered, .closing, .pausing, .resting(serving: false):
            return []
        }
    }

    private mutating func receiveClosed() -> [Action] {
        guard case .closing(let afterwards) = state else { return [] }
        switch afterwards {
        case .stay:
            return become(.idle)
        case .proceed:
            return proceed()
        case .pause:
            return become(.pausing, .wait(settings.pause))
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
            return []
        case .idle, .waiting, .starting, .registering, .closing:
            return []
        }
    }

    private mutating func receiveStop() -> [Action] {
        stopping = true
        switch state {
        case .idle, .starting:
            return []
        case .waiting, .pausing, .resting(serving: false):
            return become(.idle, .cancelWait)
        case .registering, .accepted, .registered, .resting(serving: true):
            return [.cancelWait] + close(.stay)
        case .closing:
            return become(.closing(.stay))
        }
    }

    /// From no server: serve if there is a kubelet to serve.
    private mutating func proceed() -> [Action] {
        if stopping { return become(.idle) }
        return kubelet == nil ? become(.waiting) : become(.starting, .serve)
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

    /// Doubles with each failure in a row, with a fifth of jitter either way, so that a rack does not come at once.
    private var backOff: Duration {
        guard failures > 0 else { return .zero }
        let doubled = settings.firstBackOff * (1 << min(failures - 1, 20))
        return min(doubled, settings.longestBackOff) * (0.8 + 0.4 * random())
    }
}
