import HTTP2
import Testing

private let second: UInt64 = 1_000_000_000

@Suite("A client's PINGs, gRFC A8")
struct PingPolicyTests {
    @Test("as often as is allowed are no strikes", arguments: [true, false])
    func allowed(isIdle: Bool) {
        var policy = PingPolicy()
        for number in 1...100 {
            let now = UInt64(number) * (isIdle ? 7200 : 300) * second
            let isTaken = policy.note(at: now, isIdle: isIdle)
            #expect(isTaken)
        }
    }

    @Test("too early are forgiven twice", arguments: [true, false])
    func strikes(isIdle: Bool) {
        var policy = PingPolicy()
        let taken = (1...5).map { policy.note(at: $0 * second, isIdle: isIdle) }
        // The first is none too early; two strikes; then it is over.
        #expect(taken == [true, true, true, false, false])
    }

    @Test("that would be in time with a call open are too early without")
    func idle() {
        var policy = PingPolicy(strikes: 0)
        let taken = [
            policy.note(at: 0, isIdle: true), policy.note(at: 300 * second, isIdle: false),
            policy.note(at: 600 * second, isIdle: true),
        ]
        #expect(taken == [true, true, false])
    }

    @Test("after an answer of ours are all forgiven")
    func forgiven() {
        var policy = PingPolicy(strikes: 1)
        for now in 1...100 {
            let taken = [
                policy.note(at: UInt64(now), isIdle: false), policy.note(at: UInt64(now), isIdle: false),
            ]
            #expect(taken == [true, true])
            policy.forgive()
        }
    }

    @Test("a clock that goes back is a strike and no more")
    func clock() {
        var policy = PingPolicy(strikes: 1)
        let taken = [10, 5, 5].map { policy.note(at: $0 * second, isIdle: false) }
        #expect(taken == [true, true, false])
    }

    /// What a server says to so many PINGs.
    private func server(_ policy: PingPolicy?, pings: Int) -> (failed: ConnectionError?, open: Bool) {
        var limits = HTTP2Limits()
        limits.pings = policy
        var connection = HTTP2Connection(.server, limits: limits)
        var client = HTTP2Connection(.client)
        for number in 0..<pings { client.sendPing(UInt64(number)) }
        client.drainOutput { connection.receive($0, at: 1) }
        var failed: ConnectionError?
        while let event = connection.next() { if case .failed(let error) = event { failed = error } }
        return (failed, !connection.isFailed)
    }

    @Test("too many end the connection with the words that clients know")
    func words() {
        #expect(server(PingPolicy(), pings: 3).open)
        #expect(
            server(PingPolicy(), pings: 4).failed == ConnectionError(.enhanceYourCalm, "too_many_pings"))
        #expect(server(nil, pings: 100).open)
    }

    @Test("of a server to a client are not counted")
    func clients() {
        var limits = HTTP2Limits()
        limits.pings = PingPolicy()
        var client = HTTP2Connection(.client, limits: limits)
        var server = HTTP2Connection(.server)
        for number in 0..<50 { server.sendPing(UInt64(number)) }
        server.drainOutput { client.receive($0, at: 1) }
        while client.next() != nil {}
        let isFailed = client.isFailed
        #expect(!isFailed)
    }

    @Test("are answered each")
    func answers() {
        var server = HTTP2Connection(.server)
        var client = HTTP2Connection(.client)
        client.drainOutput { server.receive($0) }
        while server.next() != nil {}
        server.drainOutput { _ in }
        client.sendPing(0x0102_0304_0506_0708)
        client.drainOutput { server.receive($0) }
        while server.next() != nil {}
        var answer: [UInt8] = []
        server.drainOutput { bytes in
            for offset in 0..<bytes.byteCount {
                answer.append(bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
            }
        }
        #expect(answer == [0, 0, 8, 6, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8])
    }
}
