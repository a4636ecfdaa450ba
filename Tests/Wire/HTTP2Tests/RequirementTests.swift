// Runs the tables of requirements: each row in one piece, and octet by octet.

import Testing

@testable import HTTP2

@Suite("Requirements of RFC 9113 and 7541")
struct RequirementTests {
    static let ofServers =
        genericRequirements + streamRequirements + frameRequirements + messageRequirements

    @Test("h2spec has 147 cases for servers, 1 of them strict, and 57 for clients: all are here, each once")
    func complete() {
        #expect(genericRequirements.count == 44)
        #expect((streamRequirements + frameRequirements + messageRequirements).count == 95 + 8)
        #expect(Set(Self.ofServers.map(\.id)).count == 147)
        #expect(Set(clientRequirements.map(\.id)).count == 57)
    }

    @Test("a server meets each", arguments: ofServers + furtherServerRequirements)
    func server(requirement: Requirement) throws {
        try check(requirement) {
            requirement.conduct == .begins ? Endpoint(.server) : openServer()
        }
    }

    @Test("a client meets each", arguments: clientRequirements + furtherClientRequirements)
    func client(requirement: Requirement) throws {
        try check(requirement) {
            let client = requirement.conduct == .begins ? Endpoint(.client) : openClient()
            _ = try client.sendRequest(get, endStream: true)
            if requirement.conduct != .begins { _ = client.takeOutput() }
            return client
        }
    }

    /// The same frames come back, and the same events come up, however the octets are cut.
    private func check(_ requirement: Requirement, _ endpoint: () throws -> Endpoint) throws {
        let whole = try endpoint()
        let (seen, replies) = whole.replies(to: [requirement.octets], requirement.conduct)
        #expect(replies == requirement.replies)
        let failure = requirement.replies.compactMap { if case .goAway(let code) = $0 { code } else { nil } }
            .first
        #expect(whole.isFailed == (failure != nil))
        if let failure { #expect(seen.last == .failed(failure)) }
        for case .reset(let stream, _) in requirement.replies { #expect(!whole.isOpen(stream)) }

        let slow = try endpoint()
        let cut = slow.replies(to: requirement.octets.map { [$0] }, requirement.conduct)
        #expect(cut.seen == seen)
        #expect(cut.replies == replies)
        #expect(slow.isFailed == whole.isFailed)
    }
}
