import HTTP1
import Testing

@testable import HTTP

@Suite("Life of a server's connection, RFC 9112 §9")
struct HTTPServerLifeTests {
    enum State: CaseIterable {
        case idle
        case waiting
        case answering
        case answeringOneOfTwo
        case streaming
        case answeringLast
        case streamingLast
        case malformed
        case answeringBeforeMalformed
        case peerEndedWhileAnswering
        case peerEndedBeforeLastOfTwo
        case drained
        case leaving
        case answeringOneOfTwoAndLeaving
        case closing
        case closed

        /// What leads there.
        var path: [Event] {
            switch self {
            case .idle: []
            case .waiting: [.request]
            case .answering: [.request, .next]
            case .answeringOneOfTwo: [.request, .next, .request]
            case .streaming: [.request, .next, .beginStream]
            case .answeringLast: [.lastRequest, .next]
            case .streamingLast: [.lastRequest, .next, .beginStream]
            case .malformed: [.nonsense]
            case .answeringBeforeMalformed: [.request, .next, .nonsense]
            case .peerEndedWhileAnswering: [.request, .next, .peerEnd]
            case .peerEndedBeforeLastOfTwo: [.request, .next, .request, .peerEnd]
            case .drained: [.drain]
            case .leaving: [.disableKeepAlive]
            case .answeringOneOfTwoAndLeaving: [.request, .next, .request, .disableKeepAlive]
            case .closing: [.close]
            case .closed: [.close, .socketClosed]
            }
        }
    }

    enum Event: CaseIterable {
        case request
        case lastRequest
        case nonsense
        case peerEnd
        case next
        case beginStream
        case finishAnswer
        case drain
        case disableKeepAlive
        case close
        case socketClosed
    }

