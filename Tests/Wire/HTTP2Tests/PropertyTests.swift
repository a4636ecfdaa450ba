// Rules that hold for every conversation: random ones are held against a model that is simple enough to be believed.

import HPACK
import TestSupport
import Testing

@testable import HTTP2

/// What a peer may be sent, by the arithmetic of RFC 9113 §6.9 and nothing else.
private struct WindowModel {
    var initial = 65_535
    var connection = 65_535
    var streams: [StreamID: Int] = [:]

    mutating func setInitial(_ value: Int) {
        for stream in streams.keys { streams[stream]? += value - initial }
        initial = value
    }

    /// Accounts for the frames that were sent; false when one was larger than both windows allowed.
    mutating func allows(_ frames: [Frame]) -> Bool {
        for case .data(let stream, let payload, _, _) in frames {
            guard let window = streams[stream], payload.isEmpty || payload.count <= min(window, connection)
            else { return false }
            streams[stream] = window - payload.count
            connection -= payload.count
        }
        return true
    }
}

@Suite("Properties of every conversation")
struct PropertyTests {
    /// Frames at random, most of them well formed, on a handful of streams.
    private static func frames(_ random: inout SeededGenerator, _ count: Int) -> [UInt8] {
        var octets: [UInt8] = []
        var opened: StreamID = 1
        for _ in 0..<count {
            let stream = StreamID(random.number(0..<12))
            switch random.number(0..<14) {
            case 0, 1, 2:
                octets += headers(
                    opened, with("x-\(random.number(0..<5))", "v"), end: random.number(0..<2) == 0)
                opened += 2
            case 3, 4:
                octets += dataFrame(
                    stream, random.octets(random.number(0..<40)), end: random.number(0..<4) == 0)
            case 5: octets += frame(0, flags: 8, stream: stream, [3] + random.octets(7))
            case 6: octets += windowUpdate(stream, UInt32(random.number(1..<70_000)))
            case 7: octets += settings((UInt16(random.number(1..<8)), UInt32(random.number(0..<20_000))))
            case 8: octets += ping(UInt64(random.number(0..<99)))
            case 9: octets += resetFrame(stream)
            case 10: octets += priority(stream, on: stream + 1)
            case 11: octets += headers(stream, ["trailer": "1"], end: true)
            case 12: octets += openHeaders(opened, block(post), end: true) + continuation(opened)
            default:
                octets += frame(
                    UInt8(random.number(0..<12)), stream: stream, random.octets(random.number(0..<20)))
            }
        }
        return octets
    }

    @Test("octets cut at random give the same events and the same answers", arguments: 0..<80)
    func cuts(seed: Int) {
        var random = SeededGenerator(seed: seed)
        let octets = Self.frames(&random, 30)
        for role in [HTTP2Role.server, .client] {
            let (whole, expected) = Self.replay(role, [octets])
            for _ in 0..<4 {
                var pieces: [[UInt8]] = []
                var rest = octets[...]
                while !rest.isEmpty {
                    let size = random.number(1..<min(60, rest.count + 1) + 1)
                    pieces.append(Array(rest.prefix(size)))
                    rest = rest.dropFirst(size)
                }
                let (seen, sent) = Self.replay(role, pieces)
                #expect(seen == whole)
                #expect(sent == expected)
            }
        }
    }

    private static func replay(_ role: HTTP2Role, _ pieces: [[UInt8]]) -> ([Seen], [UInt8]) {
        let end = role == .server ? openServer() : openClient()
        if role == .client { for _ in 0..<3 { _ = try? end.sendRequest(get) } }
        let seen = pieces.flatMap { end.take($0) }
        return (seen, end.takeOutput())
    }

