import TestSupport
import Testing

@testable import HTTP2Transport

@Suite("Life of one end of a connection")
struct PeerLifeTests {
    enum State: CaseIterable {
        case open
        case inTurn
        case scheduled
        /// Octets have come while the loop had been asked for a turn.
        case inTurnAndScheduled
        case closing
        case closed
    }

    enum Event: CaseIterable {
        case ready
        case beginTurn
        case endTurn
        case scheduleTurn
        case beginScheduledTurn
        case end
        case socketClosed
    }

    static let table = StateTable<State, Event>(
        [
            .open: [
                .ready: ("turn", .inTurn), .beginTurn: ("true", .inTurn), .endTurn: ("", .open),
                .scheduleTurn: ("true", .scheduled), .beginScheduledTurn: ("true", .inTurn),
                .end: ("true", .closing), .socketClosed: ("false", .open),
            ],
            .inTurn: [
                .ready: ("nothing", .inTurn), .beginTurn: ("false", .inTurn), .endTurn: ("", .open),
                .scheduleTurn: ("false", .inTurn), .beginScheduledTurn: ("false", .inTurn),
                .end: ("true", .closing), .socketClosed: ("false", .inTurn),
            ],
            .scheduled: [
                .ready: ("turn", .inTurnAndScheduled), .beginTurn: ("true", .inTurnAndScheduled),
                .endTurn: ("", .scheduled), .scheduleTurn: ("false", .scheduled),
                .beginScheduledTurn: ("true", .inTurn), .end: ("true", .closing),
                .socketClosed: ("false", .scheduled),
            ],
            .inTurnAndScheduled: [
                .ready: ("nothing", .inTurnAndScheduled), .beginTurn: ("false", .inTurnAndScheduled),
                .endTurn: ("", .scheduled), .scheduleTurn: ("false", .inTurnAndScheduled),
                .beginScheduledTurn: ("false", .inTurn), .end: ("true", .closing),
                .socketClosed: ("false", .inTurnAndScheduled),
            ],
            .closing: [
                .ready: ("sendRest", .closing), .beginTurn: ("false", .closing), .endTurn: ("", .closing),
                .scheduleTurn: ("false", .closing), .beginScheduledTurn: ("false", .closing),
                .end: ("false", .closing), .socketClosed: ("true", .closed),
            ],
            .closed: [
                .ready: ("nothing", .closed), .beginTurn: ("false", .closed), .endTurn: ("", .closed),
                .scheduleTurn: ("false", .closed), .beginScheduledTurn: ("false", .closed),
                .end: ("false", .closed), .socketClosed: ("false", .closed),
            ],
        ],
        paths: { state in
            switch state {
            case .open: []
            case .inTurn: [.ready]
            case .scheduled: [.scheduleTurn]
            case .inTurnAndScheduled: [.scheduleTurn, .ready]
            case .closing: [.end]
            case .closed: [.end, .socketClosed]
            }
        },
        run: { events in
            var life = PeerLife()
            return events.map { event in
                switch event {
                case .ready: "\(life.ready())"
                case .beginTurn: "\(life.beginTurn())"
                case .endTurn:
                    { () -> String in
                        life.endTurn()
                        return ""
                    }()
                case .scheduleTurn: "\(life.scheduleTurn())"
                case .beginScheduledTurn: "\(life.beginScheduledTurn())"
                case .end: "\(life.end())"
                case .socketClosed: "\(life.socketClosed())"
                }
            }
        })

    @Test("has one answer for each event in each state")
    func states() { #expect(Self.table.faults == []) }

    @Test("is open until it ends")
    func isOpen() {
        var life = PeerLife()
        var answers = [life.isOpen]
        _ = life.end()
        answers.append(life.isOpen)
        _ = life.socketClosed()
        answers.append(life.isOpen)
        #expect(answers == [true, false, false])
    }
}