    /// What each event gives, and what holds afterwards: what is being done (answering, streaming), whether a request
    /// waits, whether the response that leaves is the last, whether the peer has closed its half, whether nothing more is
    /// read (deaf), or that it is over. A body is only begun by what answers.
    static let table: [State: [Event: String]] = [
        .idle: [
            .request: "- waiting",
            .lastRequest: "- waiting",
            .nonsense: "- deaf",
            .peerEnd: "close",
            .next: "wait",
            .finishAnswer: "false",
            .drain: "true last",
            .disableKeepAlive: "-",
            .close: "true over",
            .socketClosed: "false",
        ],
        .waiting: [
            .request: "- waiting",
            .lastRequest: "- waiting",
            .nonsense: "- waiting deaf",
            .peerEnd: "cancelAnswer waiting half",
            .next: "answer answering",
            .finishAnswer: "false waiting",
            .drain: "false waiting last",
            .disableKeepAlive: "- waiting",
            .close: "true over",
            .socketClosed: "false waiting",
        ],
        .answering: [
            .request: "- answering waiting",
            .lastRequest: "- answering waiting",
            .nonsense: "- answering deaf",
            .peerEnd: "cancelAnswer answering last half",
            .next: "wait answering",
            .beginStream: "true streaming",
            .finishAnswer: "false",
            .drain: "false answering last",
            .disableKeepAlive: "- answering last",
            .close: "true over",
            .socketClosed: "false answering",
        ],
        .answeringOneOfTwo: [
            .request: "- answering waiting",
            .lastRequest: "- answering waiting",
            .nonsense: "- answering waiting deaf",
            .peerEnd: "cancelAnswer answering waiting half",
            .next: "wait answering waiting",
            .beginStream: "true streaming waiting",
            .finishAnswer: "false waiting",
            .drain: "false answering waiting last",
            .disableKeepAlive: "- answering waiting",
            .close: "true over",
            .socketClosed: "false answering waiting",
        ],
        .streaming: [
            .request: "- streaming waiting",
            .lastRequest: "- streaming waiting",
            .nonsense: "- streaming deaf",
            .peerEnd: "close streaming",
            .next: "wait streaming",
            .beginStream: "true streaming",
            .finishAnswer: "false",
            .drain: "false streaming last",
            .disableKeepAlive: "- streaming last",
            .close: "true over",
            .socketClosed: "false streaming",
        ],
        .answeringLast: [
            .request: "- answering waiting last",
            .lastRequest: "- answering waiting last",
            .nonsense: "- answering last",
            .peerEnd: "cancelAnswer answering last half",
            .next: "wait answering last",
            .beginStream: "true streaming last",
            .finishAnswer: "true last",
            .drain: "false answering last",
            .disableKeepAlive: "- answering last",
            .close: "true over",
            .socketClosed: "false answering last",
        ],
        .streamingLast: [
            .request: "- streaming waiting last",
            .lastRequest: "- streaming waiting last",
            .nonsense: "- streaming last",
            .peerEnd: "close streaming last",
            .next: "wait streaming last",
            .beginStream: "true streaming last",
            .finishAnswer: "true last",
            .drain: "false streaming last",
            .disableKeepAlive: "- streaming last",
            .close: "true over",
            .socketClosed: "false streaming last",
        ],
        .malformed: [
            .request: "- waiting deaf",
            .lastRequest: "- waiting deaf",
            .nonsense: "- deaf",
            .peerEnd: "close deaf",
            .next: "refuse last",
            .finishAnswer: "false deaf",
            .drain: "true last",
            .disableKeepAlive: "- deaf",
            .close: "true over",
            .socketClosed: "false deaf",
        ],
        .answeringBeforeMalformed: [
            .request: "- answering waiting deaf",
            .lastRequest: "- answering waiting deaf",
            .nonsense: "- answering deaf",
            .peerEnd: "cancelAnswer answering last half",
            .next: "wait answering deaf",
            .beginStream: "true streaming deaf",
            .finishAnswer: "false deaf",
            .drain: "false answering last",
            .disableKeepAlive: "- answering deaf",
            .close: "true over",
            .socketClosed: "false answering deaf",
        ],
        .peerEndedWhileAnswering: [
            .request: "- answering waiting last half",
            .lastRequest: "- answering waiting last half",
            .nonsense: "- answering last half",
            .peerEnd: "close answering last half",
            .next: "wait answering last half",
            .beginStream: "false answering last half",
            .finishAnswer: "true last half",
            .drain: "false answering last half",
            .disableKeepAlive: "- answering last half",
            .close: "true over",
            .socketClosed: "false answering last half",
        ],
        .peerEndedBeforeLastOfTwo: [
            .request: "- answering waiting half",
            .lastRequest: "- answering waiting half",
            .nonsense: "- answering waiting half",
            .peerEnd: "close answering waiting half",
            .next: "wait answering waiting half",
            .beginStream: "false answering waiting half",
            .finishAnswer: "false waiting half",
            .drain: "false answering waiting last half",
            .disableKeepAlive: "- answering waiting half",
            .close: "true over",
            .socketClosed: "false answering waiting half",
        ],
        .drained: [
            .request: "- waiting last",
            .lastRequest: "- waiting last",
            .nonsense: "- last",
            .peerEnd: "close last",
            .next: "close last",
            .finishAnswer: "true last",
            .drain: "true last",
            .disableKeepAlive: "- last",
            .close: "true over",
            .socketClosed: "false last",
        ],
        .leaving: [
            .request: "- waiting",
            .lastRequest: "- waiting",
            .nonsense: "- deaf",
            .peerEnd: "close",
            .next: "wait",
            .finishAnswer: "false",
            .drain: "true last",
            .disableKeepAlive: "-",
            .close: "true over",
            .socketClosed: "false",
        ],
        .answeringOneOfTwoAndLeaving: [
            .request: "- answering waiting",
            .lastRequest: "- answering waiting",
            .nonsense: "- answering waiting deaf",
            .peerEnd: "cancelAnswer answering waiting half",
            .next: "wait answering waiting",
            .beginStream: "true streaming waiting",
            .finishAnswer: "false waiting",
            .drain: "false answering waiting last",
            .disableKeepAlive: "- answering waiting",
            .close: "true over",
            .socketClosed: "false answering waiting",
        ],
        .closing: [
            .request: "- over",
            .lastRequest: "- over",
            .nonsense: "- over",
            .peerEnd: "nothing over",
            .next: "wait over",
            .beginStream: "false over",
            .finishAnswer: "false over",
            .drain: "false over",
            .disableKeepAlive: "- over",
            .close: "false over",
            .socketClosed: "true over",
        ],
        .closed: [
            .request: "- over",
            .lastRequest: "- over",
            .nonsense: "- over",
            .peerEnd: "nothing over",
            .next: "wait over",
            .beginStream: "false over",
            .finishAnswer: "false over",
            .drain: "false over",
            .disableKeepAlive: "- over",
            .close: "false over",
            .socketClosed: "false over",
        ],
    ]

