// A server's name may have several addresses, and some of them may be dead: a machine that is away, a family of addresses
// that is not routed. They are tried in order, and the next does not wait for the end of one that says nothing ("happy
// eyeballs", RFC 8305 §5).

/// The pause after which the next address is tried beside the one that has not answered (RFC 8305 §8).
public let connectionAttemptDelay = Duration.milliseconds(250)

/// Connects to the first of several addresses that answers.
///
/// - Parameters:
///   - addresses: of one server, the best first; the families take turns (RFC 8305 §4).
///   - timeout: for all of them together.
///   - delay: how long an address that says nothing keeps the next one from being tried.
/// - Returns: a connected, non-blocking socket.
/// - Throws: the `SystemError` of the first address, with a hint that names the others.
public func connect(
    toFirstOf addresses: [SocketAddress], loop: EventLoop = .shared, timeout: Duration = .seconds(10),
    delay: Duration = connectionAttemptDelay
) async throws(SystemError) -> FileDescriptor {
    guard let first = addresses.first else {
        throw SystemError("connect", "", code: 0, hint: "there is no address")
    }
    guard addresses.count > 1 else { return try await connect(to: first, loop: loop, timeout: timeout) }
    let deadline = MonotonicClock.time + timeout
    let ordered = alternatingFamilies(addresses)
    let result: Result<FileDescriptor, SystemError> = await withTaskGroup(of: AttemptEvent.self) { group in
        var next = 0
        var failures: [SystemError] = []
        var isDue = true
        while true {
            if isDue, next < ordered.count {
                let (address, number) = (ordered[next], next)
                next += 1
                group.addTask {
                    do throws(SystemError) {
                        let left = max(.zero, deadline - MonotonicClock.time)
                        return .connected(try await connect(to: address, loop: loop, timeout: left))
                    } catch {
                        return .failed(error, number)
                    }
                }
                group.addTask {
                    try? await Task.sleep(for: delay)
                    return .waited(number)
                }
            }
            switch await group.next() {
            case .connected(let descriptor):
                group.cancelAll()
                return .success(descriptor)
            case .failed(let error, let number):
                failures.append(error)
                guard failures.count < ordered.count else {
                    group.cancelAll()
                    return .failure(summary(failures))
                }
                isDue = number == next - 1
            case .waited(let number):
                isDue = number == next - 1
            case nil:
                return .failure(summary(failures))
            }
        }
    }
    return try result.get()
}

/// What may happen while addresses are tried.
private enum AttemptEvent: Sendable {
    case connected(FileDescriptor)
    case failed(SystemError, Int)
    /// The attempt of this number has had its time alone.
    case waited(Int)
}

/// IPv6 and IPv4 in turns, beginning with the family of the first.
private func alternatingFamilies(_ addresses: [SocketAddress]) -> [SocketAddress] {
    func isSix(_ address: SocketAddress) -> Bool {
        if case .ip(let host, _) = address { host.contains(":") } else { false }
    }
    guard let first = addresses.first else { return [] }
    let same = addresses.filter { isSix($0) == isSix(first) }
    let other = addresses.filter { isSix($0) != isSix(first) }
    return (0..<max(same.count, other.count)).flatMap { index in
        [same, other].compactMap { index < $0.count ? $0[index] : nil }
    }
}

private func summary(_ failures: [SystemError]) -> SystemError {
    guard let first = failures.first else {
        return SystemError("connect", "", code: 0, hint: "nothing came of it")
    }
    let others = failures.dropFirst().map(\.subject).sorted().joined(separator: ", ")
    return SystemError(
        first.action, first.subject, code: first.code,
        hint: others.isEmpty ? first.hint : "nor to \(others)")
}
