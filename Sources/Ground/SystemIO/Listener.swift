// Listening on a Unix socket has more corners than on a port: a path left by a crash must not keep a server from
// starting, a live one must not be stolen, and at the end only our own file may go.

internal import CLinux
internal import Glibc

/// Accepts connections on one address.
public actor Listener: LoopActor {
    /// Where it listens; the port is the real one where 0 was asked for.
    public nonisolated let address: SocketAddress
    /// Watches the socket; `accept` is called on its thread.
    public nonisolated let loop: EventLoop

    private let descriptor: FileDescriptor
    private let accept: @Sendable (FileDescriptor) -> Void
    private var registration: EventLoop.Registration?
    /// Device and inode of our Unix socket: what may be removed at the end.
    private let inode: Files.Identity?

    /// Binds and listens; connections are accepted from `start` on.
    ///
    /// A Unix socket that nobody listens on is replaced; its file gets mode 0600.
    ///
    /// - Parameters:
    ///   - address: where to listen.
    ///   - mode: permissions of a Unix socket's file.
    ///   - accept: called on the loop's thread with each connection, non-blocking.
    /// - Throws: `SystemError` where the address is in use, is a file, or cannot be bound.
    public init(
        _ address: SocketAddress, mode: UInt32 = 0o600, loop: EventLoop = .shared,
        accept: @escaping @Sendable (FileDescriptor) -> Void
    ) throws(SystemError) {
        if case .unix(let path) = address { try Self.clear(path) }
        let descriptor = try Self.opened(address, with: Self.bound)
        if case .unix(let path) = address {
            // Nobody can connect before listen, so there is no moment with wider permissions.
            guard chmod(path, mode) == 0 else { throw SystemError("set the permissions of", path) }
            inode = Files.identity(path)
        } else {
            inode = nil
        }
        guard listen(descriptor.number, 1024) == 0 else {
            throw SystemError("listen on", address.description)
        }
        self.descriptor = descriptor
        self.loop = loop
        self.accept = accept
        self.address = SocketAddress.of(descriptor, local: true) ?? address
    }

    /// Begins to accept.
    public func start() throws(SystemError) {
        guard registration == nil else { return }
        registration = try loop.register(
            descriptor, .readable, callback { listener, _ in listener.acceptAll() })
    }

    /// Stops listening and removes the Unix socket's file if it still is ours.
    public func close() {
        if let registration { loop.deregister(registration) }
        registration = nil
        if descriptor.number >= 0, let inode, case .unix(let path) = address, Files.identity(path) == inode {
            unlink(path)
        }
        descriptor.close()
    }

    /// Whether the file of the Unix socket is still the one that was made; true for other addresses.
    public nonisolated var isInPlace: Bool {
        guard case .unix(let path) = address else { return true }
        return inode != nil && Files.identity(path) == inode
    }

    private func acceptAll() {
        for _ in 0..<64 {
            let number = ganglion_accept(descriptor.number, nil, nil)
            if number >= 0 {
                accept(FileDescriptor(number))
                continue
            }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                // The connection stays in the queue, and readiness with it: without a pause the loop would spin.
                guard let registration else { return }
                loop.update(registration, [])
                loop.schedule(after: .milliseconds(200), on: self) { listener in
                    if let registration = listener.registration {
                        listener.loop.update(registration, .readable)
                    }
                }
                return
            default: return
            }
        }
    }

    /// Makes way for a Unix socket, or says why not.
    private static func clear(_ path: String) throws(SystemError) {
        guard let kind = Files.kind(path) else { return }
        guard kind == .socket else {
            throw SystemError(
                "listen on", path, code: 0,
                hint: "a \(kind.rawValue) is there: remove it or choose another path")
        }
        let address = SocketAddress.unix(path)
        let probe = try address.streamSocket()
        let code = try address.withSocketAddress { _, pointer, length in
            connect(probe.number, pointer, length) == 0 ? 0 : errno
        }
        guard code == ECONNREFUSED else {
            throw SystemError(
                "listen on", path, code: 0,
                hint: "another process listens there: stop it or choose another path")
        }
        guard unlink(path) == 0 || errno == ENOENT else { throw SystemError("remove the stale socket", path) }
    }

    /// The socket for an address. Every address means one socket for both families, or one for IPv4 where the system
    /// has no IPv6: either no such sockets (booted with `ipv6.disable=1`) or no such addresses.
    ///
    /// - Parameter open: makes the socket and binds it.
    static func opened(
        _ address: SocketAddress, with open: (SocketAddress) throws(SystemError) -> FileDescriptor
    ) throws(SystemError) -> FileDescriptor {
        do throws(SystemError) {
            return try open(address)
        } catch {
            guard case .any(let port) = address, error.code == EAFNOSUPPORT || error.code == EADDRNOTAVAIL
            else { throw error }
            return try open(.ip("0.0.0.0", port: port))
        }
    }

    private static func bound(_ address: SocketAddress) throws(SystemError) -> FileDescriptor {
        let descriptor = try address.streamSocket()
        set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        // Whatever net.ipv6.bindv6only says.
        if case .any = address { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
        let code = try address.withSocketAddress { _, pointer, length in
            bind(descriptor.number, pointer, length) == 0 ? 0 : errno
        }
        guard code == 0 else {
            let hint = code == EADDRINUSE ? "stop what listens there or choose another address" : ""
            throw SystemError("listen on", address.description, code: code, hint: hint)
        }
        return descriptor
    }

    private static func set(_ descriptor: FileDescriptor, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor.number, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
