import HPACK
import Testing

@testable import HTTP2

@Suite("Flow control, RFC 9113 §5.2 and §6.9")
struct FlowControlTests {
    /// A server with an open request on stream 1 from a peer with this INITIAL_WINDOW_SIZE.
    private func server(window: UInt32, streams: Int = 1) -> Endpoint {
        let server = openServer()
        var octets = frame(4, setting(4, window))
        for index in 0..<streams { octets += requestFrame(StreamID(2 * index + 1)) }
        _ = server.take(octets)
        _ = server.takeOutput()
        for index in 0..<streams { server.sendHeaders(StreamID(2 * index + 1), response) }
        _ = server.takeOutput()
        return server
    }

    @Test("octets wait for the stream's window and say when they are gone")
    func streamWindow() {
        let server = server(window: 10)
        #expect(!server.sendData(1, [UInt8](repeating: 1, count: 25)))
        #expect(server.takeFrames().compactMap(\.dataSize) == [10])
        #expect(server.waitingOctets(1) == 15)
        #expect(server.take(frame(8, stream: 1, words(14))) == [])
        #expect(server.takeFrames().compactMap(\.dataSize) == [14])
        #expect(server.take(frame(8, stream: 1, words(14))) == [.writable(1)])
        #expect(server.takeFrames().compactMap(\.dataSize) == [1])
    }

