// The machines that a connection consists of, each by itself: every state and every event.

import HPACK
import TestSupport
import Testing

@testable import HTTP2

@Suite("The peer's first words, RFC 9113 §3.4")
struct GreetingTests {
    enum State: CaseIterable {
        case preface
        case halfOfPreface
        case settings
        case frames
        case closed
    }

    enum Event: CaseIterable {
        case half
        case rest
        case wrong
        case settingsFrame
        case otherFrame
        case close
    }

    static let table = StateTable<State, Event>(
        [
            .preface: [
                .half: ("wait 12", .halfOfPreface), .rest: ("refuse 0", .preface),
                .wrong: ("refuse 0", .preface), .settingsFrame: ("false", .preface),
                .otherFrame: ("false", .preface), .close: ("true", .closed),
            ],
            .halfOfPreface: [
                .half: ("refuse 0", .halfOfPreface), .rest: ("readFrames 12", .settings),
                .wrong: ("refuse 0", .halfOfPreface), .settingsFrame: ("false", .halfOfPreface),
                .otherFrame: ("false", .halfOfPreface), .close: ("true", .closed),
            ],
            .settings: [
                .half: ("readFrames 0", .settings), .rest: ("readFrames 0", .settings),
                .wrong: ("readFrames 0", .settings), .settingsFrame: ("true", .frames),
                .otherFrame: ("false", .settings), .close: ("true", .closed),
            ],
            .frames: [
                .half: ("readFrames 0", .frames), .rest: ("readFrames 0", .frames),
                .wrong: ("readFrames 0", .frames), .settingsFrame: ("true", .frames),
                .otherFrame: ("true", .frames), .close: ("true", .closed),
            ],
            .closed: [
                .half: ("ignore 0", .closed), .rest: ("ignore 0", .closed), .wrong: ("ignore 0", .closed),
                .settingsFrame: ("false", .closed), .otherFrame: ("false", .closed),
                .close: ("false", .closed),
            ],
        ],
        paths: { state in
            switch state {
            case .preface: []
            case .halfOfPreface: [.half]
            case .settings: [.half, .rest]
            case .frames: [.half, .rest, .settingsFrame]
            case .closed: [.close]
            }
        },
        run: { events in
            var greeting = Greeting(.server)
            return events.map { event in
                var head = 0
                switch event {
                case .half:
                    return "\(greeting.receive(Array(HTTP2Connection.preface[..<12]), from: &head)) \(head)"
                case .rest:
                    return "\(greeting.receive(Array(HTTP2Connection.preface[12...]), from: &head)) \(head)"
                case .wrong: return "\(greeting.receive(Array("GET / HTTP".utf8), from: &head)) \(head)"
                case .settingsFrame: return "\(greeting.receiveFrame(isSettings: true))"
                case .otherFrame: return "\(greeting.receiveFrame(isSettings: false))"
                case .close: return "\(greeting.close())"
                }
            }
        })

    @Test("have one answer for each event in each state")
    func states() { #expect(Self.table.faults == []) }

    @Test("are complete with SETTINGS, and a client's peer has no preface to say")
    func complete() {
        var greeting = Greeting(.client)
        var answers = [greeting.isComplete, greeting.isClosed]
        _ = greeting.receiveFrame(isSettings: true)
        answers += [greeting.isComplete, greeting.isClosed]
        _ = greeting.close()
        answers += [greeting.isComplete, greeting.isClosed]
        #expect(answers == [false, false, true, false, false, true])
    }
}

@Suite("Shutdown of a connection, RFC 9113 §6.8")
struct DrainTests {
    enum State: CaseIterable {
        case running
        case warned
        case final
        case done
    }

    enum Event: CaseIterable {
        case start
        case ourPing
        case otherPing
        case force
        case lastStreamEnds
    }

    /// Outcomes, and whether stream 9 is ignored afterwards; the last stream is 7.
    static let table = StateTable<State, Event>(
        [
            .running: [
                .start: ("warn(ping: 1) false", .warned), .ourPing: ("false false", .running),
                .otherPing: ("false false", .running), .force: ("true true", .final),
                .lastStreamEnds: ("false false", .running),
            ],
            .warned: [
                .start: ("nothing false", .warned), .ourPing: ("true true", .final),
                .otherPing: ("false false", .warned), .force: ("true true", .final),
                .lastStreamEnds: ("false false", .warned),
            ],
            .final: [
                .start: ("nothing true", .final), .ourPing: ("false true", .final),
                .otherPing: ("false true", .final), .force: ("false true", .final),
                .lastStreamEnds: ("true true", .done),
            ],
            .done: [
                .start: ("nothing true", .done), .ourPing: ("false true", .done),
                .otherPing: ("false true", .done), .force: ("false true", .done),
                .lastStreamEnds: ("false true", .done),
            ],
        ],
        paths: { state in
            switch state {
            case .running: []
            case .warned: [.start]
            case .final: [.force]
            case .done: [.force, .lastStreamEnds]
            }
        },
        run: { events in
            var drain = Drain()
            return events.map { event in
                let outcome =
                    switch event {
                    case .start: "\(drain.start(ping: 1))"
                    case .ourPing: "\(drain.acknowledge(ping: 1, lastStream: 7))"
                    case .otherPing: "\(drain.acknowledge(ping: 2, lastStream: 7))"
                    case .force: "\(drain.force(lastStream: 7))"
                    case .lastStreamEnds: "\(drain.finish())"
                    }
                return "\(outcome) \(drain.ignores(9))"
            }
        })

