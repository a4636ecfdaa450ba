// Programs that tests run and whose output they read.

internal import Dispatch
internal import Glibc
package import SystemIO

/// Runs what blocks apart from the few threads that all tests share.
package func blocking<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withCheckedThrowingContinuation { waiter in
        DispatchQueue.global().async { waiter.resume(with: Result { try body() }) }
    }
}

/// What a program prints.
package enum Output {
    /// All that it prints to its end. Blocks.
    package static func of(_ program: String, _ arguments: [String]) throws -> String {
        let (reader, writer) = try makePipe()
        let child = try ChildProcess.spawn(
            program, arguments, environment: ["PATH": "/usr/bin:/bin"],
            descriptors: ChildProcess.Descriptors(output: writer))
        writer.close()
        defer { withExtendedLifetime(child) {} }
        return read(reader)
    }

    /// A pipe whose ends no child gets by chance.
    package static func makePipe() throws -> (read: FileDescriptor, write: FileDescriptor) {
        var numbers: [Int32] = [-1, -1]
        guard pipe(&numbers) == 0 else { throw SystemError("make", "a pipe") }
        for number in numbers { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
        return (FileDescriptor(numbers[0]), FileDescriptor(numbers[1]))
    }

    /// Reads until `stop` or the end. Blocks.
    static func read(_ descriptor: FileDescriptor, until stop: String? = nil) -> String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor.number, &buffer, buffer.count)
            guard count > 0 else { break }
            text += buffer[0..<count]
            if let stop, String(decoding: text, as: UTF8.self).contains(stop) { break }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// curl as an independent peer.
package enum Curl {
    private static let path = "/usr/bin/curl"

    /// Whether there is a curl that was built with HTTP/2.
    package static let speaksHTTP2: Bool = {
        guard access(path, X_OK) == 0 else { return false }
        return (try? Output.of(path, ["--version"]))?.contains("HTTP2") == true
    }()

    /// Runs it and gives what it prints.
    package static func run(_ arguments: [String]) async throws -> String {
        try await blocking { try Output.of(path, arguments) }
    }
}