    @Test("a stream that nothing goes out on between two looks is reset, and the others are not")
    func stalls() {
        let server = server(window: 10, streams: 4)
        for stream: StreamID in [1, 3, 5] { server.sendData(stream, [UInt8](repeating: 1, count: 25)) }
        server.sendData(7, [1])
        _ = server.takeOutput()
        #expect(server.resetStalled())
        #expect(
            server.take(frame(8, stream: 3, words(1)) + frame(8, stream: 5, words(100))) == [.writable(5)])
        #expect(server.takeFrames().compactMap(\.dataSize).sorted() == [1, 15])
        // One octet is a sign of life for once; what does not wait is never stalled.
        #expect(server.resetStalled())
        #expect(server.take([]) == [.reset(1, .cancel, byPeer: false)])
        #expect(server.takeFrames() == [.reset(1, .cancel)])
        #expect(!server.resetStalled())
        #expect(server.take([]) == [.reset(3, .cancel, byPeer: false)])
        #expect(!server.resetStalled())
        #expect([1, 3, 5, 7].map { server.isOpen($0) } == [false, false, true, true])
        #expect(!server.isFailed)
    }

    @Test("trailers that wait behind a shut window end with the stream")
    func stalledTrailers() {
        let server = server(window: 0)
        server.sendData(1, [1])
        server.sendTrailers(1, ["grpc-status": "0"])
        #expect(server.resetStalled())
        #expect(!server.resetStalled())
        #expect(server.takeFrames() == [.reset(1, .cancel)])
        #expect(server.openStreams == 0)
    }

    @Test("trailers follow what waits")
    func trailersWait() {
        let server = server(window: 10)
        server.sendData(1, [UInt8](repeating: 1, count: 15))
        server.sendTrailers(1, ["grpc-status": "0"])
        #expect(server.takeFrames().compactMap(\.dataSize) == [10])
        _ = server.take(frame(8, stream: 1, words(100)))
        let sent = server.takeFrames()
        #expect(sent.first?.dataSize == 5)
        guard case .headers(1, _, endStream: true, endHeaders: true)? = sent.last else {
            Issue.record("no trailers: \(sent)")
            return
        }
        #expect(!server.isOpen(1))
    }

    @Test("a prefix and a body leave as one, or wait as one", arguments: [100, 30, 12, 5, 3, 0])
    func prefix(window: UInt32) {
        let body = (0..<20).map { UInt8($0) }
        let joined = server(window: window)
        let apart = server(window: window)
        let isOut = joined.sendData(1, [1, 2, 3, 4, 5] + body)
        #expect(apart.sendData(1, prefix: (0x0102_0304_05ff_ffff, 5), body) == isOut)
        #expect(isOut == (window >= 25))
        #expect(apart.takeOutput() == joined.takeOutput())
        _ = joined.take(frame(8, stream: 1, words(100)))
        _ = apart.take(frame(8, stream: 1, words(100)))
        #expect(apart.takeOutput() == joined.takeOutput())
        #expect(apart.waitingOctets(1) == 0)
    }

    @Test("END_STREAM needs no window")
    func emptyEnd() {
        let server = server(window: 0)
        #expect(server.sendData(1, [], endStream: true))
        #expect(server.takeFrames() == [.data(1, payload: 9..<9, flow: 0, endStream: true)])
    }

    @Test("INITIAL_WINDOW_SIZE changes open streams, even below zero, §6.9.2")
    func initialWindow() {
        let server = server(window: 100)
        server.sendData(1, [UInt8](repeating: 1, count: 80))
        _ = server.takeOutput()
        _ = server.take(frame(4, setting(4, 30)))
        server.sendData(1, [UInt8](repeating: 1, count: 50))
        #expect(server.takeFrames().compactMap(\.dataSize) == [])
        // The window is -50; 60 more make it 10.
        _ = server.take(frame(8, stream: 1, words(60)))
        #expect(server.takeFrames().compactMap(\.dataSize) == [10])
        _ = server.take(frame(4, setting(4, 70)))
        #expect(server.takeFrames().compactMap(\.dataSize) == [40])
    }

    @Test("the connection's window holds back all streams, which then get their turns")
    func connectionWindow() {
        let server = server(window: 1_000_000, streams: 3)
        for stream in [1, 3, 5] as [StreamID] {
            server.sendData(stream, [UInt8](repeating: 1, count: 40_000))
        }
        #expect(server.takeFrames().compactMap(\.dataSize).reduce(0, +) == 65_535)
        _ = server.take(frame(8, words(1_000_000)))
        #expect(server.takeFrames().compactMap(\.dataSize).reduce(0, +) == 120_000 - 65_535)
        for stream in [1, 3, 5] as [StreamID] { #expect(server.waitingOctets(stream) == 0) }
    }

    @Test("no frame is longer than 16384, whatever the peer allows")
    func frameSize() {
        let server = server(window: 1_000_000)
        _ = server.take(frame(4, setting(5, 1_000_000)))
        server.sendData(1, [UInt8](repeating: 1, count: 60_000))
        #expect(server.takeFrames().compactMap(\.dataSize) == [16_384, 16_384, 16_384, 10_848])
    }

    @Test("output is not filled beyond its limit, for a peer with gigabytes of window")
    func outputLimit() {
        let server = server(window: 0x7fff_ffff)
        _ = server.take(frame(8, words(0x7000_0000)))
        server.sendData(1, [UInt8](repeating: 1, count: 1_000_000))
        var sizes: [Int] = []
        server.drainOutput { sizes.append($0.byteCount) }
        #expect(sizes[0] < 65_536 + 16_384 + 9)
        #expect(server.waitingOctets(1) > 800_000)
    }

    @Test("what the peer sends beyond a window is an error of the stream or of the connection")
    func tooMuch() {
        var limits = HTTP2Limits()
        limits.streamWindow = 65_535
        let server = openServer(limits)
        _ = server.take(requestFrame(1, endStream: false))
        let full = frame(0, stream: 1, [UInt8](repeating: 0, count: 16_384))
        _ = server.take(full + full + full, consuming: false)
        #expect(server.take(full, consuming: false) == [.reset(1, .flowControlError, byPeer: false)])
        #expect(server.takeFrames().contains(.reset(1, .flowControlError)))
    }

    @Test("the stream's window is given back by halves as its octets are consumed, padding at once")
    func giveBack() {
        var limits = HTTP2Limits()
        limits.streamWindow = 65_535
        let server = openServer(limits)
        _ = server.take(requestFrame(1, endStream: false))
        // 10,256 octets of flow, 256 of them padding.
        let padded = frame(0, flags: 8, stream: 1, [255] + [UInt8](repeating: 0, count: 10_000 + 255))
        for _ in 0..<3 { _ = server.take(padded, consuming: false) }
        #expect(server.takeFrames() == [])
        server.consume(30_000, on: 1)
        #expect(server.takeFrames() == [])
        _ = server.take(padded, consuming: false)
        server.consume(10_000, on: 1)
        #expect(server.takeFrames() == [.windowUpdate(1, increment: 41_024)])
    }

    @Test("the connection's window is given back for streams that are over, too")
    func connectionGiveBack() {
        let server = openServer()
        _ = server.take(requestFrame(1, endStream: false))
        server.reset(1, .cancel)
        _ = server.takeOutput()
        var increments = 0
        for _ in 0..<1000 {
            _ = server.take(frame(0, stream: 1, [UInt8](repeating: 0, count: 16_000)))
            for case .windowUpdate(0, let increment) in server.takeFrames() { increments += increment }
        }
        #expect(!server.isFailed)
        #expect(increments > 15_000_000)
    }
}