    @Test("has one answer for each event in each state")
    func states() { #expect(Self.table.faults == []) }

    @Test("takes the streams that had begun before the last GOAWAY")
    func begun() {
        var drain = Drain()
        _ = drain.force(lastStream: 7)
        let ignored = [5, 7, 9].map { drain.ignores($0) }
        #expect(ignored == [false, false, true])
    }
}

@Suite("Life of a stream, RFC 9113 §5.1")
struct StreamTests {
    /// The peer's direction and ours.
    enum State: CaseIterable {
        case open
        case inBody
        case halfClosedRemote
        case halfClosedLocal
        case halfClosedLocalInBody
        case closed
        case waiting
        case waitingToEnd
    }

    enum Event: CaseIterable {
        case headers
        case headersThatEnd
        case trailers
        case trailersWithoutEnd
        case data
        case dataThatEnds
        case sendMore
        case sendLast
        case leaveOne
        case leaveAll
        case endSending
    }

    /// Outcomes of the event, the RFC's state afterwards, and the octets that wait.
    static let table: [State: [Event: String]] = [
        .open: [
            .headers: "begins open", .headersThatEnd: "begins half-closed (remote)",
            .trailers: "begins open", .trailersWithoutEnd: "begins open", .data: "PROTOCOL_ERROR open",
            .dataThatEnds: "PROTOCOL_ERROR open", .sendMore: "taken open 3", .sendLast: "taken open 3",
            .leaveOne: "- open", .leaveAll: "- open", .endSending: "- half-closed (local)",
        ],
        .inBody: [
            .headers: "trailers open", .headersThatEnd: "trailers half-closed (remote)",
            .trailers: "trailers half-closed (remote)", .trailersWithoutEnd: "PROTOCOL_ERROR open",
            .data: "- open", .dataThatEnds: "- half-closed (remote)", .sendMore: "taken open 3",
            .sendLast: "taken open 3", .leaveOne: "- open", .leaveAll: "- open",
            .endSending: "- half-closed (local)",
        ],
        .halfClosedRemote: [
            .headers: "STREAM_CLOSED half-closed (remote)",
            .headersThatEnd: "STREAM_CLOSED half-closed (remote)",
            .trailers: "STREAM_CLOSED half-closed (remote)",
            .trailersWithoutEnd: "STREAM_CLOSED half-closed (remote)",
            .data: "STREAM_CLOSED half-closed (remote)", .dataThatEnds: "STREAM_CLOSED half-closed (remote)",
            .sendMore: "taken half-closed (remote) 3", .sendLast: "taken half-closed (remote) 3",
            .leaveOne: "- half-closed (remote)", .leaveAll: "- half-closed (remote)",
            .endSending: "- closed",
        ],
        .halfClosedLocal: [
            .headers: "begins half-closed (local)", .headersThatEnd: "begins closed",
            .trailers: "begins half-closed (local)", .trailersWithoutEnd: "begins half-closed (local)",
            .data: "PROTOCOL_ERROR half-closed (local)", .dataThatEnds: "PROTOCOL_ERROR half-closed (local)",
            .sendMore: "refused half-closed (local)", .sendLast: "refused half-closed (local)",
            .leaveOne: "- half-closed (local)", .leaveAll: "- half-closed (local)",
            .endSending: "- half-closed (local)",
        ],
        .halfClosedLocalInBody: [
            .headers: "trailers half-closed (local)", .headersThatEnd: "trailers closed",
            .trailers: "trailers closed", .trailersWithoutEnd: "PROTOCOL_ERROR half-closed (local)",
            .data: "- half-closed (local)", .dataThatEnds: "- closed",
            .sendMore: "refused half-closed (local)", .sendLast: "refused half-closed (local)",
            .leaveOne: "- half-closed (local)", .leaveAll: "- half-closed (local)",
            .endSending: "- half-closed (local)",
        ],
        .closed: [
            .headers: "STREAM_CLOSED closed", .headersThatEnd: "STREAM_CLOSED closed",
            .trailers: "STREAM_CLOSED closed", .trailersWithoutEnd: "STREAM_CLOSED closed",
            .data: "STREAM_CLOSED closed", .dataThatEnds: "STREAM_CLOSED closed",
            .sendMore: "refused closed", .sendLast: "refused closed", .leaveOne: "- closed",
            .leaveAll: "- closed", .endSending: "- closed",
        ],
        .waiting: [
            .headers: "begins open 3", .headersThatEnd: "begins half-closed (remote) 3",
            .trailers: "begins open 3", .trailersWithoutEnd: "begins open 3", .data: "PROTOCOL_ERROR open 3",
            .dataThatEnds: "PROTOCOL_ERROR open 3", .sendMore: "taken open 6", .sendLast: "taken open 6",
            .leaveOne: "- open 2", .leaveAll: "open open", .endSending: "- half-closed (local)",
        ],
        .waitingToEnd: [
            .headers: "begins open 3", .headersThatEnd: "begins half-closed (remote) 3",
            .trailers: "begins open 3", .trailersWithoutEnd: "begins open 3", .data: "PROTOCOL_ERROR open 3",
            .dataThatEnds: "PROTOCOL_ERROR open 3", .sendMore: "refused open 3", .sendLast: "refused open 3",
            .leaveOne: "- open 2", .leaveAll: "endStream open", .endSending: "- half-closed (local)",
        ],
    ]

