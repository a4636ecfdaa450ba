import Testing

@testable import HTTP2Transport

private func settings(withoutStreams: Bool = false) -> HTTP2KeepAlive {
    HTTP2KeepAlive(
        interval: .milliseconds(20), timeout: .milliseconds(30), withoutStreams: withoutStreams)
}

@Suite("Keep-alive")
struct KeepAliveStateTests {
    @Test("asks after an interval of silence, and gives up after the time-out")
    func silence() {
        var state = KeepAliveState(settings())
        #expect(state.first == .milliseconds(20))
        #expect(state.timerFired(hasStreams: true) == .ping(.milliseconds(20)))
        #expect(state.timerFired(hasStreams: true) == .wait(.milliseconds(10)))
        #expect(state.timerFired(hasStreams: true) == .end)
    }

    @Test("rests while octets come, and takes any octet for an answer")
    func octets() {
        var state = KeepAliveState(settings())
        state.receive()
        #expect(state.timerFired(hasStreams: true) == .wait(.milliseconds(20)))
        #expect(state.timerFired(hasStreams: true) == .ping(.milliseconds(20)))
        state.receive()
        #expect(state.timerFired(hasStreams: true) == .wait(.milliseconds(20)))
        #expect(state.timerFired(hasStreams: true) == .ping(.milliseconds(20)))
        #expect(state.timerFired(hasStreams: true) == .wait(.milliseconds(10)))
        #expect(state.timerFired(hasStreams: true) == .end)
    }

    @Test("asks without streams only where it is told to")
    func idle() {
        var state = KeepAliveState(settings())
        #expect(state.timerFired(hasStreams: false) == .wait(.milliseconds(20)))
        var eager = KeepAliveState(settings(withoutStreams: true))
        #expect(eager.timerFired(hasStreams: false) == .ping(.milliseconds(20)))
    }
}