    /// What a new connection says to the last of some events.
    private static func outcome(_ events: [Event]) -> String {
        var life = HTTPServerLife()
        var outcome = ""
        for event in events {
            switch event {
            case .request:
                life.receive(HTTPRequest("GET", "/"), keepsAlive: true)
                outcome = "-"
            case .lastRequest:
                life.receive(HTTPRequest("GET", "/"), keepsAlive: false)
                outcome = "-"
            case .nonsense:
                life.receive(HTTP1Error.truncated)
                outcome = "-"
            case .peerEnd: outcome = "\(life.receiveEnd())"
            case .next:
                switch life.next() {
                case .answer: outcome = "answer"
                case .refuse: outcome = "refuse"
                case .close: outcome = "close"
                case .wait: outcome = "wait"
                }
            case .beginStream: outcome = "\(life.beginStream())"
            case .finishAnswer: outcome = "\(life.finishAnswer())"
            case .drain: outcome = "\(life.drain())"
            case .disableKeepAlive:
                life.disableKeepAlive()
                outcome = "-"
            case .close: outcome = "\(life.close())"
            case .socketClosed: outcome = "\(life.socketClosed())"
            }
        }
        guard life.isOpen else { return outcome + " over" }
        if life.isStreaming { outcome += " streaming" } else if life.isAnswering { outcome += " answering" }
        if life.hasWaiting { outcome += " waiting" }
        if life.isLast { outcome += " last" }
        if life.hasPeerEnded { outcome += " half" }
        if !life.takesRequests, !life.isLast, !life.hasPeerEnded { outcome += " deaf" }
        return outcome
    }

    @Test("has one answer for each event in each state", arguments: State.allCases)
    func states(state: State) {
        for event in Event.allCases {
            // Only what is being answered has a body.
            let isBodyOfNothing = event == .beginStream && Self.table[state]?[event] == nil
            guard !isBodyOfNothing else { continue }
            #expect(Self.outcome(state.path + [event]) == Self.table[state]?[event], "\(event) in \(state)")
        }
    }

    @Test(
        "without keep-alive, what has come is answered, and the last of it is the last answer",
        arguments: [1, 2, 3])
    func leaving(requests: Int) {
        var life = HTTPServerLife()
        life.disableKeepAlive()
        for _ in 0..<requests { life.receive(HTTPRequest("GET", "/"), keepsAlive: true) }
        var lasts: [Bool] = []
        while case .answer = life.next() {
            lasts.append(life.isLast)
            #expect(life.finishAnswer() == lasts.last)
        }
        #expect(lasts == [Bool](repeating: false, count: requests - 1) + [true])
        let takesRequests = life.takesRequests
        #expect(!takesRequests)
    }

    @Test("answers in the order in which requests came, and refuses nonsense after them")
    func order() {
        var life = HTTPServerLife()
        life.receive(HTTPRequest("GET", "/1"), keepsAlive: true)
        life.receive(HTTPRequest("GET", "/2"), keepsAlive: true)
        life.receive(HTTP1Error.truncated)
        var answers: [String] = []
        for _ in 0..<3 {
            switch life.next() {
            case .answer(let request): answers.append(request.target)
            case .refuse(let error): answers.append("\(error.status)")
            case .close, .wait: answers.append("?")
            }
            _ = life.finishAnswer()
        }
        #expect(answers == ["/1", "/2", "400"])
    }
}