    @Test("what is sent fits the windows, and nothing waits that would fit", arguments: 0..<60)
    func sendWindows(seed: Int) {
        var random = SeededGenerator(seed: seed)
        let server = openServer()
        var model = WindowModel()
        var written: [StreamID: Int] = [:]
        var sent: [StreamID: Int] = [:]
        for stream in [1, 3, 5] as [StreamID] {
            _ = server.take(headers(stream, get, end: true))
            server.sendHeaders(stream, response)
            model.streams[stream] = model.initial
        }
        _ = server.takeOutput()
        for _ in 0..<150 {
            let stream = [1, 3, 5].randomElement(using: &random) ?? 1 as StreamID
            switch random.number(0..<5) {
            case 0:
                let value = [0, 1, 100, 16_384, 65_535, 100_000].randomElement(using: &random) ?? 0
                model.setInitial(value)
                #expect(server.take(settings((4, UInt32(value)))).first == .settings)
            case 1:
                let increment = random.number(1..<50_000)
                model.connection += increment
                _ = server.take(windowUpdate(0, UInt32(increment)))
            case 2:
                let increment = random.number(1..<50_000)
                model.streams[stream]? += increment
                _ = server.take(windowUpdate(stream, UInt32(increment)))
            default:
                let octets = random.octets(random.number(1..<30_000) / (1 + random.number(0..<100)))
                written[stream, default: 0] += octets.count
                server.sendData(stream, octets)
            }
            let frames = server.takeFrames()
            let fits = model.allows(frames)
            #expect(fits)
            for case .data(let stream, let payload, _, _) in frames {
                sent[stream, default: 0] += payload.count
            }
            for (stream, window) in model.streams {
                let waiting = server.waitingOctets(stream)
                #expect(waiting + sent[stream, default: 0] == written[stream, default: 0])
                #expect(waiting == 0 || min(window, model.connection) <= 0, "\(waiting) octets could go")
            }
        }
        #expect(!server.isFailed)
    }

    @Test("the peer's windows never close for good and never grow beyond their size", arguments: 0..<40)
    func receiveWindows(seed: Int) {
        var random = SeededGenerator(seed: seed)
        var limits = HTTP2Limits()
        limits.streamWindow = 65_535 + random.number(0..<100_000)
        limits.connectionWindow = 65_535 + random.number(0..<100_000)
        let server = Endpoint(.server, limits: limits)
        _ = server.take(clientHello + settingsAcknowledgement)
        var connection = 65_535
        var streams: [StreamID: Int] = [:]
        var held: [StreamID: Int] = [:]
        func listen() {
            for case .windowUpdate(let stream, let increment) in server.takeFrames() {
                if stream == 0 { connection += increment } else { streams[stream]? += increment }
            }
            #expect(connection <= limits.connectionWindow)
            for window in streams.values { #expect(window <= limits.streamWindow) }
        }
        for stream in [1, 3] as [StreamID] {
            streams[stream] = limits.streamWindow
            held[stream] = 0
            _ = server.take(headers(stream, post, end: false))
        }
        listen()
        for _ in 0..<200 {
            let stream = [1, 3].randomElement(using: &random) ?? 1 as StreamID
            let room = min(connection, streams[stream] ?? 0, 16_384)
            if random.number(0..<3) > 0, room > 0 {
                let size = random.number(1..<room + 1)
                let padding = min(random.number(0..<20), size - 1)
                let frame =
                    padding > 0
                    ? frame(0, flags: 8, stream: stream, [UInt8(padding)] + random.octets(size - 1))
                    : dataFrame(stream, random.octets(size), end: false)
                connection -= size
                streams[stream]? -= size
                for case .data(_, let octets, _) in server.take(frame, consuming: false) {
                    held[stream, default: 0] += octets.count
                }
            } else {
                let octets = held[stream] ?? 0
                server.consume(octets, on: stream)
                held[stream] = 0
            }
            listen()
        }
        for stream in held.keys.sorted() { server.consume(held[stream] ?? 0, on: stream) }
        listen()
        #expect(!server.isFailed)
        #expect(connection > limits.connectionWindow / 2)
        for window in streams.values { #expect(window > limits.streamWindow / 2) }
    }

    @Test("a connection error is the last thing that a peer hears", arguments: 0..<40)
    func failure(seed: Int) {
        var random = SeededGenerator(seed: 1000 + seed)
        let server = openServer()
        let seen = server.take(Self.frames(&random, 200))
        let sent = server.takeFrames()
        let failures = seen.filter { if case .failed = $0 { true } else { false } }
        #expect(failures.count == (server.isFailed ? 1 : 0))
        #expect(sent.filter { $0.goAwayCode != nil }.count == failures.count)
        if server.isFailed {
            #expect(sent.last?.goAwayCode != nil)
            #expect(seen.last == failures.last)
            #expect(server.openStreams == 0)
        }
    }
}