    private static func stream(_ state: State) throws -> HTTP2Stream {
        var stream = HTTP2Stream(1, receiveWindow: 100, sendWindow: 100)
        let path: [Event] =
            switch state {
            case .open: []
            case .inBody: [.headers]
            case .halfClosedRemote: [.headersThatEnd]
            case .halfClosedLocal: [.endSending]
            case .halfClosedLocalInBody: [.headers, .endSending]
            case .closed: [.headersThatEnd, .endSending]
            case .waiting: [.sendMore]
            case .waitingToEnd: [.sendLast]
            }
        for event in path { _ = try take(event, &stream) }
        return stream
    }

    /// What the connection does about an event.
    private static func take(_ event: Event, _ stream: inout HTTP2Stream) throws(Fault) -> String {
        switch event {
        case .headers, .headersThatEnd:
            let begins = try stream.beginsMessage()
            stream.receiveHeaders(contentLength: nil, endStream: event == .headersThatEnd)
            return begins ? "begins" : "trailers"
        case .trailers, .trailersWithoutEnd:
            guard try !stream.beginsMessage() else { return "begins" }
            try stream.receiveTrailers(endStream: event == .trailers)
            return "trailers"
        case .data, .dataThatEnds:
            try stream.receiveData(2, flow: 2, endStream: event == .dataThatEnds)
            return "-"
        case .sendMore, .sendLast:
            guard stream.takesMore else { return "refused" }
            stream.wait([1, 2, 3], then: event == .sendLast ? .endStream : .open)
            return "taken"
        case .leaveOne, .leaveAll:
            return stream.leave(event == .leaveOne ? 1 : stream.waitingOctets).map { "\($0)" } ?? "-"
        case .endSending:
            stream.endSending()
            return "-"
        }
    }

    private static func name(_ stream: HTTP2Stream) -> String {
        // Our direction is over where ending it changes nothing: nothing is taken, and nothing waits.
        let sends = stream.takesMore || stream.backlog != nil
        let name =
            switch (stream.canReceive, sends) {
            case (true, true): "open"
            case (true, false): "half-closed (local)"
            case (false, true): "half-closed (remote)"
            case (false, false): "closed"
            }
        return stream.waitingOctets > 0 ? "\(name) \(stream.waitingOctets)" : name
    }

    @Test("has one answer for each event in each state", arguments: State.allCases)
    func states(state: State) throws {
        for event in Event.allCases {
            var stream = try Self.stream(state)
            var outcome: String
            do throws(Fault) {
                outcome = try Self.take(event, &stream)
            } catch {
                outcome = "\(error.code)"
            }
            #expect("\(outcome) \(Self.name(stream))" == Self.table[state]?[event], "\(event) in \(state)")
            #expect(stream.isClosed == (Self.name(stream) == "closed"))
        }
    }

    @Test("a body has the length that Content-Length says, §8.1.1")
    func contentLength() throws {
        var stream = HTTP2Stream(1, receiveWindow: 100, sendWindow: 100)
        stream.receiveHeaders(contentLength: 5, endStream: false)
        try stream.receiveData(2, flow: 4, endStream: false)
        let short = stream
        #expect(throws: stream.wrongLength) { try stream.receiveData(4, flow: 4, endStream: false) }
        stream = short
        #expect(throws: stream.wrongLength) { try stream.receiveData(2, flow: 2, endStream: true) }
        stream = short
        #expect(throws: stream.wrongLength) { try stream.receiveTrailers(endStream: true) }
        stream = short
        try stream.receiveData(3, flow: 3, endStream: true)
        #expect(!stream.canReceive)
    }

    @Test("what waits is stalled when nothing has gone out between two looks")
    func stalled() {
        var stream = HTTP2Stream(1, receiveWindow: 100, sendWindow: 100)
        #expect(!stream.isStalled())
        stream.wait([1, 2, 3], then: .open)
        #expect(!stream.isStalled())
        #expect(stream.isStalled())
        #expect(stream.leave(1) == nil)
        #expect(!stream.isStalled())
        #expect(stream.isStalled())
    }
}
