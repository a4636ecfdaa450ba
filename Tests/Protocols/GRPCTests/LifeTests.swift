import TestSupport
import Testing

@testable import GRPC

@Suite("Life of a server's connection")
struct ServerConnectionLifeTests {
    /// The number of handlers is that of the name; at most two run.
    enum State: CaseIterable {
        case idle
        case serving
        case servingTwo
        case draining
        case drainingTwo
        case abandonedIdle
        case abandoned
        case abandonedTwo
        case closed
        case closedServing
        case closedServingTwo
    }

    enum Event: CaseIterable {
        case handlerBegan
        case handlerReturned
        case socketClosed
        case giveUp
    }

    /// Outcomes with the number of handlers.
    static let table = StateTable<State, Event>(
        [
            .idle: [
                .handlerBegan: ("false 1", .serving),
                .handlerReturned: ("false 0", .idle),
                .socketClosed: ("true 0", .closed),
                .giveUp: ("false 0", .abandonedIdle),
            ],
            .serving: [
                .handlerBegan: ("false 2", .servingTwo),
                .handlerReturned: ("false 0", .idle),
                .socketClosed: ("false 1", .draining),
                .giveUp: ("false 1", .abandoned),
            ],
            .servingTwo: [
                .handlerBegan: ("false 2", .servingTwo),
                .handlerReturned: ("false 1", .serving),
                .socketClosed: ("false 2", .drainingTwo),
                .giveUp: ("false 2", .abandonedTwo),
            ],
            .draining: [
                .handlerBegan: ("false 2", .drainingTwo),
                .handlerReturned: ("true 0", .closed),
                .socketClosed: ("false 1", .draining),
                .giveUp: ("true 1", .closedServing),
            ],
            .drainingTwo: [
                .handlerBegan: ("false 2", .drainingTwo),
                .handlerReturned: ("false 1", .draining),
                .socketClosed: ("false 2", .drainingTwo),
                .giveUp: ("true 2", .closedServingTwo),
            ],
            .abandonedIdle: [
                .handlerBegan: ("false 1", .abandoned),
                .handlerReturned: ("false 0", .abandonedIdle),
                .socketClosed: ("true 0", .closed),
                .giveUp: ("false 0", .abandonedIdle),
            ],
            .abandoned: [
                .handlerBegan: ("false 2", .abandonedTwo),
                .handlerReturned: ("false 0", .abandonedIdle),
                .socketClosed: ("true 1", .closedServing),
                .giveUp: ("false 1", .abandoned),
            ],
            .abandonedTwo: [
                .handlerBegan: ("false 2", .abandonedTwo),
                .handlerReturned: ("false 1", .abandoned),
                .socketClosed: ("true 2", .closedServingTwo),
                .giveUp: ("false 2", .abandonedTwo),
            ],
            .closed: [
                .handlerBegan: ("false 1", .closedServing),
                .handlerReturned: ("false 0", .closed),
                .socketClosed: ("false 0", .closed),
                .giveUp: ("false 0", .closed),
            ],
            .closedServing: [
                .handlerBegan: ("false 2", .closedServingTwo),
                .handlerReturned: ("false 0", .closed),
                .socketClosed: ("false 1", .closedServing),
                .giveUp: ("false 1", .closedServing),
            ],
            .closedServingTwo: [
                .handlerBegan: ("false 2", .closedServingTwo),
                .handlerReturned: ("false 1", .closedServing),
                .socketClosed: ("false 2", .closedServingTwo),
                .giveUp: ("false 2", .closedServingTwo),
            ],
        ],
        paths: { state in
            switch state {
            case .idle: []
            case .serving: [.handlerBegan]
            case .servingTwo: [.handlerBegan, .handlerBegan]
            case .draining: [.handlerBegan, .socketClosed]
            case .drainingTwo: [.handlerBegan, .handlerBegan, .socketClosed]
            case .abandonedIdle: [.giveUp]
            case .abandoned: [.handlerBegan, .giveUp]
            case .abandonedTwo: [.handlerBegan, .handlerBegan, .giveUp]
            case .closed: [.socketClosed]
            case .closedServing: [.handlerBegan, .giveUp, .socketClosed]
            case .closedServingTwo: [.handlerBegan, .handlerBegan, .giveUp, .socketClosed]
            }
        },
        run: { events in
            var life = ServerConnectionLife()
            return events.map { event in
                var isOver = false
                switch event {
                case .handlerBegan: if life.handlers < 2 { life.handlerBegan() }
                case .handlerReturned: isOver = life.handlerReturned()
                case .socketClosed: isOver = life.socketClosed()
                case .giveUp: isOver = life.giveUp()
                }
                return "\(isOver) \(life.handlers)"
            }
        })

    @Test("is over once the socket is closed and its handlers have returned or are given up")
    func states() { #expect(Self.table.faults == []) }
}

@Suite("Life of a client's connection")
struct ClientLifeTests {
    enum State: CaseIterable {
        case open
        case leaving
        case ended
        case endedOtherwise
    }

    enum Event: CaseIterable {
        case goAway
        case lastCallOver
        case end
        case endAgain
    }

    /// Outcomes: whether calls are taken, whether nothing is left to do without calls, and how it ended.
    static let table = StateTable<State, Event>(
        [
            .open: [
                .goAway: ("false true nil", .leaving), .lastCallOver: ("true false nil", .open),
                .end: ("false false first", .ended), .endAgain: ("false false second", .endedOtherwise),
            ],
            .leaving: [
                .goAway: ("false true nil", .leaving), .lastCallOver: ("false true nil", .leaving),
                .end: ("false false first", .ended), .endAgain: ("false false second", .endedOtherwise),
            ],
            .ended: [
                .goAway: ("false false first", .ended), .lastCallOver: ("false false first", .ended),
                .end: ("false false first", .ended), .endAgain: ("false false first", .ended),
            ],
            .endedOtherwise: [
                .goAway: ("false false second", .endedOtherwise),
                .lastCallOver: ("false false second", .endedOtherwise),
                .end: ("false false second", .endedOtherwise),
                .endAgain: ("false false second", .endedOtherwise),
            ],
        ],
        paths: { state in
            switch state {
            case .open: []
            case .leaving: [.goAway]
            case .ended: [.end]
            case .endedOtherwise: [.endAgain]
            }
        },
        run: { events in
            var life = ClientLife()
            return events.map { event in
                switch event {
                case .goAway: life.receiveGoAway()
                case .lastCallOver: break
                case .end: life.end(GRPCStatus(.unavailable, "first"))
                case .endAgain: life.end(GRPCStatus(.unavailable, "second"))
                }
                return "\(life.takesCalls) \(life.isDone(openStreams: 0)) \(life.end?.message ?? "nil")"
            }
        })

    @Test("takes calls until GOAWAY, and remembers what ended it first")
    func states() { #expect(Self.table.faults == []) }

    @Test("is not done while a call is open")
    func open() {
        var life = ClientLife()
        life.receiveGoAway()
        let answers = [life.isDone(openStreams: 1), life.isDone(openStreams: 0)]
        #expect(answers == [false, true])
    }
}
