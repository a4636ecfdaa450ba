import HPACK
import Testing

@testable import HTTP2

@Suite("Abuse is limited")
struct LimitsTests {
    /// Feeds `octets(n)` for rising `n` and tells after how many the connection failed, or nil.
    private func failure(
        _ server: Endpoint, at now: (Int) -> UInt64 = { _ in 0 }, rounds: Int = 3000,
        _ octets: (Int) -> [UInt8]
    ) -> (rounds: Int, code: ErrorCode)? {
        for round in 0..<rounds {
            for case .failed(let code) in server.take(octets(round), at: now(round)) { return (round, code) }
            _ = server.takeOutput()
        }
        return nil
    }

    @Test("Rapid Reset, CVE-2023-44487")
    func rapidReset() throws {
        let end = failure(openServer()) { round in
            let stream = StreamID(2 * round + 1)
            return requestFrame(stream) + frame(3, stream: stream, words(8))
        }
        #expect(end?.code == .enhanceYourCalm)
        #expect(end?.rounds == 200)
    }

    @Test("resets at a human pace are no abuse")
    func slowResets() {
        let end = failure(openServer(), at: { UInt64($0) * 40_000_000 }) { round in
            let stream = StreamID(2 * round + 1)
            return requestFrame(stream) + frame(3, stream: stream, words(8))
        }
        #expect(end == nil)
    }

    @Test("MadeYouReset, CVE-2025-8671: errors that make us reset")
    func madeYouReset() {
        let end = failure(openServer()) { round in
            let stream = StreamID(2 * round + 1)
            return requestFrame(stream) + frame(8, stream: stream, words(0))
        }
        #expect(end?.code == .enhanceYourCalm)
        #expect(end?.rounds == 100)
    }

    @Test(
        "floods of frames that cost an answer, CVE-2019-9512, -9515, -9518",
        arguments: [
            frame(6, words(1, 2)), emptySettings, frame(2, stream: 1, [0, 0, 0, 3, 1]), frame(0, stream: 1),
            frame(0xee), frame(7, words(0, 0)), frame(0, flags: 8, stream: 1, [2, 0, 0]),
        ])
    func floods(octets: [UInt8]) {
        let server = openServer()
        _ = server.take(requestFrame(1, endStream: false))
        let end = failure(server) { _ in octets }
        #expect(end?.code == .enhanceYourCalm)
        #expect((900...1000).contains(end?.rounds ?? 0))
    }

    @Test("a PING for each of our answers is no flood: grpc-go measures bandwidth so")
    func bandwidthProbes() {
        let server = openServer()
        for round in 0..<20_000 {
            let stream = StreamID(2 * round + 1)
            let seen = server.take(requestFrame(stream) + frame(6, hex("02041010090e0707")))
            #expect(seen == [.headers(stream, request, end: true)])
            server.sendHeaders(stream, response)
            server.sendTrailers(stream, ["grpc-status": "0"])
            _ = server.takeOutput()
        }
        #expect(!server.isFailed)
    }

    @Test("CONTINUATION flood, CVE-2024-27316")
    func continuations() {
        let server = openServer()
        _ = server.take(frame(1, flags: 1, stream: 1, block(request)))
        let end = failure(server) { _ in frame(9, stream: 1, block(["a": "b"])) }
        #expect(end?.code == .enhanceYourCalm)
        #expect(end?.rounds == 4)
    }

    @Test("a header block longer than the limit on the wire")
    func blockSize() {
        var limits = HTTP2Limits()
        limits.headerBlockSize = 1000
        let server = openServer(limits)
        #expect(
            server.take(frame(1, flags: 1, stream: 1, [UInt8](repeating: 0, count: 1001))) == [
                .failed(.enhanceYourCalm)
            ])
    }

    @Test("a header list larger than the limit costs its stream only")
    func listSize() {
        var limits = HTTP2Limits()
        limits.headerListSize = 400
        let server = openServer(limits)
        var large = request
        for index in 0..<9 { large.add("x-\(index)", String(repeating: "v", count: 50)) }
        #expect(server.take(requestFrame(1, large)) == [.reset(1, .enhanceYourCalm, byPeer: false)])
        #expect(server.take(requestFrame(3)) == [.headers(3, request, end: true)])
    }

    @Test("streams above the limit are refused, §5.1.2")
    func concurrentStreams() {
        var limits = HTTP2Limits()
        limits.concurrentStreams = 2
        let server = openServer(limits)
        _ = server.take(requestFrame(1) + requestFrame(3))
        #expect(server.take(requestFrame(5)) == [])
        #expect(server.takeFrames() == [.reset(5, .refusedStream)])
        server.sendHeaders(1, response, endStream: true)
        #expect(server.take(requestFrame(7)) == [.headers(7, request, end: true)])
    }

    @Test("a SETTINGS frame of too many entries")
    func settingsEntries() {
        let server = openServer()
        let entries = (0..<65).flatMap { _ in setting(0xf000, 1) }
        #expect(server.take(frame(4, entries)) == [.failed(.enhanceYourCalm)])
    }

    @Test("windows below what a peer may already have used are raised")
    func smallWindows() {
        var limits = HTTP2Limits()
        limits.streamWindow = 1
        limits.connectionWindow = 1
        limits.frameSize = 1
        let server = openServer(limits)
        _ = server.take(requestFrame(1, endStream: false))
        #expect(
            server.take(frame(0, stream: 1, [UInt8](repeating: 0, count: 16_384)))
                == [.data(1, [UInt8](repeating: 0, count: 16_384), end: false)])
    }

    @Test("a bucket refills with time and not beyond its burst")
    func bucket() {
        var bucket = TokenBucket(burst: 2, perSecond: 1)
        let taken = [0, 0, 0, 900, 1000, 1000, 100_000, 100_000, 100_000].map { milliseconds in
            bucket.take(at: milliseconds * 1_000_000)
        }
        #expect(taken == [true, true, false, false, true, false, true, true, false])
        bucket.refund()
        let afterRefund = bucket.take(at: 100_000_000_000)
        #expect(afterRefund)
    }
}
